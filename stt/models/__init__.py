"""Whisper models on this machine: which there are, which are here, and how they get here.

`known` lists them, `shelf` says the state of each and gives their weights, downloading them first if necessary;
`hub` is the protocol of the Hugging Face hub, `download` brings one model from it.
"""
