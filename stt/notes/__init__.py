"""Notes on transcripts: marks at a moment and highlights of words.

`book` stores notes. A note has times of the recording, so it stays in place when the text is corrected. Notes are
deleted together with their transcription.
"""
