"""Open, inspect and decode the sound of recordings in child processes, because files are hostile.

`decoder` is the face: `probe` a file, and `Reader` to get its samples (16 kHz mono float32, or a channel per
speaker). `decoder_pool` keeps the processes, `decoder_process` is what runs in them, with `reader`, `probe`, `mix`,
`track_reader`, `copy_encoder` and `call_encoder`. `tracks` names sound tracks, `track_choice` picks the one with
speech.
"""
