"""Store jobs, recordings and transcripts.

`records` stores the rows of jobs, `recordings` the rows of recordings, and `audio_files` their files, on disk or at an
fsspec address. `transcripts` stores chunks and transcripts, `submissions` what was sent to the provider, `waveforms`
the loudness of recordings. `playback_copies` finds the file that a browser plays. `quotas` enforces the host's quotas.
`removals` lists deleted data that must still be erased, `erasure` erases it, `retrying` repeats calls while the
database is unavailable.
"""
