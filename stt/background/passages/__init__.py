"""Transcribe a passage of a finished transcript again, as durable work.

`results` stores the request and its result, one row for each transcript; `decoding` does the work. The new words of
a passage are shown beside the old words. The transcript does not change until somebody accepts the new words (see
`stt.editing.passages`).
"""
