"""Provide the name of this process, and the names of all living processes that share its database."""

from __future__ import annotations

import os
import secrets
import socket
from contextlib import suppress
from pathlib import Path

import sqlalchemy as sa

from stt.db import queries
from stt.db.engine import database
from stt.db.tables import executors

NAME = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}"[-100:]  # the name differs at every start
# Time after the last heartbeat until a process counts as dead, seconds. It is short enough for a failover within a
# minute, even after a database outage.
HEARTBEAT_TIMEOUT = 25.0


def alive(timeout: float = HEARTBEAT_TIMEOUT) -> set[str]:
    """Return the names of processes whose last heartbeat is less than `timeout` seconds old.

    The name of this process is always included. On SQLite, no other process uses the database.
    """
    if database().dialect.name == "sqlite":
        return {NAME}
    # Use the database's clock, because clocks of machines may differ.
    recent = sa.select(executors.c.id).where(executors.c.seen > sa.text(f"extract(epoch from now()) - {timeout}"))
    return {NAME, *queries.values(recent)}


def boot_id() -> str | None:
    """Return the id of this boot of the operating system, or None if the system provides no such id."""
    with suppress(OSError):
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()[:60]
    return None
