"""Find when the words of a given text are spoken: forced alignment.

`plan` guesses the time of each word, from a decoding of the same sound (`from_decoding`) or from the times of the
text's own segments (`from_segments`); `windows` cuts the text into windows at pauses; `aligner` lets Whisper place the
tokens of each window; `result` makes segments of the words, and says which passages do not fit the sound.
"""
