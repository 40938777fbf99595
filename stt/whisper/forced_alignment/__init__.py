"""Find when the words of a given text are spoken: forced alignment.

`plan` guesses the time of each word, from a decoding of the same sound (`from_decoding`) or from the times of the
text's own segments (`from_segments`); `windows` cuts the text into windows at pauses; `aligner` lets Whisper align the
tokens of each window; `result` builds segments from the words, and reports passages that do not fit the sound.
"""
