"""Store jobs, recordings and transcripts.

`records` has the rows of jobs, `recordings` those of files (kept by `audio_files`, on disk or at an fsspec address),
`transcripts` chunks, text so far and results, `submissions` what is known of a job at the provider, `waveforms` and
`playback_copies` what is derived from a recording. `quotas` counts what a host limits. `removals` and `erasure` delete,
`patience` retries while the database is unavailable.
"""
