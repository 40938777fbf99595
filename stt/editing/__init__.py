"""Edit transcripts: small steps on paragraphs, each saved as a revision that can be undone.

`requests` parses a step that the browser sends. `performing` computes what the step changes, `steps` has the functions
that change the segments of one paragraph, and `document` changes the stored segments. `revisions` saves the result in
the database, and `history` determines what can be undone and redone.
"""
