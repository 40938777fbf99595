"""Handle what the player asks for beside the steps of editing: `notes`, `passages`."""
