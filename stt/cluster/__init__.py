"""Support for many machines on one database.

`processes` names this process and returns which processes are alive. `workers` sends heartbeats and requeues the jobs
of dead workers. `crashes` counts the processes that crashed while they read a recording.
"""
