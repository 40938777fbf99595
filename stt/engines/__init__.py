"""The engines that transcribe. `base` defines their interface; another engine is one new file here.

`on_device` is Whisper on this machine, chunk by chunk; `provider` is the AI/ML API, submitted once and polled;
`track_file` makes a file of one track for it; `alignment` finds when the words of a given transcript are spoken.
"""
