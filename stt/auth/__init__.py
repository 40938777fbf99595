"""Who somebody is, and what they may show for it.

`visitors` knows browsers by a signed cookie (`cookies`, `signing`) and says whose records a visitor sees. `sign_ins`
does so in `login` mode. `tokens` are for programs, `keys` are those of the AI/ML API, `recovery` codes bring a
history to another browser, `clients` tells network addresses apart without keeping them.
"""
