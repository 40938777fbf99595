"""Work with finished transcripts.

`history` lists, sorts, filters and deletes transcripts. `corrections` changes a transcript, `speakers` its speakers.
`versions` finds all transcripts of one recording, `sharing` manages share links, `takeout` exports everything of an
owner, `retention` deletes old data. `vocabulary` and `voices` store an owner's terms and known voices. `speed`
estimates how fast a model transcribes.
"""
