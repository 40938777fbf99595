"""Notes on transcripts: marks at a moment of the recording, and highlights of words.

`book` stores notes. A note has times of the recording, so it stays at its moment or words when the text is corrected.
Notes are deleted together with their transcription.
"""
