"""Transcribe a passage of a finished transcript again, as durable work.

`results` stores the newest request for each transcript, and the result, in one row; `decoding` transcribes the passage.
Pages show the new words of a passage beside the old words. The transcript does not change until somebody accepts the
new words (see `stt.editing.passages`).
"""
