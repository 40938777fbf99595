"""What is taken for granted of Starlette."""

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


def quick(request: Request) -> Response:
    return PlainTextResponse("a function")


def test_starlette_makes_an_application_of_a_handler_and_an_endpoint_is_one():
    for of, said in ((Endpoint, "an endpoint"), (handler, "a handler"), (quick, "a function")):
        assert TestClient(application(of)).get("/").text == said
