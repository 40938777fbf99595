"""The REST routes, over real HTTP: the provider's contract on this server."""

from __future__ import annotations

import re
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import jsonschema
import pytest
import requests
from pytest_httpserver import HTTPServer

from stt.export.formats import FORMATS
from stt.transcript.model import Segment, Transcript
from tests import audio
from tests.app.rest import MODEL, Api, assert_refused, make_token, python
from tests.server import ROOT, Server

HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def done(api: Api) -> dict:
    """Return a finished transcription as the response to a get."""
    made = api.send(audio.JFK.read_bytes(), name="../../etc/moon speech.flac", language="en-US", punctuate="true")
    assert made.status_code == 201 and made.json().keys() == {"generation_id", "status"}
    assert made.json()["status"] == "queued"
    return api.ended(made.json()["generation_id"])


def spoken(body: dict) -> str:
    text = body["result"]["results"]["channels"][0]["alternatives"][0]["transcript"]
    return "".join(c for c in text.lower() if c.isalpha() or c == " ")


def test_a_file_comes_back_as_words_with_times(api: Api, done: dict):
    assert done["status"] == "completed" and done["error"] is None
    assert spoken(done) == audio.JFK_WORDS
    words = done["result"]["results"]["channels"][0]["alternatives"][0]["words"]
    assert [w["word"] for w in words] == audio.JFK_WORDS.split()
    assert all(0 <= w["start"] <= w["end"] <= 11.1 and 0 < w["confidence"] <= 1 for w in words)
    assert done["result"]["metadata"]["duration"] == pytest.approx(11, abs=0.1)


def test_answers_are_as_the_published_document_says(api: Api, done: dict):
    document = api("GET", "/openapi.json").json()
    schema = {**document["components"]["schemas"]["Transcription"], **document}
    jsonschema.validate(done, schema)


def test_a_link_is_fetched_and_transcribed(api: Api, httpserver: HTTPServer):
    httpserver.expect_request("/talk.flac").respond_with_data(audio.JFK.read_bytes())
    made = api.link(httpserver.url_for("/talk.flac"))
    assert made.status_code == 201
    assert spoken(api.ended(made.json()["generation_id"])) == audio.JFK_WORDS


def test_the_part_may_be_called_file_as_openai_calls_it(api: Api):
    made = api.send(audio.JFK.read_bytes(), part="file")
    assert made.status_code == 201
    assert api("DELETE", f"/stt/{made.json()['generation_id']}").status_code == 204


def test_a_transcript_beside_the_file_is_aligned_in_place_of_a_transcription(api: Api):
    text = "And so, my fellow Americans: ask not what your country can do for you."
    made = api.send(audio.JFK.read_bytes(), transcript=text, language="en")
    assert made.status_code == 201, made.text
    body = api.ended(made.json()["generation_id"])
    best = body["result"]["results"]["channels"][0]["alternatives"][0]
    assert body["status"] == "completed" and best["transcript"] == text
    fellow = next(word for word in best["words"] if word["word"] == "fellow")
    assert 0.8 < fellow["start"] < fellow["end"] < 2.0
    assert_refused(api.send(audio.JFK.read_bytes(), transcript="{}"), 400, "no transcript in a known place")
    assert_refused(api.send(audio.JFK.read_bytes(), transcript="PK\x03\x04"), 400, "Word document")
    assert_refused(
        api.send(audio.JFK.read_bytes(), files={"transcript": ("a.txt", "Fa\xe7ade, na\xefve.".encode("latin-1"))}),
        400,
        "UTF-8",
    )
    document = FORMATS["docx"].write(Transcript((Segment(0.0, 11.0, text),), 11.0, "en"), title="Speech")
    made = api.send(audio.JFK.read_bytes(), files={"transcript": ("speech.docx", document)}, language="en")
    assert made.status_code == 201, made.text
    assert (
        text
        in api.ended(made.json()["generation_id"])["result"]["results"]["channels"][0]["alternatives"][0]["transcript"]
    )
    assert_refused(api.send(audio.JFK.read_bytes(), transcript=text, translate="true"), 400, "translate")


def test_a_vocabulary_and_a_prompt_are_options(api: Api, httpserver: HTTPServer):
    httpserver.expect_request("/talk.flac").respond_with_data(audio.JFK.read_bytes())
    terms = ["fellow -> dear", "Kubernetes"]
    made = [
        api.link(httpserver.url_for("/talk.flac"), vocabulary=terms, prompt="Ask not."),
        api.send(audio.JFK.read_bytes(), vocabulary="\n".join(terms), prompt="Ask not."),
    ]
    for answer in made:
        assert answer.status_code == 201, answer.text
        assert spoken(api.ended(answer.json()["generation_id"])) == audio.JFK_WORDS.replace("fellow", "dear")
    refused = api.link(httpserver.url_for("/talk.flac"), vocabulary=["fine", "a\tb → c → d"])
    assert_refused(refused, 400, "Line 2 has several arrows.")


