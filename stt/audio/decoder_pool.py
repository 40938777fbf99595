"""A small pool of processes that look into recordings and decode them (see `stt.audio.decoder_process`).

Each is bounded in memory, processor time and time, and can be ended at any moment. One that a recording takes down
fails only what was asked of it.
"""

from __future__ import annotations

import json
import logging
import os
import queue
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import IO, Any, TypedDict

import psutil

from stt import errors
from stt.errors import SttError, UnsafeRecording

KEPT = 2  # idle processes; each has 45 MB, most of it shared with the others
USES = 200  # after which a process is replaced: what a library leaks goes with it
TICK = 0.5  # seconds between two looks at a process that is busy
MEMORY = 512 << 20  # bytes that a process may have; Linux bounds its address space before
STARVED, PATIENT = 0.2, 5  # a share of the processor time it may use, and how many times longer it may then take
LARGEST_HEADER = 1 << 20  # bytes
LARGEST_ANSWER = 64 << 20  # bytes; 30 s of eight channels are 15 MB
# What a decoder gets of this server's environment: no key, no secret, no address of a database.
ENVIRONMENT = ("PATH", "LANG", "LC_ALL", "SYSTEMROOT", "TMPDIR", "TEMP", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
SMALL = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "1"}

log = logging.getLogger("stt.decoders")
_idle: list[Decoder] = []
_lock = threading.Lock()


class Bounds(TypedDict):
    """What one request may take, in seconds of processor time and of waiting."""

    processor: float
    patience: float


class Decoder:
    """A process that opens recordings. Used by one thread at a time."""

    def __init__(self) -> None:
        environment = {name: os.environ[name] for name in ENVIRONMENT if name in os.environ}
        environment |= {"PYTHONPATH": str(Path(__file__).parents[2]), **SMALL}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "stt.audio.decoder_process"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
            start_new_session=True,  # Ctrl+C at the terminal is for the server
        )
        self._answers: queue.SimpleQueue[tuple[dict[str, Any], bytes] | None] = queue.SimpleQueue()
        self._uses = 0
        self._busy = False
        threading.Thread(target=self._receive, name="decoder", daemon=True).start()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    @property
    def reusable(self) -> bool:
        return self.alive and not self._busy and self._uses < USES

    def call(
        self,
        do: str,
        *,
        processor: float,
        patience: float,
        check_cancelled: Callable[[], None] = lambda: None,
        **values: Any,
    ) -> tuple[dict[str, Any], bytes]:
        """Send one request; return the header and the content of the response.

        `processor` and `patience` limit its processor time and its duration, in seconds. `check_cancelled` is called
        meanwhile and may raise; then, as after every error but the file's own, the process is ended.

        Raises what the decoder raises, UnsafeRecording if the process exceeded its limits or crashed, OSError.
        """
        check_cancelled()
        self._busy = True
        bounds = _Bounds(self.pid, processor, patience)
        try:
            self._send({"do": do, "processor_seconds": processor, **values})
            while True:
                try:
                    answer = self._answers.get(timeout=TICK)
                    break
                except queue.Empty:
                    check_cancelled()
                    bounds.check()
            if answer is None:
                raise UnsafeRecording(
                    "It took down the process that was reading it.", detail=f"exit {self._process.wait()}"
                )
            header, content = answer
            if "exhausted" in header:
                raise UnsafeRecording("Reading it takes more memory than a recording honestly needs.")
            self._busy = False
        finally:
            if self._busy:
                self.end()
        _raise_error(header)
        return header, content

    def end(self) -> None:
        """End the process, whatever it does."""
        self._process.kill()
        self._process.wait()

    def _send(self, request: dict[str, Any]) -> None:
        self._uses += 1
        try:
            assert self._process.stdin is not None
            self._process.stdin.write(json.dumps(request).encode() + b"\n")
            self._process.stdin.flush()
        except OSError:
            self._answers.put(None)  # it has ended since it was taken

    def _receive(self) -> None:
        """Hand over the answers as they come, then None. What is not an answer ends the process."""
        assert self._process.stdout is not None
        with self._process.stdout as stdout:
            while (answer := _answer(stdout)) is not None:
                self._answers.put(answer)
        self._process.kill()
        self._answers.put(None)


class _Bounds:
    """What one request may take, watched from outside: the system's own bounds are not the same everywhere."""

    def __init__(self, pid: int, processor: float, patience: float) -> None:
        self._process: psutil.Process | None = None
        with suppress(psutil.Error):  # it has just ended, which the reader of its answers notices
            self._process = psutil.Process(pid)
        self._processor, self._patience = processor, patience
        self._began, self._used = time.monotonic(), self._processor_time()

    def check(self) -> None:
        """Raise UnsafeRecording when the process is over its bounds."""
        used, waited = self._processor_time() - self._used, time.monotonic() - self._began
        # A process that got no processor on a busy machine is given more time.
        starved = used < self._processor * STARVED
        if used > self._processor or waited > self._patience * (PATIENT if starved else 1):
            raise UnsafeRecording("Reading it takes longer than a recording honestly needs.")
        with suppress(psutil.Error):
            if self._process and self._process.memory_info().rss > MEMORY:
                raise UnsafeRecording("Reading it takes more memory than a recording honestly needs.")

    def _processor_time(self) -> float:
        if self._process is None:
            return 0.0
        try:
            times = self._process.cpu_times()
        except psutil.Error:  # it has just ended
            return 0.0
        return times.user + times.system


def take() -> Decoder:
    """A process that nobody else uses; give it back with `give_back`, or end it."""
    with _lock:
        while _idle:
            decoder = _idle.pop()
            if decoder.reusable:
                return decoder
            decoder.end()
    return Decoder()


def give_back(decoder: Decoder) -> None:
    """Keep a process for the next recording, if it is still good for one."""
    with _lock:
        if decoder.reusable and len(_idle) < KEPT:
            _idle.append(decoder)
            return
    decoder.end()


def warm() -> None:
    """Have a process ready, so that the first upload does not wait for its start."""
    with _lock:
        missing = not _idle
    if missing:
        give_back(take())


def _answer(stdout: IO[bytes]) -> tuple[dict[str, Any], bytes] | None:
    lengths = stdout.read(8)
    if len(lengths) < 8:
        return None
    header, content = struct.unpack(">II", lengths)
    if header > LARGEST_HEADER or content > LARGEST_ANSWER:
        return None
    text, samples = stdout.read(header), stdout.read(content)
    if len(samples) < content:
        return None
    try:
        found = json.loads(text)
    except ValueError:
        return None
    return (found, samples) if isinstance(found, dict) else None


def _raise_error(header: dict[str, Any]) -> None:
    """Raise the error that an answer holds, if it holds one."""
    if "error" in header:
        kind = getattr(errors, str(header["error"]), None)
        kind = kind if isinstance(kind, type) and issubclass(kind, SttError) else UnsafeRecording
        raise kind(str(header.get("message")), guidance=str(header.get("guidance")))
    if "errno" in header:
        raise OSError(header["errno"], str(header.get("message")))
    if "surprise" in header:
        log.warning("a recording surprised its decoder: %s", header["surprise"])
        raise UnsafeRecording("It is damaged in a way that its reader does not know.", detail=str(header["surprise"]))
