"""Read transcripts that exist already, from files of other tools and our own exports.

`reader` finds out what a file is: subtitles (`cues`), plain text and Word documents (`texts`), or JSON (`json_shapes`).
`times` puts impossible times right, and says so. `references` reads texts to
compare with. Files are untrusted.
"""