def test_a_link_to_what_is_no_recording_ends_as_an_error_in_words(api: Api, httpserver: HTTPServer):
    httpserver.expect_request("/page").respond_with_data("<html>Not sound</html>")
    made = api.link(httpserver.url_for("/page"))
    body = api.ended(made.json()["generation_id"])
    assert body["status"] == "error" and body["result"] is None
    assert body["error"]["name"] in ("BadLink", "NotSound") and len(body["error"]["message"]) > 20


def test_the_two_programs_of_the_providers_page_run_with_another_address_and_key(
    api: Api, httpserver: HTTPServer, tmp_path: Path
):
    sound = audio.write(tmp_path / "stt-sample.mp3", audio.samples(audio.JFK)).read_bytes()
    httpserver.expect_request("/samples/mp3/blizzard_primed/sample-0.mp3").respond_with_data(sound)
    replaced = {
        "https://api.aimlapi.com/v1": api.base,
        "<YOUR_AIMLAPI_KEY>": api.token,
        "https://audio-samples.github.io": httpserver.url_for("").rstrip("/"),
    }
    with ExitStack() as stack:
        programs = []
        for name in ("seed_url.py", "seed_file.py"):  # both at once: they look every ten seconds only
            text = (HERE / name).read_text()
            for theirs, ours in replaced.items():
                text = text.replace(theirs, ours)
            output = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
            program = subprocess.Popen([sys.executable, "-u", "-c", text], cwd=tmp_path, **output)
            programs.append(stack.enter_context(program))
        for program in programs:
            said, _ = program.communicate(timeout=180)
            assert program.returncode == 0, said
            assert "Processing complete" in said and "ask what you can do for your country" in said, said


EXAMPLE = """
from streamlit.testing.v1 import AppTest
page = AppTest.from_file("ROOT/pages/frame.py", default_timeout=60).switch_page("api.py").run()
print(next(code.value for code in page.code if code.language == "python"))
"""


