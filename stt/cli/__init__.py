"""Transcribe on the command line: `stt transcribe`, on this machine or through a server.

`transcribe` is the command, `watching` does the same for files as they arrive in a folder. `inputs` finds the
recordings, `engines` transcribes one of them here or through a server, `outputs` writes the requested formats.
"""
