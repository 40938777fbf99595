"""Names and terms that a user gives to be recognised: what one is, what sounds like one, and replacements.

`terms` reads them, `rescoring` biases Whisper towards them (`sounds` says what is near), `replacing` corrects a
transcript. `stt.library.vocabulary` stores them.
"""
