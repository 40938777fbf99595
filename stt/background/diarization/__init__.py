"""Search for the speakers of a finished transcript, as durable work that runs at the same time as other jobs.

`search` analyses the chunks of the recording one after the other, stores each analysis as a checkpoint, and adds the
speakers to the transcript at the end. `results` stores the state and the result of the search. The transcript can be
read during the search. A failed search does not change the transcript.
"""
