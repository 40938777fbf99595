"""Edit transcripts in place: small steps on paragraphs, each a revision that can be undone.

`steps` are pure functions on the segments of a paragraph, `document` changes the stored transcript, `revisions` stores
the changes in the database, `requests` reads what the browser sends.
"""
