"""Answer OpenAI's speech API: `POST /v1/audio/transcriptions` and `/v1/audio/translations`, as its clients call it.

`form` reads the fields, `endpoints` creates the job and waits for it, `bodies` writes each response format, `shapes`
has the bodies' types. The job is one like any other: durable, in the history, under the same quotas.
"""
