"""Handle files on this machine: where they are, how they are written, what they are called.

`paths` locates the data folder and checks its free disk space, `writing` replaces files atomically and makes them
private, `names` reads and cleans file names from headers, `json_values` reads untrusted JSON, and `dates` finds when a
recording was made.
"""
