"""Find when the words of a given text are spoken: forced alignment.

`plan` guesses the time of each word, from a decoding of the same sound (`from_decoding`) or from the times of the
text's segments (`from_segments`). `windows` splits the text into windows at pauses. `aligner` lets Whisper align the
tokens of each window with the sound. `result` builds segments from the words, and reports passages of the text that do
not fit the sound.
"""
