"""What is kept of jobs, recordings and transcripts.

`records` are the rows of jobs, `recordings` those of files (in `audio_files`, on disk or at an fsspec address),
`transcripts` the text so far and the result, `submissions` what is known of a job at the provider, `waveforms` and
`playback_copies` what is made of a recording. `quotas` counts what a host limits. `removals` and `erasure` delete,
`patience` waits while the database is away.
"""
