"""Whisper models on this machine: which are supported, which are installed, and their download.

`known` lists the supported models. `shelf` returns the state of a model, and its weights, downloaded if necessary.
`hub` is the protocol of the Hugging Face hub; `download` downloads one model from the hub.
"""
