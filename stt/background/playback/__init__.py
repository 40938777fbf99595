"""Playback copies: AAC in MP4 of recordings that browsers cannot play or seek exactly.

`copying` makes the copies as durable work, which runs beside transcription; `copy_maker` writes one file.
`stt.store.playback_copies` returns the state of a copy and finds its file.
"""
