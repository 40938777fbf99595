"""Transcribe a passage of a finished transcript again, as durable work: its words are shown beside the old ones.

`results` keeps the request and what came of it, one row for each transcript; `decoding` does the work. Nothing of the
transcript changes until somebody takes the result (`stt.editing.passages`).
"""
