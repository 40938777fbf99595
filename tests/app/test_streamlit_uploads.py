"""Test that Streamlit's upload route accepts nothing, because it would keep the files in memory."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import ClientConnection, connect

from tests.server import Server
from tests.waiting import until

PAGE = {"Accept": "text/html"}
FILE = {"file": ("a.wav", bytes(10 << 20))}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Run a server that runs no jobs: it does not load Whisper after the first page, while its memory is measured."""
    with Server(tmp_path_factory.mktemp("uploads") / "data", STT_ROLE="web") as server:
        yield server


def session_of(socket: ClientConnection) -> str:
    """Open the first page, and return its session id, which the server sends to no other client."""
    request = BackMsg()
    request.rerun_script.query_string = ""
    socket.send(request.SerializeToString())
    while True:
        message = ForwardMsg.FromString(socket.recv(timeout=60))
        if message.WhichOneof("type") == "new_session":
            return message.new_session.initialize.session_id


def memory_of(server: Server) -> int:
    """Return the resident memory of the server process in bytes."""
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) << 10


def stable_memory_of(server: Server) -> int:
    """Wait until the resident memory of the server process is stable, and return it in bytes."""
    seen = [0]

    def is_stable() -> bool:
        seen.append(memory_of(server))
        return max(seen[-4:]) - min(seen[-4:]) < 1 << 20

    until(is_stable, 60, every=0.5)
    return seen[-1]


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_fifty_uploads_to_the_own_session_do_not_increase_memory(server: Server):
    visitor = requests.Session()
    visitor.get(server.url, headers=PAGE)
    visitor.get(f"{server.url}/_stcore/health")
    cookies = "; ".join(f"{name}={value}" for name, value in visitor.cookies.items())
    stream = f"ws://localhost:{server.port}/_stcore/stream"
    with connect(
        stream, origin=server.url, subprotocols=["streamlit"], additional_headers={"Cookie": cookies}
    ) as socket:
        session_id = session_of(socket)
        visitor.get(f"{server.url}/healthz")
        before = stable_memory_of(server)
        headers = {"X-Xsrftoken": visitor.cookies.get("_streamlit_xsrf", "")}
        for number in range(50):
            address = f"{server.url}/_stcore/upload_file/{session_id}/{number}"
            try:
                answer = visitor.put(address, files=FILE, headers=headers)
            except requests.ConnectionError:  # the server closes the connection before it has read the whole file
                continue
            assert answer.status_code == 404
        assert memory_of(server) - before < 100 << 20, "of 500 MB"


@pytest.mark.parametrize("method", ["PUT", "POST", "DELETE", "OPTIONS"])
@pytest.mark.parametrize(
    "path", ["/_stcore/upload_file/a/b", "/_stcore/%75pload_file/a/b", "/_stcore//upload_file/a/b"]
)
def test_no_spelling_of_the_upload_path_is_accepted(server: Server, method: str, path: str):
    answer = requests.request(method, server.url + path, allow_redirects=False)
    assert answer.status_code in (400, 403, 404, 405)
