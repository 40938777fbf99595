"""The vocabulary: names and terms that a user gives to be recognised, and replacements.

`terms` reads the terms of a vocabulary. `rescoring` biases Whisper towards terms, and uses `sounds` to compare how
words sound. `replacing` makes the replacements in a transcript. `stt.library.vocabulary` stores vocabularies.
"""
