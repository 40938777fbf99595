"""Work for a transcript besides its words, each durable and in a queue of its own.

`diarization` finds the speakers, `passages` transcribes a passage again, `playback` makes what browsers can play.
`attempts` is what the first two share: a row for each transcript, and a number that rises with every attempt.
"""
