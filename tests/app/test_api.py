"""Test over real HTTP that the REST routes of this server behave as the provider's API contract says."""

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
    """Transcribe a recording over REST, and return the JSON response that has its result."""
    response = api.send(audio.JFK.read_bytes(), name="../../etc/moon speech.flac", language="en-US", punctuate="true")
    assert response.status_code == 201 and response.json().keys() == {"generation_id", "status"}
    assert response.json()["status"] == "queued"
    return api.ended(response.json()["generation_id"])


def plain_words(body: dict) -> str:
    text = body["result"]["results"]["channels"][0]["alternatives"][0]["transcript"]
    return "".join(c for c in text.lower() if c.isalpha() or c == " ")


def test_file_is_transcribed_into_words_with_times(api: Api, done: dict):
    assert done["status"] == "completed" and done["error"] is None
    assert plain_words(done) == audio.JFK_WORDS
    words = done["result"]["results"]["channels"][0]["alternatives"][0]["words"]
    assert [w["word"] for w in words] == audio.JFK_WORDS.split()
    assert all(0 <= w["start"] <= w["end"] <= 11.1 and 0 < w["confidence"] <= 1 for w in words)
    assert done["result"]["metadata"]["duration"] == pytest.approx(11, abs=0.1)


def test_response_matches_the_published_openapi_schema(api: Api, done: dict):
    document = api("GET", "/openapi.json").json()
    schema = {**document["components"]["schemas"]["Transcription"], **document}
    jsonschema.validate(done, schema)


def test_a_link_is_fetched_and_transcribed(api: Api, httpserver: HTTPServer):
    httpserver.expect_request("/talk.flac").respond_with_data(audio.JFK.read_bytes())
    response = api.link(httpserver.url_for("/talk.flac"))
    assert response.status_code == 201
    assert plain_words(api.ended(response.json()["generation_id"])) == audio.JFK_WORDS


def test_form_part_may_be_named_file_as_in_the_openai_api(api: Api):
    response = api.send(audio.JFK.read_bytes(), part="file")
    assert response.status_code == 201
    assert api("DELETE", f"/stt/{response.json()['generation_id']}").status_code == 204


def test_transcript_sent_with_the_file_is_aligned_instead_of_transcribed(api: Api):
    text = "And so, my fellow Americans: ask not what your country can do for you."
    response = api.send(audio.JFK.read_bytes(), transcript=text, language="en")
    assert response.status_code == 201, response.text
    body = api.ended(response.json()["generation_id"])
    best = body["result"]["results"]["channels"][0]["alternatives"][0]
    assert body["status"] == "completed" and best["transcript"] == text
    fellow = next(word for word in best["words"] if word["word"] == "fellow")
    assert 0.8 < fellow["start"] < fellow["end"] < 2.0
    assert_refused(api.send(audio.JFK.read_bytes(), transcript="{}"), 400, "no transcript in a known format")
    assert_refused(api.send(audio.JFK.read_bytes(), transcript="PK\x03\x04"), 400, "Word document")
    assert_refused(
        api.send(audio.JFK.read_bytes(), files={"transcript": ("a.txt", "Fa\xe7ade, na\xefve.".encode("latin-1"))}),
        400,
        "UTF-8",
    )
    document = FORMATS["docx"].write(Transcript((Segment(0.0, 11.0, text),), 11.0, "en"), title="Speech")
    response = api.send(audio.JFK.read_bytes(), files={"transcript": ("speech.docx", document)}, language="en")
    assert response.status_code == 201, response.text
    assert (
        text
        in api.ended(response.json()["generation_id"])["result"]["results"]["channels"][0]["alternatives"][0][
            "transcript"
        ]
    )
    assert_refused(api.send(audio.JFK.read_bytes(), transcript=text, translate="true"), 400, "translate")


def test_vocabulary_and_prompt_are_options(api: Api, httpserver: HTTPServer):
    httpserver.expect_request("/talk.flac").respond_with_data(audio.JFK.read_bytes())
    terms = ["fellow -> dear", "Kubernetes"]
    responses = [
        api.link(httpserver.url_for("/talk.flac"), vocabulary=terms, prompt="Ask not."),
        api.send(audio.JFK.read_bytes(), vocabulary="\n".join(terms), prompt="Ask not."),
    ]
    for answer in responses:
        assert answer.status_code == 201, answer.text
        assert plain_words(api.ended(answer.json()["generation_id"])) == audio.JFK_WORDS.replace("fellow", "dear")
    refused = api.link(httpserver.url_for("/talk.flac"), vocabulary=["fine", "a\tb → c → d"])
    assert_refused(refused, 400, "Line 2 has several arrows.")


def test_link_without_a_recording_ends_in_an_error_with_a_message(api: Api, httpserver: HTTPServer):
    httpserver.expect_request("/page").respond_with_data("<html>Not sound</html>")
    response = api.link(httpserver.url_for("/page"))
    body = api.ended(response.json()["generation_id"])
    assert body["status"] == "error" and body["result"] is None
    assert body["error"]["name"] in ("BadLink", "NotSound") and len(body["error"]["message"]) > 20


