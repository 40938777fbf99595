"""The vocabulary: names and terms that a user gives to be recognised, and replacements.

`terms` reads them, `rescoring` biases Whisper towards them (`sounds` compares how words sound), `replacing` corrects a
transcript. `stt.library.vocabulary` stores them.
"""
