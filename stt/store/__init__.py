"""Store jobs, recordings and transcripts.

`records` has the rows of jobs, `recordings` those of files (stored by `audio_files`, on disk or at an fsspec address),
`transcripts` chunks, text so far and results, `submissions` the submissions to the provider, `waveforms` and
`playback_copies` data derived from a recording. `quotas` enforces the host's quotas. `removals` and `erasure` delete,
`retrying` retries while the database is unavailable.
"""