def test_provider_example_programs_run_with_our_address_and_key(api: Api, httpserver: HTTPServer, tmp_path: Path):
    sound = audio.write(tmp_path / "stt-sample.mp3", audio.samples(audio.JFK)).read_bytes()
    httpserver.expect_request("/samples/mp3/blizzard_primed/sample-0.mp3").respond_with_data(sound)
    replacements = {
        "https://api.aimlapi.com/v1": api.base,
        "<YOUR_AIMLAPI_KEY>": api.token,
        "https://audio-samples.github.io": httpserver.url_for("").rstrip("/"),
    }
    with ExitStack() as stack:
        programs = []
        for name in ("seed_url.py", "seed_file.py"):  # run at the same time, because each polls every ten seconds
            text = (HERE / name).read_text()
            for original, replacement in replacements.items():
                text = text.replace(original, replacement)
            output = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
            program = subprocess.Popen([sys.executable, "-u", "-c", text], cwd=tmp_path, **output)
            programs.append(stack.enter_context(program))
        for program in programs:
            printed, _ = program.communicate(timeout=180)
            assert program.returncode == 0, printed
            assert "Processing complete" in printed and "ask what you can do for your country" in printed, printed


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
    result = subprocess.run([sys.executable, "-c", text], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert "your country" in result.stdout


def test_job_is_in_the_token_owners_history_with_a_sanitised_title(server: Server, done: dict):
    code = "from stt.store import records; job = records.load('%s', 'user:tests'); print(job.title, job.state)"
    assert python(server, "-c", code % done["id"]) == "moon speech done"


def test_polling_client_does_not_reuse_a_connection_that_is_closing(api: Api, done: dict):
    first, second = (api("GET", f"/stt/{done['generation_id']}") for _ in range(2))
    assert first.json() == second.json()
    assert {one.headers["Connection"] for one in (first, second)} == {"close"}


def test_other_owners_and_unknown_ids_get_404(api: Api, other_api: Api, done: dict):
    for generation_id in (done["id"], "unknown", "a" * 200, "%27%20OR%201=1", "%F0%9F%8E%B5"):
        for method in ("GET", "DELETE"):
            assert_refused(other_api(method, f"/stt/{generation_id}"), 404)
    assert api("GET", f"/stt/{done['id']}").status_code == 200


def test_deleted_transcription_is_gone_with_its_recording(server: Server, api: Api):
    before = set((server.data / "audio").iterdir())
    generation_id = api.send(audio.JFK.read_bytes()).json()["generation_id"]
    assert set((server.data / "audio").iterdir()) != before
    response = api("DELETE", f"/stt/{generation_id}")
    assert response.status_code == 204 and response.content == b""
    assert_refused(api("GET", f"/stt/{generation_id}"), 404)
    assert_refused(api("DELETE", f"/stt/{generation_id}"), 404)
    assert set((server.data / "audio").iterdir()) == before


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer ", "Bearer stt_wrong", "Basic dGVzdDp0", "Bearer \xfc"])
@pytest.mark.parametrize(("method", "path"), [("POST", "/stt/create"), ("GET", "/stt/x"), ("DELETE", "/stt/x")])
def test_request_without_a_valid_token_gets_401(server: Server, method: str, path: str, header: str | None):
    headers = {} if header is None else {"Authorization": header}
    answer = Api(server, None)(method, path, headers=headers)
    assert_refused(answer, 401, "token")
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_invalid_http_is_refused(server: Server):
    answer = Api(server, None)("GET", "/models", headers={"Authorization": "Bearer \x7f"})
    assert (answer.status_code, answer.text) == (400, "Invalid HTTP request received.")


def test_cookie_gives_no_api_access_and_token_gives_no_page_access(server: Server, api: Api, done: dict):
    browser = requests.Session()
    browser.get(server.url, headers={"Accept": "text/html"})
    assert_refused(browser.get(f"{api.base}/stt/{done['id']}"), 401)
    assert api.session.get(f"{server.url}/audio/{done['id']}").status_code == 404


def test_revoked_token_is_refused(server: Server):
    api = Api(server, make_token(server, "short-lived"))
    assert_refused(api("GET", "/stt/x"), 404)
    listed = python(server, "-m", "stt", "token", "--list").splitlines()
    token_id = next(line.split()[0] for line in listed if "short-lived" in line)
    python(server, "-m", "stt", "token", "--revoke", token_id)
    assert_refused(api("GET", "/stt/x"), 401)


def test_models_are_those_that_this_server_offers(server: Server):
    answer = requests.get(f"{server.url}/v1/models?include=pricing")
    assert answer.status_code == 200
    found = {model["id"]: model for model in answer.json()["data"]}
    assert found.keys() == {MODEL, "local/whisper-base"}
    assert found[MODEL]["pricing"]["units"][0]["price"] == 0 and "whisper-base" in found[MODEL]["aliases"]
    again = requests.get(f"{server.url}/v1/models", headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304 and again.content == b""


def test_unknown_path_or_method_gets_an_error_in_the_contracts_format(server: Server, api: Api):
    assert_refused(api("GET", "/nothing"), 404)
    assert_refused(api("GET", "/stt/a/b"), 404)
    refused = api("PUT", "/stt/create", json={})
    assert_refused(refused, 405)
    assert refused.headers["Allow"] == "POST"


def test_cross_site_request_to_the_api_is_refused(server: Server, api: Api):
    headers = {"Sec-Fetch-Site": "cross-site"}
    assert api("POST", "/stt/create", json={}, headers=headers).status_code == 403


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
    # Each create gets the URL of /healthz as its link. It is no recording, so each job fails at once without decoding.
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
