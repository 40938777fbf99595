"""A job, from create to its end.

`service` has the four calls `create`, `get`, `cancel` and `retry`; pages, routes and code call these and nothing
below. `workflow` is the durable workflow behind them, `queues` decides which job is next, `idempotency` answers a
repeated create, `checkpoints` reads those of older versions, `maintenance` deletes records of finished workflows.
"""
