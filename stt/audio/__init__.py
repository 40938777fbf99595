"""Open, inspect and decode the sound of recordings in child processes, because files may be hostile.

`decoder` is the interface: `probe` inspects a file, `Reader` returns its samples (16 kHz mono float32, or one channel
per speaker). `decoder_pool` starts and reuses the child processes. `decoder_process` runs in each child process and
uses `reader`, `probe`, `mix`, `track_reader`, `copy_encoder` and `call_encoder`. `tracks` names sound tracks.
`track_choice` picks the track with speech. The package `containers` reads the headers of files.
"""
