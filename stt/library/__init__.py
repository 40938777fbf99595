"""What people do with their transcripts.

`history` lists, sorts, filters and deletes them; `corrections` changes them; `versions` are the transcripts of one
recording; `sharing` opens one to others; `takeout` hands out all; `retention` deletes by age. `live_recordings` are
recordings that are being made.
"""
