"""Provide the REST routes that read and save an owner's webhook URL, and that list and repeat deliveries to it."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from pydantic import TypeAdapter, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from stt.errors import NotFound
from stt.guard.limiters import OPEN_BODIES, RESULTS
from stt.web.v1 import rest, shapes
from stt.webhooks import deliveries, subscriptions
from stt.webhooks.deliveries import Delivery

PRIVATE = {"Cache-Control": "no-store"}


class Webhooks(rest.Endpoint):
    """`GET /v1/webhooks`: return the owner's webhook URL, the secret that signs messages, and the last deliveries.

    A read-only token gets null in place of the secret, because whoever has the secret can forge messages.

    `POST /v1/webhooks`: save a new webhook URL, or delete the stored one if the field `url` is null. The response has
    the same format as that of `GET`.
    """

    def get(self, request: Request) -> Response:
        found = _all(request.state.owner)
        return JSONResponse({**found, "secret": None} if request.state.read_only else found, headers=PRIVATE)

    async def post(self, request: Request) -> Response:
        with OPEN_BODIES.place(request.state.owner, request):
            body = await rest.json_body(request)
        try:
            address: shapes.WebhookAddress = TypeAdapter(shapes.WebhookAddress).validate_python(body, strict=True)
        except ValidationError as error:
            raise shapes.BadBody("The body is not {“url”: an address, or null for none}.") from error
        owner = request.state.owner
        await RESULTS.run_for(owner, subscriptions.save, owner, address["url"] or "")
        return JSONResponse(await RESULTS.run_for(owner, _all, owner), headers=PRIVATE)


class Redelivery(rest.Endpoint):
    """`POST /v1/webhooks/deliveries/{delivery_id}`: queue a delivery again, and return 202.

    The status is 404 if the delivery is still waiting to be sent.
    """

    async def post(self, request: Request) -> Response:
        delivery_id: str = request.path_params["delivery_id"]
        if not re.fullmatch(shapes.ID, delivery_id):
            raise NotFound("There is no such delivery.")
        owner = request.state.owner
        delivery = await RESULTS.run_for(owner, _redeliver, delivery_id, owner)
        return JSONResponse(_delivery(delivery), status_code=202)


def _redeliver(delivery_id: str, owner: str) -> Delivery:
    from stt.jobs import service
    from stt.webhooks import delivering  # imports dbos, which is slow

    service.start()
    delivering.redeliver(delivery_id, owner)
    return deliveries.find(delivery_id, owner)


def _all(owner: str) -> dict[str, Any]:
    found = subscriptions.of(owner)
    return {"url": found.url, "secret": found.secret, "deliveries": [_delivery(each) for each in deliveries.of(owner)]}


def _delivery(delivery: Delivery) -> shapes.Delivery:
    return {
        "id": delivery.id,
        "generation_id": delivery.generation_id,
        "type": delivery.event,
        "url": delivery.url,
        "state": delivery.state,
        "created": _moment(delivery.created) or "",
        "attempts": delivery.attempts,
        "status": delivery.status,
        "answer": delivery.answer,
        "next_attempt": _moment(delivery.due),
    }


def _moment(at: float | None) -> str | None:
    return None if at is None else datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")
