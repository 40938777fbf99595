"""Write logs as one JSON object per line on standard error.

The logs contain no data of visitors: no transcript, key, file name or link.
"""

from __future__ import annotations

import json
import logging
import re
import secrets
import time
import traceback
from contextvars import ContextVar

from stt.compat import dbos, streamlit, uvicorn

WRITERS = (streamlit.LOGGER, uvicorn.LOGGER, dbos.LOGGER)  # loggers of libraries that install their own log handlers
request_id: ContextVar[str | None] = ContextVar("request_id", default=None)

_REQUEST_ID = re.compile(r"[A-Za-z0-9-]{8,64}")  # format of a valid X-Request-Id header
_GENERATION = re.compile(r"[A-Za-z0-9_-]{27}")  # a generation id, in the format of `recordings.new_id`


class JsonLines(logging.Formatter):
    """Format a log record as a JSON object with `time`, `level`, `logger` and `message`.

    If they are known, the object also has `request_id` and `generation_id`. If the record has an exception, the object
    has the type of the exception as `error` and its stack frames as `at`.
    """

    def format(self, record: logging.LogRecord) -> str:
        seconds = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        line: dict[str, object] = {
            "time": f"{seconds}.{int(record.msecs):03d}Z",
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": streamlit.TAB.sub("…", record.getMessage()),
            "request_id": request_id.get(),
            "generation_id": _generation_of(record),
        }
        if record.exc_info and record.exc_info[1] is not None:
            line |= _without_words(record.exc_info[1])
        return json.dumps({key: value for key, value in line.items() if value is not None}, ensure_ascii=True)


def set_up() -> None:
    """Send the logs of this app and of its libraries to standard error. It is safe to call this repeatedly."""
    root = logging.getLogger()
    if not any(isinstance(handler.formatter, JsonLines) for handler in root.handlers):
        handler = logging.StreamHandler()
        handler.setFormatter(JsonLines())
        root.addHandler(handler)
    logging.getLogger("stt").setLevel(logging.INFO)
    logging.captureWarnings(True)
    adopt()


def adopt() -> None:
    """Remove the log handlers of libraries such as Streamlit, so that their logs use the format of this app.

    Without this call, the libraries would log the whole message of an exception, which may contain data of visitors.
    """
    for log in list(logging.root.manager.loggerDict.values()):
        if isinstance(log, logging.Logger) and log.name.partition(".")[0] in WRITERS:
            log.handlers.clear()
            log.propagate = True
    logging.getLogger(dbos.LOGGER).addFilter(dbos.expects_deletion)
    for name in uvicorn.REQUESTS:  # these log the query of every request, which may have the token of a share link
        logging.getLogger(name).setLevel(logging.WARNING)


def new_request_id(sent: str | None) -> str:
    """Return `sent`, the request id from a proxy, if it is valid; otherwise return a new id."""
    return sent if sent and _REQUEST_ID.fullmatch(sent) else secrets.token_hex(8)


def _generation_of(record: logging.LogRecord) -> str | None:
    """Return the generation id among a log record's arguments, if any."""
    arguments = record.args if isinstance(record.args, tuple) else ()
    return next((a for a in arguments if isinstance(a, str) and _GENERATION.fullmatch(a)), None)


def _without_words(error: BaseException) -> dict[str, object]:
    """Return the type and the last stack frames of an exception.

    Its message is left out, because it may quote a transcript, link or query.
    """
    reason = f": {error.strerror}" if isinstance(error, OSError) and error.strerror else ""
    frames = traceback.extract_tb(error.__traceback__)[-12:]
    return {
        "error": type(error).__name__ + reason,
        "at": [f"{frame.filename.rsplit('site-packages/', 1)[-1]}:{frame.lineno} {frame.name}" for frame in frames],
    }
