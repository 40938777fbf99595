"""Test what the code assumes about Starlette."""

from __future__ import annotations

from starlette.endpoints import HTTPEndpoint
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.testclient import TestClient

from stt.compat.starlette import application


class Endpoint(HTTPEndpoint):
    async def get(self, request: Request) -> Response:
        return PlainTextResponse("an endpoint")


async def handler(request: Request) -> Response:
    return PlainTextResponse("a handler")


def sync_handler(request: Request) -> Response:
    return PlainTextResponse("a function")


def test_starlette_wraps_a_handler_as_application_and_an_endpoint_is_one():
    for target, text in ((Endpoint, "an endpoint"), (handler, "a handler"), (sync_handler, "a function")):
        assert TestClient(application(target)).get("/").text == text
