"""Text with times.

`model` has Transcript, Segment and Word. `scripts` is the one truth about words, sentences and scripts without
spaces; `folding` about letters that search takes for the same; `languages` about names of languages; `titles` about
titles. `comparison` lays texts word against word, `retiming` gives a corrected text its times.
"""
