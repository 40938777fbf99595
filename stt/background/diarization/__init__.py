"""Find the speakers of a finished transcript, as separate durable work, beside other jobs.

`search` runs it: chunks of the recording are analysed one after the other and stored as checkpoints, and the speakers
are added to the transcript at the end. `results` stores its state, its result and people's changes. The words can be
read meanwhile, and no failure here changes them.
"""
