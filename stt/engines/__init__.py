"""The engines that transcribe. `base` defines their interface. A further engine needs one new file here.

`on_device` transcribes with Whisper on this machine, chunk by chunk. `provider` transcribes with the AI/ML API: it
submits a job once and polls for the result. `track_file` makes a file of one track for the provider. `alignment` finds
when the words of a given transcript are spoken.
"""
