"""Support for many machines on one database.

`processes` provides the name of this process and the names of the processes that are alive. `workers` sends heartbeats
and requeues the jobs of dead workers. `crashes` counts the processes that crashed while they read a recording.
`announcements` tells all processes at once that a workflow was queued.
"""
