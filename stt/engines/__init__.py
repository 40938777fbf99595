"""What transcribes. `base` says what a job needs of an engine; a third engine is one new file here.

`on_device` is Whisper on this machine, chunk by chunk; `provider` is the AI/ML API, submitted once and polled;
`track_file` makes a file of one track for it.
"""
