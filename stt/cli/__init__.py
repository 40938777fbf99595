"""Transcribe on the command line: `stt transcribe`, on this machine or through a server.

`transcribe` is this command. `watching` is `stt watch`, which transcribes files as they arrive in a folder. `inputs`
finds the recordings, `engines` transcribes one recording, and `outputs` writes the requested formats.
"""
