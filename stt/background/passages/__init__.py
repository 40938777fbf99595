"""The repeated transcription of a passage of a finished transcript, as durable work.

`results` stores the request and its result, one row for each transcript; `decoding` does the work. The new words are
shown beside the old ones, and the transcript does not change until somebody accepts them (`stt.editing.passages`).
"""
