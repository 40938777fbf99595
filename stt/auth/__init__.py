"""Identify visitors and programs.

`visitors` identifies browsers by a signed cookie (`cookies`, `signing`) and maps them to owners. `sign_ins` maps
browsers to signed-in users if STT_ACCESS is `login`. `tokens` authenticates programs, `keys` handles keys for the AI/ML
API, `recovery` creates codes that give another browser access to a history, and `clients` hashes network addresses, so
that no address is stored.
"""
