"""Read references: texts that are known to be right, with which a transcript is compared.

`reader` reads a reference from a file. `subtitles` parses SRT, VTT and ASS, `docx` parses Word documents, and
`encodings` detects the encoding of a text file.
"""
