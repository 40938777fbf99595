"""Implement OpenAI's speech API for OpenAI's clients: `POST /v1/audio/transcriptions` and `/v1/audio/translations`.

`form` reads the fields of a request, `endpoints` creates a job and waits for it, `bodies` writes each response format,
and `shapes` has the types of the bodies. A request creates an ordinary job, which survives a restart of the server,
appears in the history and counts towards the quotas.
"""
