"""Jobs, from their creation to their end.

Pages, routes and other code use `service` to create, read, cancel and retry jobs, `importing` to record an existing
transcript as a job, and `passages` to transcribe a passage again. `workflow` is the durable workflow of a job,
`queueing` enqueues the workflow, and `queues` decides which job is next. `idempotency` prevents a repeated create
request from creating a second job. `checkpoints` stores the results of workflow steps, and `maintenance` deletes
finished workflows.
"""
