"""Identify visitors and programs.

`visitors` identifies browsers by a signed cookie (`cookies`, `signing`) and maps them to owners. `sign_ins` does so in
`login` mode. `tokens` are for programs, `keys` are those of the AI/ML API, `recovery` codes bring a history to another
browser, `clients` tells network addresses apart without storing them.
"""
