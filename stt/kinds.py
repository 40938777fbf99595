"""Define the names of a job's states and of the engines."""

from __future__ import annotations

ON_DEVICE, PROVIDER, ALIGNMENT = "on-device", "provider", "alignment"
HERE = (ON_DEVICE, ALIGNMENT)  # the engines that run on this machine
IMPORTED = "brought"  # stored in place of a model's name if the user provided the transcript
QUEUED, WORKING, DONE, FAILED, CANCELLED = "queued", "working", "done", "failed", "cancelled"
OPEN = (QUEUED, WORKING)  # the states of a job that has not ended
