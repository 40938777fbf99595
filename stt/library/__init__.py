"""Work with finished transcripts.

`history` lists, sorts, filters and deletes transcripts. `corrections` changes titles and restores engines' originals,
`speakers` changes speakers, `tagging` sets tags. `versions` finds all transcripts of one recording, `sharing` manages
share links, `takeout` exports an owner's data, `retention` deletes old data. `vocabulary` and `voices` store an owner's
terms and known voices. `speed` estimates how fast a model transcribes.
"""
