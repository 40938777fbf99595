"""What visitors do, for locust: open pages over the websocket as a browser does, upload, poll, read and listen.

Run by `tests/bench/load.py`, which makes the visitors and tells of them in the file that VISITORS names.
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

TOLD = json.loads(
    Path(os.environ["VISITORS"]).read_text()
)  # visitors: cookie, token and generation_id; sound; first visit
SOUND = Path(TOLD["sound"]).read_bytes()
PEOPLE = itertools.cycle(TOLD["visitors"])
FIRST = itertools.cycle(("read", "look_back", "upload", "poll"))  # so that few visitors do all of it, too
TIMEOUT = 30  # seconds


class Visitor(HttpUser):
    """Somebody with one transcript of their own."""

    wait_time = between(1, 5)

    def on_start(self) -> None:
        self.me = next(PEOPLE)
        self.client.cookies.set("stt_visitor", self.me["cookie"])
        # A browser asks again where the server has just ended a line that was idle.
        self.client.mount("http://", HTTPAdapter(max_retries=Retry(total=1, backoff_factor=0)))
        self.bearer = {"Authorization": f"Bearer {self.me['token']}"}
        page = self.client.get("/", headers={"Accept": "text/html"}, name="page: HTML")
        for address in re.findall(r'(?:src|href)="\./(static/[^"]+)"', page.text) if TOLD["first visit"] else ():
            self.client.get(f"/{address}", name="page: scripts and styles")
        host = self.host.removeprefix("http://")
        self.socket = websocket.create_connection(
            f"ws://{host}/_stcore/stream",
            origin=self.host,
            cookie=f"stt_visitor={self.me['cookie']}",
            timeout=TIMEOUT,
            subprotocols=["streamlit"],
        )
        self.open("", "", "page: Transcribe")
        getattr(self, next(FIRST))()

    def on_stop(self) -> None:
        self.socket.close()

    @task(3)
    def read(self) -> None:
        """Load the transcript's page, and the beginning of its sound as a player does."""
        self.open("transcript", f"id={self.me['generation_id']}", "page: Transcript", expect=b"country")
        sound = f"/audio/{self.me['generation_id']}"
        self.client.get(sound, headers={"Range": "bytes=0-65535"}, name="audio")

    @task(1)
    def look_back(self) -> None:
        self.open("history", "", "page: History")

    @task(1)
    def upload(self) -> None:
        headers = {"X-File-Name": "talk.wav", "Origin": self.host}
        with self.client.post("/upload", data=SOUND, headers=headers, name="upload", catch_response=True) as answer:
            if answer.status_code != 201:
                answer.failure(answer.text[:200])

    @task(3)
    def poll(self) -> None:
        """Poll for a result as a program with a token."""
        address = f"/v1/stt/{self.me['generation_id']}"
        with self.client.get(address, headers=self.bearer, name="REST: get", catch_response=True) as answer:
            if answer.json().get("status") != "completed":
                answer.failure(answer.text[:200])

    def open(self, page: str, query: str, name: str, expect: bytes = b"") -> None:
        """Ask for a page as the browser does, and wait until its script has run: then all of it has come."""
        began, size, failed, found = time.perf_counter(), 0, None, not expect
        try:
            asked = BackMsg()
            asked.rerun_script.page_name = page
            asked.rerun_script.query_string = query
            asked.rerun_script.context_info.url = f"{self.host}/{page}"
            asked.rerun_script.context_info.timezone = "Europe/Berlin"
            self.socket.send_binary(asked.SerializeToString())
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
        except Exception as error:  # noqa: BLE001 - counted as a failure of this request
            failed = error
        told: dict[str, Any] = {"request_type": "WS", "name": name, "response_length": size, "exception": failed}
        self.environment.events.request.fire(response_time=(time.perf_counter() - began) * 1000, **told)


random.seed(5)