def test_the_example_of_the_api_page_prints_a_transcript(server: Server, api: Api, tmp_path: Path):
    audio.write(tmp_path / "talk.mp3", audio.samples(audio.JFK))
    text = python(server, "-c", EXAMPLE.replace("ROOT", str(ROOT)))
    assert '"/v1", "TOKEN"' in text
    text = text.replace('"/v1", "TOKEN"', f'"{api.base}", "{api.token}"')
    said = subprocess.run([sys.executable, "-c", text], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert "your country" in said.stdout


def test_jobs_lie_in_the_history_of_the_tokens_owner_under_a_harmless_title(server: Server, done: dict):
    shown = "from stt.store import records; job = records.load('%s', 'user:tests'); print(job.title, job.state)"
    assert python(server, "-c", shown % done["id"]) == "moon speech done"


def test_a_program_that_asks_now_and_then_does_not_meet_a_line_that_is_just_ending(api: Api, done: dict):
    first, second = (api("GET", f"/stt/{done['generation_id']}") for _ in range(2))
    assert first.json() == second.json()
    assert {one.headers["Connection"] for one in (first, second)} == {"close"}


def test_whoever_is_not_the_owner_finds_nothing(api: Api, somebody_else: Api, done: dict):
    for generation_id in (done["id"], "unknown", "a" * 200, "%27%20OR%201=1", "%F0%9F%8E%B5"):
        for method in ("GET", "DELETE"):
            assert_refused(somebody_else(method, f"/stt/{generation_id}"), 404)
    assert api("GET", f"/stt/{done['id']}").status_code == 200


def test_what_is_deleted_is_gone_with_its_recording(server: Server, api: Api):
    before = set((server.data / "audio").iterdir())
    made = api.send(audio.JFK.read_bytes()).json()["generation_id"]
    assert set((server.data / "audio").iterdir()) != before
    gone = api("DELETE", f"/stt/{made}")
    assert gone.status_code == 204 and gone.content == b""
    assert_refused(api("GET", f"/stt/{made}"), 404)
    assert_refused(api("DELETE", f"/stt/{made}"), 404)
    assert set((server.data / "audio").iterdir()) == before


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer ", "Bearer stt_wrong", "Basic dGVzdDp0", "Bearer \xfc"])
@pytest.mark.parametrize(("method", "path"), [("POST", "/stt/create"), ("GET", "/stt/x"), ("DELETE", "/stt/x")])
def test_without_a_right_token_nothing_is_answered(server: Server, method: str, path: str, header: str | None):
    headers = {} if header is None else {"Authorization": header}
    answer = Api(server, None)(method, path, headers=headers)
    assert_refused(answer, 401, "token")
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_what_is_no_http_is_refused(server: Server):
    answer = Api(server, None)("GET", "/models", headers={"Authorization": "Bearer \x7f"})
    assert (answer.status_code, answer.text) == (400, "Invalid HTTP request received.")


def test_a_cookie_is_no_token_and_a_token_opens_no_page_of_others(server: Server, api: Api, done: dict):
    browser = requests.Session()
    browser.get(server.url, headers={"Accept": "text/html"})
    assert_refused(browser.get(f"{api.base}/stt/{done['id']}"), 401)
    assert api.session.get(f"{server.url}/audio/{done['id']}").status_code == 404


def test_a_withdrawn_token_is_worth_nothing(server: Server):
    api = Api(server, make_token(server, "short-lived"))
    assert_refused(api("GET", "/stt/x"), 404)
    listed = python(server, "-m", "stt", "token", "--list").splitlines()
    token_id = next(line.split()[0] for line in listed if "short-lived" in line)
    python(server, "-m", "stt", "token", "--revoke", token_id)
    assert_refused(api("GET", "/stt/x"), 401)


def test_models_are_those_that_this_server_answers(server: Server):
    answer = requests.get(f"{server.url}/v1/models?include=pricing")
    assert answer.status_code == 200
    found = {model["id"]: model for model in answer.json()["data"]}
    assert found.keys() == {MODEL, "local/whisper-base"}
    assert found[MODEL]["pricing"]["units"][0]["price"] == 0 and "whisper-base" in found[MODEL]["aliases"]
    again = requests.get(f"{server.url}/v1/models", headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304 and again.content == b""


def test_other_addresses_and_methods_are_answered_in_the_contracts_words(server: Server, api: Api):
    assert_refused(api("GET", "/nothing"), 404)
    assert_refused(api("GET", "/stt/a/b"), 404)
    refused = api("PUT", "/stt/create", json={})
    assert_refused(refused, 405)
    assert refused.headers["Allow"] == "POST"


def test_another_sites_page_cannot_use_the_visitors_cookie_here(server: Server, api: Api):
    crossing = {"Sec-Fetch-Site": "cross-site"}
    assert api("POST", "/stt/create", json={}, headers=crossing).status_code == 403


SCHEMATHESIS = """
# Whether a setting belongs to the model that was named, whether a file is sound and where an address leads, no schema can
# say: hence 400. And an
# Idempotency-Key may be that of an earlier example with another body: hence 409.
[[operations]]
include-operation-id = "createTranscription"
checks.positive_data_acceptance.expected-statuses = ["201", "400", "409"]
parameters = {{ "body.model" = "{model}", "body.url" = "{url}" }}

[[operations]]
include-operation-id = ["createSpeechTranscription", "createSpeechTranslation"]
checks.positive_data_acceptance.expected-statuses = ["200", "400", "409"]

[[operations]]
include-operation-id = "saveWebhook"
checks.positive_data_acceptance.expected-statuses = ["200", "400"]

[[operations]]
include-operation-id = "getTranscription"
parameters = {{ "path.generation_id" = "{generation_id}" }}
"""


def test_schemathesis_finds_nothing(server: Server, api: Api, done: dict, tmp_path: Path):
    # A link that is answered at once and is no sound, so that jobs are made and end without any work.
    config = SCHEMATHESIS.format(model=MODEL, url=f"{server.url}/healthz", generation_id=done["id"])
    (tmp_path / "schemathesis.toml").write_text(config)
    command = [
        *(sys.executable, "-m", "schemathesis.cli", "--config-file", "schemathesis.toml"),
        *("run", f"{api.base}/openapi.json", "--header", f"Authorization: Bearer {api.token}"),
        *("--generation-deterministic", "--max-examples", "8"),
        *("--phases", "examples,coverage,fuzzing", "--max-time", "45", "--no-color"),
    ]
    found = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=180, check=False)
    assert found.returncode == 0, found.stdout + found.stderr
    tried, passed = re.search(r"(\d+) generated, (\d+) passed", found.stdout).groups()
    assert int(tried) == int(passed) > 50, found.stdout
    assert [line for line in server.log.read_text().splitlines() if '"level": "error"' in line] == []
