"""Transcripts: text with times.

`model` defines Transcript, Segment and Word. `scripts` defines words, sentences and scripts without spaces, `folding`
defines which letters a search treats as equal, `languages` has the names of languages, and `titles` makes titles.
`alignment` aligns the words of two texts, `comparison` compares transcripts, `readings` finds what other transcripts
have in place of a word, and `retiming` assigns times to corrected text. `notes` defines the notes of users, and
`packing` converts paragraphs for the browser.
"""
