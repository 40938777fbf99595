"""Write transcripts as files.

`formats` has a class for each format: to add one, write a class and add it to `FORMATS`. `subtitles` cuts a transcript
into cues that can be read in time.
"""
