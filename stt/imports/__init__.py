"""Read transcripts that exist already, from files of other tools and our own exports.

`reader` detects the format of a file: subtitles (`cues`), plain text and Word documents (`texts`), JSON
(`json_shapes`).
`times` fixes impossible times and notes each fix. `references` reads texts to
compare with. Files are untrusted.
"""
