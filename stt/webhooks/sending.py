"""Make one signed request to a receiver at a public address, with a time limit and without redirects."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

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
MOST_READ = 1024  # maximum bytes read of a response
MOST_SHOWN = 200  # maximum characters shown of a response
GONE = 410  # HTTP status by which a receiver asks for no further attempts of a delivery
LATE = "It did not answer in time."
AGENT = "STT-Studio-Webhooks"


@dataclass(frozen=True, slots=True)
class Answer:
    """The outcome of a request. `status` is the HTTP status; without a response it is None, and `text` is the error."""

    status: int | None
    text: str

    @property
    def is_received(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


def send(url: str, message_id: str, body: str, secret: str) -> Answer:
    """Send a message by Standard Webhooks and return the outcome. Network errors are returned, not raised."""
    now = datetime.now(UTC)
    headers = {
        "Content-Type": "application/json",
        "User-Agent": AGENT,
        "webhook-id": message_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(secret).sign(message_id, now, body),
    }
    resolve = partial(addresses.of, allow_private=settings().allow_private_urls)
    deadline = Deadline(LONGEST, BadLink(LATE))
    try:
        with (
            deadline,
            session_to(resolve, deadline.add) as http,
            http.post(url, data=body.encode(), headers=headers, timeout=(CONNECT, QUIET), stream=True) as response,
        ):
            text = b""
            with suppress(HTTPError, OSError):  # without the text of the response, its status is enough
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
        return "It redirects, which is not followed. Give the address itself."
    return " ".join(json_values.clean(text.decode("utf-8", "replace")).split())[:MOST_SHOWN]
