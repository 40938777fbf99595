"""Provide a server for the tests of the REST routes, and two clients of it, each with its own token."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pages.compat import streamlit as internals
from tests.app.rest import Api, make_token
from tests.server import Server

internals.skip_component_scan()  # as the app does; a run of AppTest would scan all installed packages


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    data = tmp_path_factory.mktemp("api") / "data"
    with Server(data, STT_UPLOAD_LIMIT_MB="5", STT_ALLOW_PRIVATE_URLS="1") as server:
        yield server


@pytest.fixture(scope="module")
def api(server: Server) -> Api:
    return Api(server, make_token(server, "tests"))


@pytest.fixture(scope="module")
def other_api(server: Server) -> Api:
    return Api(server, make_token(server, "somebody else"))
