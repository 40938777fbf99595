"""Test that an error has the same HTTP status on every route."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.testclient import TestClient

from stt import errors
from stt.guard.middleware import Visitors
from stt.web import handling
from stt.web.v1 import rest

STATUS = {
    errors.SttError: 500,
    errors.InputError: 400,
    errors.TooLarge: 413,
    errors.BadExport: 422,
    errors.TooSlow: 408,
    errors.LimitReached: 429,
    errors.ReadOnly: 403,
    errors.NotFound: 404,
    errors.Conflict: 409,
    errors.SetupError: 503,
    errors.DiskFull: 507,
    errors.ProviderError: 502,
    errors.KeyMissing: 400,
    errors.ProviderBusy: 503,
    errors.ProviderDown: 503,
    errors.ProviderTimeout: 504,
    errors.Cancelled: 409,
    errors.CreateRepeated: 409,
    rest.Unauthorized: 401,
    rest.MethodNotAllowed: 405,
}


def kinds(of: type[errors.SttError] = errors.SttError) -> Iterator[type[errors.SttError]]:
    yield of
    for kind in of.__subclasses__():
        if not kind.__module__.startswith("tests"):
            yield from kinds(kind)


def expected(kind: type[errors.SttError]) -> int:
    """Return the HTTP status in STATUS of an error class, or of its nearest base class that has a status there."""
    return next(STATUS[each] for each in kind.__mro__ if each in STATUS)


@pytest.fixture(scope="module")
def client() -> TestClient:
    """Return a client for an app with routes that raise an error, return it as a response, or raise it below /v1."""
    by_name = {kind.__name__: kind for kind in kinds()}

    async def raised(request: Request) -> Response:
        raise by_name[request.path_params["kind"]]("So it is.")

    def returned(request: Request) -> Response:
        return handling.refusal(by_name[request.path_params["kind"]]("So it is."))

    class Refused(rest.Endpoint):
        public = True

        def get(self, request: Request) -> Response:
            raise by_name[request.path_params["kind"]]("So it is.")

    def unavailable(_request: Request) -> Response:
        raise sa.exc.OperationalError("SELECT 1", None, OSError("away"))

    class Unavailable(rest.Endpoint):
        public = True

        def get(self, request: Request) -> Response:
            return unavailable(request)

    routes = [Route("/raised/{kind}", raised), Route("/said/{kind}", returned), Route("/v1/told/{kind}", Refused)]
    routes += [Route("/away", unavailable), Route("/v1/away", Unavailable)]
    return TestClient(Starlette(routes=routes, middleware=[Middleware(Visitors)]))


@pytest.mark.parametrize("kind", sorted(set(kinds()), key=lambda kind: kind.__name__))
def test_every_route_answers_an_error_with_the_same_status(client: TestClient, kind: type[errors.SttError]):
    for path in ("raised", "said", "v1/told"):
        answer = client.get(f"/{path}/{kind.__name__}")
        assert answer.status_code == expected(kind), path
        assert "So it is." in answer.json()["message"]


@pytest.mark.parametrize("path", ["/away", "/v1/away"])
def test_unavailable_database_has_the_same_answer_on_every_route(client: TestClient, path: str):
    answer = client.get(path)
    assert answer.status_code == errors.DatabaseUnavailable.status == 503
    assert errors.DatabaseUnavailable.title in answer.json()["message"]
