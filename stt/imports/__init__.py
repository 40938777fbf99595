"""Import existing transcripts, from files of other tools and from exports of this app.

`reader` detects the format of a file. `cues` reads subtitles, `texts` plain text and Word documents, and `json_shapes`
JSON. `times` fixes impossible times and counts the fixes. `references` reads texts that a transcript is compared with.
Imported files are untrusted.
"""
