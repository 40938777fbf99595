"""Handle requests of the player: `edits` of a transcript, `readings` of a word, `notes`, `passages`."""
