"""Playback copies: AAC in MP4 of recordings that browsers cannot play or seek exactly.

`copying` is the durable work, beside the words; `copy_maker` makes one file. What is kept of them is in
`stt.store.playback_copies`.
"""
