"""The REST routes, over real HTTP: the provider's contract on this server."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import jsonschema
import numpy as np
import pytest
import requests
from pytest_httpserver import HTTPServer

from tests import audio
from tests.server import ROOT, Server
from tests.waiting import until

HERE = Path(__file__).parent
MODEL = "#g1_whisper-base"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    data = tmp_path_factory.mktemp("api") / "data"
    with Server(data, STT_UPLOAD_LIMIT_MB="5", STT_ALLOW_PRIVATE_URLS="1") as server:
        yield server


@pytest.fixture(scope="module")
def api(server: Server) -> Api:
    return Api(server, make_token(server, "tests"))


@pytest.fixture(scope="module")
def somebody_else(server: Server) -> Api:
    return Api(server, make_token(server, "somebody else"))


class Api:
    """Requests with a token."""

    def __init__(self, server: Server, token: str | None) -> None:
        self.server, self.token = server, token
        self.base = f"{server.url}/v1"
        self.session = requests.Session()
        if token:
            self.session.headers["Authorization"] = f"Bearer {token}"

    def __call__(self, method: str, path: str, **more) -> requests.Response:
        return self.session.request(method, self.base + path, timeout=60, **more)

    def send(self, body: bytes, part: str = "audio", name: str = "talk.flac", **fields) -> requests.Response:
        return self("POST", "/stt/create", data={"model": MODEL, **fields}, files={part: (name, body)})

    def link(self, url: str, **fields) -> requests.Response:
        return self("POST", "/stt/create", json={"model": MODEL, "url": url, **fields})

    def ended(self, generation_id: str) -> dict:
        ends = time.monotonic() + 120
        while (body := self("GET", f"/stt/{generation_id}").json())["status"] in ("waiting", "active"):
            assert time.monotonic() < ends
        return body


def python(server: Server, *arguments: str) -> str:
    """What a Python process says that runs beside the server, on the same data."""
    command = [sys.executable, *arguments]
    return subprocess.run(
        command, cwd=ROOT, env=server.environment, capture_output=True, text=True, check=True
    ).stdout.strip()


def make_token(server: Server, name: str) -> str:
    return python(server, "-m", "stt", "token", name).splitlines()[-1]


@pytest.fixture(scope="module")
def done(api: Api) -> dict:
    """A finished transcription, as a get answers it."""
    made = api.send(audio.JFK.read_bytes(), name="../../etc/moon speech.flac", language="en-US", punctuate="true")
    assert made.status_code == 201 and made.json().keys() == {"generation_id", "status"}
    assert made.json()["status"] == "queued"
    return api.ended(made.json()["generation_id"])


def spoken(body: dict) -> str:
    text = body["result"]["results"]["channels"][0]["alternatives"][0]["transcript"]
    return "".join(c for c in text.lower() if c.isalpha() or c == " ")


def assert_refused(answer: requests.Response, code: int, *words: str) -> None:
    assert answer.status_code == code, answer.text
    body = answer.json()
    assert body.keys() == {"message", "path", "requestId", "statusCode", "timestamp"}
    assert body["statusCode"] == code and body["path"].startswith("/v1/")
    assert body["requestId"] == answer.headers["X-Request-Id"]
    assert all(word in body["message"] for word in words), body["message"]


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
    shown = "from stt import records; job = records.load('%s', 'user:tests'); print(job.title, job.state)"
    assert python(server, "-c", shown % done["id"]) == "moon speech done"


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


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer ", "Bearer stt_wrong", "Basic dGVzdDp0", "Bearer \x7f"])
@pytest.mark.parametrize(("method", "path"), [("POST", "/stt/create"), ("GET", "/stt/x"), ("DELETE", "/stt/x")])
def test_without_a_right_token_nothing_is_answered(server: Server, method: str, path: str, header: str | None):
    headers = {} if header is None else {"Authorization": header}
    answer = Api(server, None)(method, path, headers=headers)
    assert_refused(answer, 401, "token")
    assert answer.headers["WWW-Authenticate"] == "Bearer"


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
    python(server, "-m", "stt", "token", "--withdraw", token_id)
    assert_refused(api("GET", "/stt/x"), 401)


@pytest.mark.parametrize(
    ("body", "word"),
    [
        ({}, "model"),
        ([], "object"),
        ({"model": MODEL}, "url"),
        ({"url": "https://example.org/a.mp3"}, "model"),
        ({"model": "nobody/knows", "url": "https://example.org/a.mp3"}, "nobody/knows"),
        ({"model": "nova-3", "url": "https://example.org/a.mp3"}, "not offered"),
        ({"model": MODEL, "url": "https://example.org/a.mp3", "colour": "red"}, "colour"),
        ({"model": MODEL, "url": "https://example.org/a.mp3", "punctuate": "perhaps"}, "punctuate"),
        ({"model": MODEL, "url": "https://example.org/a.mp3", "language": "?"}, "Language"),
        ({"model": MODEL, "url": "https://example.org/a.mp3", "speaker_labels": True}, "speaker_labels"),
        ({"model": MODEL, "url": str(audio.JFK)}, "url"),
        ({"model": MODEL, "url": f"file://{audio.JFK}"}, "url"),
        ({"model": MODEL, "url": "http://"}, "address"),
        ({"model": MODEL, "url": 7}, "url"),
        ({"model": "\ud800", "url": "https://example.org/\ud800"}, "ud800"),
    ],
)
def test_a_body_that_does_not_fit_is_refused_with_the_part_that_does_not(api: Api, body: object, word: str):
    assert_refused(api("POST", "/stt/create", json=body), 400, word)


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe", b"[" * 100_000, b'{"model": ' + b"9" * 5000 + b"}"])
def test_what_is_no_json_is_refused(api: Api, body: bytes):
    assert_refused(api("POST", "/stt/create", data=body, headers={"Content-Type": "application/json"}), 400)


def test_a_json_body_is_read_up_to_a_megabyte(api: Api):
    body = b'{"model": "' + b"x" * (1 << 20) + b'"}'
    headers = {"Content-Type": "application/json"}
    assert_refused(api("POST", "/stt/create", data=body, headers=headers), 413)
    assert_refused(api("POST", "/stt/create", data=iter([body]), headers=headers), 413)


@pytest.mark.parametrize(
    ("fields", "parts", "word"),
    [
        ({}, {"audio": b"x" * 500}, "model"),
        ({"model": MODEL}, {"audio": b"x" * 500}, "not a sound"),
        ({"model": MODEL}, {"audio": b""}, "no bytes"),
        ({"model": MODEL}, {"sound": b"x" * 500}, "sound"),
        ({"model": MODEL, "url": "https://example.org/a.mp3"}, {"audio": b"x"}, "link"),
        ({"model": MODEL, "punctuate": "perhaps"}, {"audio": b"x"}, "Punctuation"),
        ({"model": MODEL, "colour": "red"}, {"audio": b"x"}, "colour"),
        ({"model": [MODEL, MODEL]}, {"audio": b"x"}, "model"),
        ({"model": MODEL}, {"audio": b"x", "file": b"x"}, "more than one file"),
    ],
)
def test_a_form_that_does_not_fit_is_refused_and_leaves_nothing(server: Server, api: Api, fields, parts, word: str):
    kept = set((server.data / "audio").iterdir())
    files = [(name, ("a.mp3", body)) for name, body in parts.items()]
    assert_refused(api("POST", "/stt/create", data=fields, files=files), 400, word)
    assert set((server.data / "audio").iterdir()) == kept


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("multipart/form-data", b"--x--"),
        ("multipart/form-data; boundary=x", b""),
        ("multipart/form-data; boundary=x", b"no form at all"),
        ("multipart/form-data; boundary=x", b'--x\r\nContent-Disposition: form-data; name="audio"\r\n\r\nRIFF'),
        ("multipart/form-data; boundary=x", b"--x\r\nContent-Disposition: form-data\r\n\r\na\r\n--x--\r\n"),
        ("multipart/form-data; boundary=" + "x" * 300, b"--x--"),
        ("application/x-www-form-urlencoded", b"model=a&url=b"),
        ("text/plain", b"hello"),
    ],
)
def test_what_is_no_form_is_refused(api: Api, kind: str, body: bytes):
    assert_refused(api("POST", "/stt/create", data=body, headers={"Content-Type": kind}), 400)


def test_a_form_is_bounded_in_its_fields(api: Api):
    many = {f"field{number}": "x" for number in range(300)}
    assert_refused(api.send(b"x", **many), 413, "fields")
    assert_refused(api.send(b"x", tag="x" * (2 << 20)), 413, "1 MB")


def head(api: Api, size: str) -> bytes:
    """The beginning of a form whose file goes on."""
    return (
        f"POST /v1/stt/create HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {api.token}\r\n{size}\r\n"
        "Content-Type: multipart/form-data; boundary=limit\r\n\r\n"
    ).encode()


PART = b'--limit\r\nContent-Disposition: form-data; name="audio"; filename="a.wav"\r\n\r\n'


def test_a_file_goes_to_disk_while_it_comes_and_a_broken_one_leaves_nothing(server: Server, api: Api):
    incoming = server.data / "incoming"
    with socket.create_connection(("localhost", server.port)) as connection:
        connection.sendall(head(api, "Content-Length: 4000000") + PART + bytes(2 << 20))
        until(lambda: any(path.stat().st_size >= 1 << 20 for path in incoming.iterdir()))
    until(lambda: not list(incoming.iterdir()))


def test_the_limit_holds_while_the_file_comes(server: Server, api: Api):
    block = b"%x\r\n" % (1 << 20) + bytes(1 << 20) + b"\r\n"
    with socket.create_connection(("localhost", server.port)) as connection:
        connection.sendall(head(api, "Transfer-Encoding: chunked") + b"%x\r\n" % len(PART) + PART + b"\r\n" + block * 6)
        assert b" 413 " in connection.recv(100)  # the body has not ended, and never says how long it is
    until(lambda: not list((server.data / "incoming").iterdir()))


def test_a_length_over_the_limit_is_refused_at_once(server: Server, api: Api):
    with socket.create_connection(("localhost", server.port)) as connection:
        connection.sendall(head(api, "Content-Length: 99999999999") + PART)
        assert b" 413 " in connection.recv(100)


def test_a_limit_of_the_host_is_a_429_that_says_so_and_keeps_nothing(tmp_path: Path):
    long = audio.write(tmp_path / "long.mp3", np.tile(audio.samples(audio.JFK), 7))
    with Server(tmp_path / "data", STT_MINUTES_PER_VISITOR="1") as server:
        api = Api(server, make_token(server, "tests"))
        assert_refused(api.send(long.read_bytes()), 429, "limit", "a day")
        assert not list((server.data / "audio").iterdir())


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
# Whether a setting belongs to the model that was named, and whether a file is sound, no schema can say: hence 400.
[[operations]]
include-operation-id = "createTranscription"
checks.positive_data_acceptance.expected-statuses = ["201", "400"]
parameters = {{ "body.model" = "{model}", "body.url" = "{url}" }}

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
        *("--phases", "examples,coverage,fuzzing", "--max-time", "30", "--no-color"),
    ]
    found = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=180, check=False)
    assert found.returncode == 0, found.stdout + found.stderr
    tried, passed = re.search(r"(\d+) generated, (\d+) passed", found.stdout).groups()
    assert int(tried) == int(passed) > 50, found.stdout
    assert '"level": "error"' not in server.log.read_text()
