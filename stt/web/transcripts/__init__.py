"""Handle what the player asks for: `edits` of somebody who edits, `readings` of a word, `notes`, `passages`."""
