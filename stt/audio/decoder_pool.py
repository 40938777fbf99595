"""Keep a small pool of processes that probe and decode recordings (see `stt.audio.decoder_process`).

The memory of each process is limited, and so are the processor time and the duration of each request. A process that
exceeds a limit is killed. If a recording crashes a process, only the request for that recording fails.
"""

from __future__ import annotations

import json
import logging
import os
import queue
import signal
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

KEPT = 2  # maximum number of idle processes; each takes 45 MB, most of which is shared between processes
USES = 200  # number of requests after which a process is not reused, to free the memory that libraries leak
TICK = 0.5  # interval between checks of a busy process for cancellation and exceeded limits, seconds
MEMORY = 512 << 20  # memory limit of a process, bytes; on Linux a stricter limit on the address space applies first
# A request that has used less than the share STARVED of its limit of processor time may take PATIENT times its timeout.
STARVED, PATIENT = 0.2, 5
LARGEST_HEADER = 1 << 20  # maximum size of a response's header, bytes
LARGEST_ANSWER = 64 << 20  # maximum size of a response's content, bytes; 30 s of eight channels are 15 MB
# The only environment variables that a decoder process inherits. No key, secret or database address is among them.
ENVIRONMENT = ("PATH", "LANG", "LC_ALL", "SYSTEMROOT", "TMPDIR", "TEMP", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
TOO_LONG = "Reading this file takes longer than it should."
TOO_MUCH_MEMORY = "Reading this file takes more memory than it should."
SMALL = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "1"}

log = logging.getLogger("stt.decoders")
_idle: list[Decoder] = []
_lock = threading.Lock()


class Bounds(TypedDict):
    """Limits of one request: `processor` in seconds of processor time, `timeout` in seconds of waiting."""

    processor: float
    timeout: float


class Decoder:
    """A decoder process, which only one thread may use at a time."""

    def __init__(self) -> None:
        environment = {name: os.environ[name] for name in ENVIRONMENT if name in os.environ}
        environment |= {"PYTHONPATH": str(Path(__file__).parents[2]), **SMALL}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "stt.audio.decoder_process"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
            start_new_session=True,  # in the server's session, Ctrl+C would also end this process
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
        timeout: float,
        check_cancelled: Callable[[], None] = lambda: None,
        **values: Any,
    ) -> tuple[dict[str, Any], bytes]:
        """Send the request named `do` with the parameters `values`; return the header and the content of the response.

        `processor` limits the request's processor time and `timeout` its duration, in seconds. `check_cancelled` is
        called before the request and while waiting. If `check_cancelled` raises while waiting, or if the request
        exceeds a limit, the process is killed.

        Raises the SttError or OSError that the process reports, and UnsafeRecording if the process exceeds a limit,
        crashes, or reports an unexpected error.
        """
        check_cancelled()
        self._busy = True
        bounds = _Bounds(self.pid, processor, timeout)
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
                raise _crash(self._process.wait())
            header, content = answer
            if "exhausted" in header:
                raise UnsafeRecording(TOO_MUCH_MEMORY)
            self._busy = False
        finally:
            if self._busy:
                self.end()
        _raise_error(header)
        return header, content

    def end(self) -> None:
        """Kill the process."""
        self._process.kill()
        self._process.wait()
        if self._process.stdin is not None:
            with suppress(OSError):  # closing fails if the process has not read the last request
                self._process.stdin.close()

    def _send(self, request: dict[str, Any]) -> None:
        self._uses += 1
        try:
            assert self._process.stdin is not None
            self._process.stdin.write(json.dumps(request).encode() + b"\n")
            self._process.stdin.flush()
        except OSError:
            self._answers.put(None)  # the process died while idle; None makes `call` report the crash

    def _receive(self) -> None:
        """Queue each response of the process. After the last or an invalid one, kill the process and queue None."""
        assert self._process.stdout is not None
        with self._process.stdout as stdout:
            while (answer := _answer(stdout)) is not None:
                self._answers.put(answer)
        self._process.kill()
        self._answers.put(None)


class _Bounds:
    """Check a request's limits from outside the process, because not every operating system enforces them."""

    def __init__(self, pid: int, processor: float, timeout: float) -> None:
        self._process: psutil.Process | None = None
        with suppress(psutil.Error):  # the process has just died, which `_receive` detects
            self._process = psutil.Process(pid)
        self._processor, self._timeout = processor, timeout
        self._began, self._used = time.monotonic(), self._processor_time()

    def check(self) -> None:
        """Raise UnsafeRecording if the request exceeds its limits of time, or the process its limit of memory."""
        used, waited = self._processor_time() - self._used, time.monotonic() - self._began
        # A process that got little processor time on a busy machine may take longer than its timeout.
        starved = used < self._processor * STARVED
        if used > self._processor or waited > self._timeout * (PATIENT if starved else 1):
            raise UnsafeRecording(TOO_LONG)
        with suppress(psutil.Error):
            if self._process and self._process.memory_info().rss > MEMORY:
                raise UnsafeRecording(TOO_MUCH_MEMORY)

    def _processor_time(self) -> float:
        if self._process is None:
            return 0.0
        try:
            times = self._process.cpu_times()
        except psutil.Error:  # the process has just died
            return 0.0
        return times.user + times.system


def _crash(code: int) -> UnsafeRecording:
    """Return the error for a process that ended with exit code `code` during a request."""
    # The operating system can end a process for exceeding its processor time before `_Bounds` notices the excess.
    used_up = hasattr(signal, "SIGXCPU") and code == -signal.SIGXCPU
    return UnsafeRecording(TOO_LONG if used_up else "Reading this file crashed the decoder.", detail=f"exit {code}")


def take() -> Decoder:
    """Return a process for exclusive use by the caller, who returns it with `release` or ends it."""
    with _lock:
        while _idle:
            decoder = _idle.pop()
            if decoder.reusable:
                return decoder
            decoder.end()
    return Decoder()


def release(decoder: Decoder) -> None:
    """Return a process to the pool, or end it if it is not reusable or the pool is full."""
    with _lock:
        if decoder.reusable and len(_idle) < KEPT:
            _idle.append(decoder)
            return
    decoder.end()


def warm() -> None:
    """Start a decoder process if none is idle, so that the first upload does not wait for one."""
    with _lock:
        missing = not _idle
    if missing:
        release(take())


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
    """Raise the error that the header of a response describes, if any."""
    if "error" in header:
        kind = getattr(errors, str(header["error"]), None)
        kind = kind if isinstance(kind, type) and issubclass(kind, SttError) else UnsafeRecording
        raise kind(str(header.get("message")), guidance=str(header.get("guidance")))
    if "errno" in header:
        raise OSError(header["errno"], str(header.get("message")))
    if "surprise" in header:
        log.warning("a recording surprised its decoder: %s", header["surprise"])
        raise UnsafeRecording(
            "Reading this file failed unexpectedly. It may be damaged.", detail=str(header["surprise"])
        )
