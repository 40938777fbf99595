"""Durable background work on a recording or its transcript. Each kind of work has its own queue.

`diarization` finds the speakers, `passages` transcribes a passage again, `playback` makes copies that browsers can
play. `attempts` has the code that `diarization` and `passages` share: each transcript has one row, and the row's
`attempt` rises with every attempt.
"""
