"""Find the speakers of a finished transcript, as durable work of its own, beside other jobs.

`search` runs it: chunks of the recording are analysed one after the other and kept as checkpoints, and the speakers
come into the transcript at the end. `results` keeps its state, its result and what people changed of it. The words can
be read all the while, and nothing that goes wrong here changes them.
"""
