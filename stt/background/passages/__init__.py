"""Transcribe a passage of a finished transcript again, as durable work: its words are shown beside the old ones.

`results` stores the request and its result, one row for each transcript; `decoding` does the work. The transcript does
not change until somebody accepts the result (`stt.editing.passages`).
"""
