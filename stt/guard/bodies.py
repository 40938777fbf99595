"""Refuse request bodies that arrive too slowly, on every route."""

from __future__ import annotations

import time

import anyio
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from stt.errors import TooSlow

IDLE = 30.0  # maximum number of seconds without a byte
PERIOD = 60.0  # seconds; within this time of waiting for the body, at least LEAST bytes must arrive
LEAST = 60 << 10  # minimum number of bytes that must arrive in each PERIOD


class Steady:
    """ASGI middleware that raises TooSlow if the application waits too long for a request's body."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        more, waited, received = True, 0.0, 0

        async def in_time() -> Message:
            nonlocal more, waited, received
            if not more:  # the body is complete, so only a disconnect can follow
                return await receive()
            began = time.monotonic()
            try:
                with anyio.fail_after(IDLE):
                    message = await receive()
            except TimeoutError as error:
                raise TooSlow(f"Nothing more came for {IDLE:g} seconds.") from error
            more = message.get("more_body", False)
            waited += time.monotonic() - began
            received += len(message.get("body", b""))
            if more and waited >= PERIOD:
                if received < LEAST:
                    raise TooSlow(f"Less than {LEAST * 60 / PERIOD / 1024:,.0f} kB came in a minute.")
                waited, received = 0.0, 0
            return message

        await self.app(scope, in_time, send)
