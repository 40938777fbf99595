"""Define visitors for locust, who open pages over the websocket as a browser does, upload, poll, read and listen.

`tests/bench/load.py` runs this file. It also creates the visitors in the database, and writes their cookies and tokens
to a JSON file, whose path is in the environment variable VISITORS.
"""

from __future__ import annotations

import itertools
import json
import os
import random
import re
import time
from pathlib import Path
from typing import Any

import websocket
from locust import HttpUser, between, task
from requests.adapters import HTTPAdapter
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from urllib3 import Retry

SETUP = json.loads(
    Path(os.environ["VISITORS"]).read_text()
)  # keys: visitors (each with cookie, token, generation_id), sound (a path), first visit
SOUND = Path(SETUP["sound"]).read_bytes()
VISITORS = itertools.cycle(SETUP["visitors"])
# The first task of each visitor in turn, so that all tasks occur even with few visitors.
FIRST_TASKS = itertools.cycle(("read", "look_back", "upload", "poll"))
TIMEOUT = 30  # seconds for each websocket operation


class Visitor(HttpUser):
    """Represent a visitor who has one transcript and does the tasks below at random, 1 to 5 s apart."""

    wait_time = between(1, 5)

    def on_start(self) -> None:
        self.visitor = next(VISITORS)
        self.client.cookies.set("stt_visitor", self.visitor["cookie"])
        # Retry once, as a browser does if the server has just closed the idle connection.
        self.client.mount("http://", HTTPAdapter(max_retries=Retry(total=1, backoff_factor=0)))
        self.bearer = {"Authorization": f"Bearer {self.visitor['token']}"}
        page = self.client.get("/", headers={"Accept": "text/html"}, name="page: HTML")
        for address in re.findall(r'(?:src|href)="\./(static/[^"]+)"', page.text) if SETUP["first visit"] else ():
            self.client.get(f"/{address}", name="page: scripts and styles")
        host = self.host.removeprefix("http://")
        self.socket = websocket.create_connection(
            f"ws://{host}/_stcore/stream",
            origin=self.host,
            cookie=f"stt_visitor={self.visitor['cookie']}",
            timeout=TIMEOUT,
            subprotocols=["streamlit"],
        )
        self.open("", "", "page: Transcribe")
        getattr(self, next(FIRST_TASKS))()

    def on_stop(self) -> None:
        self.socket.close()

    @task(3)
    def read(self) -> None:
        """Load the transcript's page, and the first 64 KiB of its sound, as a player does."""
        self.open("transcript", f"id={self.visitor['generation_id']}", "page: Transcript", expect=b"country")
        sound = f"/audio/{self.visitor['generation_id']}"
        self.client.get(sound, headers={"Range": "bytes=0-65535"}, name="audio")

    @task(1)
    def look_back(self) -> None:
        self.open("history", "", "page: History")

    @task(1)
    def upload(self) -> None:
        headers = {"X-File-Name": "talk.wav", "Origin": self.host}
        with self.client.post("/upload", data=SOUND, headers=headers, name="upload", catch_response=True) as response:
            if response.status_code != 201:
                response.failure(response.text[:200])

    @task(3)
    def poll(self) -> None:
        """Request the result of the job over REST, as a program with a token does."""
        address = f"/v1/stt/{self.visitor['generation_id']}"
        with self.client.get(address, headers=self.bearer, name="REST: get", catch_response=True) as response:
            if response.json().get("status") != "completed":
                response.failure(response.text[:200])

    def open(self, page: str, query: str, name: str, expect: bytes = b"") -> None:
        """Request a page over the websocket, and wait until its script has run.

        The request is reported to locust, as failed if the bytes `expect` were not received.
        """
        began, size, failed, found = time.perf_counter(), 0, None, not expect
        try:
            request = BackMsg()
            request.rerun_script.page_name = page
            request.rerun_script.query_string = query
            request.rerun_script.context_info.url = f"{self.host}/{page}"
            request.rerun_script.context_info.timezone = "Europe/Berlin"
            self.socket.send_binary(request.SerializeToString())
            while True:
                frame = self.socket.recv()
                size += len(frame)
                found = found or expect in frame
                message = ForwardMsg.FromString(frame)
                if message.WhichOneof("type") == "script_finished":
                    if message.script_finished == ForwardMsg.FINISHED_SUCCESSFULLY:
                        break
            if not found:
                failed = AssertionError(f"{expect!r} is not on the page")
        except Exception as error:  # noqa: BLE001 - reported to locust as a failure
            failed = error
        event: dict[str, Any] = {"request_type": "WS", "name": name, "response_length": size, "exception": failed}
        self.environment.events.request.fire(response_time=(time.perf_counter() - began) * 1000, **event)


random.seed(5)
