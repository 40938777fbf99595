"""Name the states of a job, and the engines."""

from __future__ import annotations

ON_DEVICE, PROVIDER = "on-device", "provider"
QUEUED, WORKING, DONE, FAILED, CANCELLED = "queued", "working", "done", "failed", "cancelled"
OPEN = (QUEUED, WORKING)
