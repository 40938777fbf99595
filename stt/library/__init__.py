"""Work with finished transcripts.

`history` lists, sorts, filters and deletes them; `corrections` changes them; `versions` are the transcripts of one
recording; `sharing` opens one to others; `takeout` exports everything; `retention` deletes by age.
"""
