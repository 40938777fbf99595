"""The numbers of PostgreSQL's advisory locks; any that nobody else uses."""

from __future__ import annotations

LOOKING = 7_318_841  # the advisory lock of who looks for the dead; any number that nobody else uses
MAKING = 7_318_842  # the advisory lock of who makes a job; any number that nobody else uses
CHANGING = 7_318_843  # the advisory lock of who changes the tables; any number that nobody else uses
