"""Many machines on one database.

`processes` names this process and says which are alive, `workers` sends heartbeats and requeues the jobs of dead
workers, `crashes` counts the processes that went down while they read a recording.
"""
