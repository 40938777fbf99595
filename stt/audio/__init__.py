"""Open, inspect and decode the sound of recordings in child processes, because files may be hostile.

`decoder` is the interface: `probe` inspects a file, and `Reader` returns the file's samples (16 kHz float32, mixed to
one channel or with separate channels). `decoder_pool` starts and reuses the child processes. `decoder_process` runs in
each child process and uses `reader`, `probe`, `mix`, `track_reader`, `copy_encoder` and `call_encoder`. `tracks` names
sound tracks. `track_choice` chooses a track with speech. The package `containers` reads the headers of files.
"""
