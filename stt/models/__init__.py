"""Whisper models on this machine: which are supported, which are installed, and their download.

`known` lists them, `shelf` returns the state of each and their weights, downloading them first if necessary; `hub`
is the protocol of the Hugging Face hub, `download` downloads one model from it.
"""
