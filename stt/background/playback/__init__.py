"""Playback copies: AAC in MP4 of recordings that browsers cannot play or seek exactly.

`copying` is the durable work, which runs beside transcription; `copy_maker` makes one file. `stt.store.playback_copies`
has what is stored about them.
"""
