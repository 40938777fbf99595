"""Name the states of a job, and the engines."""

from __future__ import annotations

ON_DEVICE, PROVIDER, ALIGNMENT = "on-device", "provider", "alignment"
HERE = (ON_DEVICE, ALIGNMENT)  # the engines that compute on this machine
BROUGHT = "brought"  # in place of a model, for a transcript that somebody brought
QUEUED, WORKING, DONE, FAILED, CANCELLED = "queued", "working", "done", "failed", "cancelled"
OPEN = (QUEUED, WORKING)
