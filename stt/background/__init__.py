"""Durable background work on a recording or its transcript. Each kind of work has its own queue.

`diarization` finds the speakers, `passages` transcribes a passage again, `playback` makes copies that browsers can
play. `attempts` has the code that `diarization` and `passages` share. Each of the two has a table with one row for each
transcript, and the number `attempt` in the row rises with every new attempt at the work.
"""
