"""Text with times.

`model` has Transcript, Segment and Word. `scripts` defines words, sentences and scripts without spaces; `folding` which
letters search treats as equal; `languages` the names of languages; `titles` titles. `alignment` aligns words,
`comparison` compares transcripts, `retiming` gives corrected text its times.
"""
