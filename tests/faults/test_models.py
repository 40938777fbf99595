"""Test that the download of a model for a job resumes at its byte offset after the server was killed."""

from __future__ import annotations

from pathlib import Path

from stt.models import known
from tests import audio, hub
from tests.app.rest import Api, make_token
from tests.hub import Hub
from tests.server import Server
from tests.waiting import until

TINY = known.find("tiny.en")


def test_model_download_resumes_after_the_server_was_killed(tmp_path: Path):
    with Hub({TINY.repository: hub.tiny_en()}, stall_after=40 << 20) as model_hub:
        server = Server(
            tmp_path / "data", HF_ENDPOINT=model_hub.url, STT_MODELS="local/whisper-base, local/whisper-tiny.en"
        )
        with server:
            api = Api(server, make_token(server, "programs"))
            model = {each["id"]: each["info"] for each in api("GET", "/models").json()["data"]}
            assert list(model) == [TINY.id, "local/whisper-base"] and model[TINY.id]["state"] == "absent"
            generation_id = api.send(audio.JFK.read_bytes(), model=TINY.id).json()["generation_id"]
            assert model_hub.stalled.wait(60)
            part = tmp_path / "data" / "models" / f".{TINY.name}" / "model.bin"
            until(lambda: part.stat().st_size > 30 << 20)
            server.kill()
            model_hub.stall_after = None
            model_hub.go_on.set()
            server.start()
            body = api.ended(generation_id)
            assert body["status"] == "completed"
            assert model_hub.starts()[0] == 0 and model_hub.starts()[-1] > 30 << 20 and len(model_hub.starts()) == 2
            info = {each["id"]: each["info"] for each in api("GET", "/models").json()["data"]}[TINY.id]
            assert info["state"] == "here" and info["english_only"] and info["bytes"] > 75_000_000
