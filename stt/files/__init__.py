"""Files on this machine: where they are, how they are written, what they are called.

`paths` knows the data folder and the room left on its disk, `writing` replaces files atomically and keeps them
private, `names` reads file names from headers and cleans them, `json_values` reads JSON that is not trusted.
"""
