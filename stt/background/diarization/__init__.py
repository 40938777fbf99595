"""Search for the speakers of a finished transcript: separate durable work, which runs beside other jobs.

`search` analyses the chunks of the recording one after the other, stores each analysis as a checkpoint, and adds the
speakers to the transcript at the end. `results` stores the state of the search, its result and people's changes. The
transcript can be read during the search, and a failed search does not change its words.
"""
