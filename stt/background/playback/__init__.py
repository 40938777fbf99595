"""Make playback copies, in AAC and MP4, of recordings that browsers cannot play or cannot seek exactly.

`copying` makes the copies as durable work, which runs at the same time as transcription; `copy_maker` writes the file
of one copy. `stt.store.playback_copies` returns the state of a copy and finds its file.
"""
