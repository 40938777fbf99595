"""Jobs, from their creation to their end.

`service` has the four calls `create`, `get`, `cancel` and `retry`; pages, routes and other code call only these.
`workflow` is the durable workflow of a job, `queueing` enqueues it, `queues` decides which job is next. `idempotency`
answers a repeated create, `checkpoints` reads checkpoints of older versions, `maintenance` deletes finished workflows.
`importing` records existing transcripts as jobs, `passages` starts the transcription of a passage.
"""
