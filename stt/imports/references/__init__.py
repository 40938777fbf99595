"""Read references: texts known to be right, to compare a transcript with.

`reader` reads one from a file: `subtitles` (SRT, VTT, ASS), `docx`, transcripts in JSON, or plain text in any of the
`encodings`.
"""
