"""Tune the memory allocator, and return free memory to the system."""

from __future__ import annotations

import ctypes
import gc
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import lru_cache
from pathlib import Path

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD, M_ARENA_MAX = -1, -3, -8  # constants of malloc.h
MEGABYTE = 1 << 20
WORKING = 128 * MEGABYTE  # malloc's mmap threshold during decoding, bytes; decoding allocates only smaller arrays
# Thresholds of garbage collection. Python's default of 700 new objects is reached after a few words of a transcript.
GC_THRESHOLDS = (50_000, 20, 20)

_tuned = False


def tune() -> None:
    """Tune Python and glibc's `malloc` for long transcripts and large arrays.

    This function must be called before any thread is started.

    Rarer garbage collection makes loading a long transcript a third faster.

    All threads use one malloc arena, because a thread cannot reuse memory that was freed in the arena of another
    thread. One shared arena saves 300 MB at the peak of a long recording. The memory of deleted large arrays is kept
    until `trim` is called, because mapping memory again for each array makes Whisper a sixth slower.

    MKL, which CTranslate2 uses on Intel processors, caches its buffers by default. Without the cache the peak of
    memory use is 50 MB lower, at the same speed.
    """
    global _tuned
    os.environ.setdefault("MKL_DISABLE_FAST_MM", "1")
    gc.set_threshold(*GC_THRESHOLDS)
    if libc := _glibc():
        libc.mallopt(M_ARENA_MAX, 1)
        libc.mallopt(M_TRIM_THRESHOLD, 1024 * MEGABYTE)
        libc.mallopt(M_MMAP_THRESHOLD, WORKING)
        _tuned = True


@contextmanager
def loading_weights() -> Iterator[None]:
    """Allocate large arrays with mmap while loading weights, so that unused reservations take no memory.

    MKL reserves ten times the size of the weights. On the heap, the reservations would include pages that were used
    before and still take memory, which costs 150 MB.
    """
    libc = _glibc() if _tuned else None
    if libc is not None:
        libc.mallopt(M_MMAP_THRESHOLD, MEGABYTE)
    try:
        yield
    finally:
        if libc is not None:
            libc.mallopt(M_MMAP_THRESHOLD, WORKING)
        trim()


def trim() -> None:
    """Return free memory to the operating system. This takes some milliseconds."""
    if libc := _glibc():
        libc.malloc_trim(0)


def available() -> int:
    """Return the bytes of memory that this process may still take, within the limit of a container if there is one."""
    import psutil

    free: int = psutil.virtual_memory().available
    with suppress(OSError, ValueError):  # without a limit, `memory.max` is missing or contains "max"
        control = Path("/sys/fs/cgroup")
        free = min(free, int((control / "memory.max").read_text()) - int((control / "memory.current").read_text()))
    return max(0, free)


@lru_cache
def _glibc() -> ctypes.CDLL | None:
    """Return the C library, or None if it is not glibc."""
    libc = ctypes.CDLL(None)
    return libc if hasattr(libc, "gnu_get_libc_version") else None
