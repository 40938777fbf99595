"""Send one signed request to a webhook URL, with a time limit and without following redirects.

The receiver must have a public network address, unless STT_ALLOW_PRIVATE_URLS is set.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime

import requests
from standardwebhooks import Webhook
from urllib3.exceptions import HTTPError

from stt.compat.requests import session_to
from stt.errors import BadLink
from stt.files import json_values
from stt.links import addresses
from stt.links.deadline import Deadline
from stt.settings import settings

CONNECT, QUIET, LONGEST = 5.0, 10.0, 20.0  # timeouts, seconds: to connect, between bytes, in total
MOST_READ = 1024  # maximum number of bytes that are read of a response's body
MOST_SHOWN = 200  # maximum number of characters of a response that are stored and shown
GONE = 410  # HTTP status by which a receiver asks for no further attempts of a delivery
LATE = "It did not answer in time."
AGENT = "STT-Studio-Webhooks"


@dataclass(frozen=True, slots=True)
class Answer:
    """Hold the outcome of a request: the HTTP `status` and the first characters of the response as `text`.

    If no response arrived, `status` is None, and `text` describes the error.
    """

    status: int | None
    text: str

    @property
    def is_received(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


def send(url: str, message_id: str, body: str, secret: str) -> Answer:
    """Send a message in the format of Standard Webhooks, and return the outcome. Network errors are not raised."""
    now = datetime.now(UTC)
    headers = {
        "Content-Type": "application/json",
        "User-Agent": AGENT,
        "webhook-id": message_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(secret).sign(message_id, now, body),
    }
    deadline = Deadline(LONGEST, BadLink(LATE))

    def checked(host: str, port: int) -> Iterator[str]:
        allow_private = settings().allow_private_urls
        for address in addresses.of(host, port, allow_private=allow_private, check_cancelled=deadline.check):
            deadline.check()  # a name may have hundreds of addresses that do not answer
            yield address

    try:
        with (
            deadline,
            session_to(checked, deadline.add) as http,
            http.post(url, data=body.encode(), headers=headers, timeout=(CONNECT, QUIET), stream=True) as response,
        ):
            text = b""
            with suppress(HTTPError, OSError):  # if the body cannot be read, the status is enough
                text = response.raw.read(MOST_READ, decode_content=True)
            # If the deadline closes the connection while headers arrive, the response looks complete but lacks headers.
            deadline.check()
            return Answer(response.status_code, _summary(response.status_code, text))
    except BadLink as error:
        return Answer(None, error.message)
    except requests.Timeout:
        return Answer(None, LATE)
    except (requests.RequestException, HTTPError, OSError):
        return Answer(None, LATE if deadline.reason else "It could not be reached.")


def _summary(status: int, text: bytes) -> str:
    if 300 <= status < 400:
        return "It redirects, which is not followed. Enter the final URL."
    return " ".join(json_values.clean(text.decode("utf-8", "replace")).split())[:MOST_SHOWN]
