"""What this process is called, and which processes on the database are alive."""

from __future__ import annotations

import os
import secrets
import socket
from contextlib import suppress
from pathlib import Path

import sqlalchemy as sa

from stt.db.engine import database
from stt.db.tables import executors

NAME = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}"[-100:]  # another one after every start
DEAD = 25.0  # seconds without a heartbeat. Even after an outage of the database this ends within the promised minute


def alive(dead: float = DEAD) -> set[str]:
    """The names of the processes on the database that have given a heartbeat in the last `dead` seconds.

    On SQLite this process is alone.
    """
    if database().dialect.name == "sqlite":
        return {NAME}
    # By the clock of the database, as those of the machines may differ.
    recent = sa.select(executors.c.id).where(executors.c.seen > sa.text(f"extract(epoch from now()) - {dead}"))
    with database().connect() as connection:
        return {NAME, *connection.execute(recent).scalars()}


def boot() -> str | None:
    """The name of this run of the operating system, another one after each restart; None where it has none."""
    with suppress(OSError):
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()[:60]
    return None
