"""Start and stop this process: check the set-up, start the job engine in the background, exit on a signal."""

from __future__ import annotations

import logging
import os
import signal
import threading
from collections.abc import Callable
from contextlib import ExitStack, suppress
from functools import cache, partial
from types import FrameType

from stt.auth import signing
from stt.compat import dbos
from stt.errors import Cancelled, SetupError
from stt.files import folder_lock, paths, writing
from stt.late import ROUTES, load
from stt.ops import logs
from stt.settings import settings
from stt.store import audio_files
from stt.whisper import memory

HEAD_START = 3.0  # maximum delay of the job engine's start, seconds; meanwhile the first page has the processor
DRAWING = 1.0  # seconds for which `warm` waits, because the browser draws the first page
LONGEST = 7.0  # maximum seconds from a stop signal to `leave` while requests are open
TIMEOUT = 2.0  # maximum seconds that `leave` waits for open jobs to be requeued

log = logging.getLogger("stt.lifecycle")
_signals: list[int] = []  # received stop signals; not an Event, whose lock a signal handler must not wait for
_in_use = ExitStack()  # holds the lock of the data folder until this process ends


def check(can_sign_in: bool = False) -> None:
    """Check the data folder (writable, not used by another process), the secret and the set-up of sign-in.

    Raises SetupError if a check fails. The folder is locked until this process ends (see `stt.files.folder_lock`).
    `can_sign_in` tells whether there is an identity provider.
    """
    memory.tune()
    writing.be_private()
    if settings().access == "login":
        if not can_sign_in:
            raise SetupError(
                "STT_ACCESS is `login`, but there is no identity provider.",
                guidance="Fill in [auth] in .streamlit/secrets.toml; .streamlit/secrets.toml.example shows how.",
            )
        load()  # imports the database code, which even the first cookie needs if visitors sign in
    paths.data_folder()
    audio_files.check()
    signing.signing_secret()  # creates the secret now, while the disk has room for it
    if settings().database_url and settings().secret is None:
        log.warning("STT_SECRET is not set: what one machine signs or seals, another cannot read")
    _in_use.enter_context(folder_lock.locked())


def run() -> None:
    """Start the job engine shortly after the server. If the start fails, the first job starts the job engine.

    The start takes a second of processor time. It is delayed, because the first page needs the processor. Creating a
    job starts the job engine at once.
    """
    load()
    from stt.db.engine import DB_UNAVAILABLE, database
    from stt.ops import health
    from stt.recorder import live_recordings

    with suppress(*DB_UNAVAILABLE, SetupError):
        database()  # creates the tables now, while the browser still loads the scripts of the first page
    health.requested.wait(HEAD_START)
    load(*ROUTES)
    if _is_ending():
        return
    try:
        begin()
    except Exception:
        log.exception("the job engine did not start")
    from stt.audio import decoder_pool

    decoder_pool.warm()
    logs.adopt()
    live_recordings.watch()


def _is_ending() -> bool:
    return bool(_signals)


def begin(unless: Callable[[], bool] = _is_ending) -> None:
    """Start the job engine as soon as the database answers, or give up when `unless` returns true.

    Errors of the start other than DB_UNAVAILABLE, such as SetupError, are raised.
    """
    load("stt.jobs.service")  # imported only here, because it imports dbos, which takes half a second
    from stt.backoff import backoff, pause
    from stt.db.engine import DB_UNAVAILABLE
    from stt.jobs import service

    for wait in backoff():
        try:
            service.start()
            return
        except DB_UNAVAILABLE as error:
            log.warning("the database does not answer (%s); trying again", type(error).__name__)
            with suppress(Cancelled):
                pause(min(wait, 5.0), unless)
        if unless():
            return


def stop_on_signals() -> None:
    """Make SIGTERM and SIGINT end this process within LONGEST + TIMEOUT seconds, also during uploads and playback.

    The server's own signal handlers still run. These handlers shut the server down gracefully, but wait for open
    requests without a time limit.
    """
    if threading.current_thread() is not threading.main_thread():
        return  # only the main thread may set signal handlers; here, another program runs this application in a thread
    for number in (signal.SIGTERM, signal.SIGINT):
        before = signal.getsignal(number)
        if callable(before):
            signal.signal(number, partial(_on_signal, before))


def _on_signal(before: Callable[..., object], number: int, frame: FrameType | None) -> None:
    _signals.append(number)
    if len(_signals) == 1:
        watch = threading.Timer(LONGEST, leave)
        watch.daemon = True
        watch.start()
    before(number, frame)


def stop() -> None:
    """Stop the job engine after the server has closed.

    Exit the process at once if it has received a stop signal, or if a running workflow or thread pool would delay the
    exit.
    """
    if _is_ending():
        leave()
    from stt.jobs import service

    service.stop()
    if dbos.works() or any("ThreadPool" in thread.name for thread in threading.enumerate()):
        leave()


def leave() -> None:
    """Exit this process at once, with exit code 0.

    Nothing is lost: open jobs continue from their last finished chunk, at the next start or, on a shared database, in
    another process. The job engine is not shut down gracefully, because that would close the database while a chunk is
    still being decoded, and the chunk and its job would fail. Decoding cannot be interrupted.
    """
    handing_over = threading.Thread(target=_release_and_stop, daemon=True)
    handing_over.start()
    handing_over.join(TIMEOUT)
    log.info("stopped")
    logging.shutdown()
    os._exit(0)


def _release_and_stop() -> None:
    """Requeue open jobs on a shared database, so that other workers need not wait for a heartbeat timeout."""
    from stt.jobs import service

    service.release_and_stop()


@cache
def warm() -> None:
    """Load the on-device model once, in the background, after DRAWING seconds: a job will probably use it soon."""
    if settings().role != "web":
        soon = threading.Timer(DRAWING, _warm)
        soon.name, soon.daemon = "warm", True
        soon.start()


def _warm() -> None:
    from stt.whisper import transcribe  # imported here: it takes half a second, and the first page should not wait

    transcribe.warm()
