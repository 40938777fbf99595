"""Durable work on a transcript besides its words, each kind in a separate queue.

`diarization` finds the speakers, `passages` transcribes a passage again, `playback` makes what browsers can play.
`attempts` has what the first two share: a row for each transcript, and a number that rises with every attempt.
"""
