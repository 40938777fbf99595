"""A server that is killed while a job downloads its model goes on after the next start, where it was."""

from __future__ import annotations

from pathlib import Path

from stt.models import known
from tests import audio, hub
from tests.app.rest import Api, make_token
from tests.hub import Hub
from tests.server import Server
from tests.waiting import until

TINY = known.find("tiny.en")


def test_a_download_goes_on_after_a_kill_in_the_middle(tmp_path: Path):
    with Hub({TINY.repository: hub.tiny_en()}, stall_after=40 << 20) as served:
        server = Server(
            tmp_path / "data", HF_ENDPOINT=served.url, STT_MODELS="local/whisper-base, local/whisper-tiny.en"
        )
        with server:
            api = Api(server, make_token(server, "programs"))
            model = {each["id"]: each["info"] for each in api("GET", "/models").json()["data"]}
            assert list(model) == [TINY.id, "local/whisper-base"] and model[TINY.id]["state"] == "absent"
            made = api.send(audio.JFK.read_bytes(), model=TINY.id).json()["generation_id"]
            assert served.stalled.wait(60)
            part = tmp_path / "data" / "models" / f".{TINY.name}" / "model.bin"
            until(lambda: part.stat().st_size > 30 << 20)
            server.kill()
            served.stall_after = None
            served.go_on.set()
            server.start()
            body = api.ended(made)
            assert body["status"] == "completed"
            assert served.starts()[0] == 0 and served.starts()[-1] > 30 << 20 and len(served.starts()) == 2
            info = {each["id"]: each["info"] for each in api("GET", "/models").json()["data"]}[TINY.id]
            assert info["state"] == "here" and info["english_only"] and info["bytes"] > 75_000_000
