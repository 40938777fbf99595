"""Handle files on this machine: where they are, how they are written, what they are called.

`paths` knows the data folder and its free disk space, `writing` replaces files atomically and keeps them private,
`names` reads and cleans file names from headers, `json_values` reads untrusted JSON. `dates`
says when a recording was made.
"""
