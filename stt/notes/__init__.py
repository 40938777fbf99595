"""Keep notes on transcripts: marks at a moment and highlights of words. They are deleted with their transcription.

`book` stores them. Their times are those of the recording, so that a corrected text keeps them.
"""
