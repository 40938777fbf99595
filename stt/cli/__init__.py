"""Transcribe on the command line: `stt transcribe`, on this machine or through a server.

`transcribe` is the command, `watching` does the same for what lands in a folder. `inputs` finds the recordings,
`engines` transcribes one of them here or elsewhere, `outputs` writes what was asked for.
"""
