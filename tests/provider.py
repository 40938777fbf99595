"""Provide a stand-in for the AI/ML API: a real HTTP server, as strict as the contract, that can cause network faults.

    with Provider() as provider:
        provider.script(duration=0.5, text="Hello there.")
        provider.fault("create", "429", retry_after=1)
        Client(provider.url, provider.key)…
        assert provider.duplicates == []

    python -m tests.provider --port 8901      # in a separate process: GET /_state, POST /_script

The stand-in returns a given text instead of transcribing. `tests/provider_contract.py` defines which parameters each
model accepts, and the format of its results.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import secrets
import sys
import threading
import time
import uuid
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import asdict, dataclass, field
from http.server import ThreadingHTTPServer
from typing import IO, Any
from urllib.parse import unquote, urlsplit

from werkzeug.exceptions import HTTPException
from werkzeug.formparser import FormDataParser, default_stream_factory
from werkzeug.http import parse_options_header
from werkzeug.wsgi import LimitedStream

from tests.provider_contract import MODELS, Refused, check, result
from tests.provider_faults import AFTER, BEFORE, FaultyHandler

KEY = "sk-test-0123456789abcdef"


@dataclass
class Job:
    """Represent a job that a client created. `content` is the SHA-256 of the sent file, or the sent link.

    If two jobs have the same `content`, a client created the same job twice.
    """

    id: str
    model: str
    content: str
    name: str
    size: int
    options: dict[str, Any]
    at: float
    script: dict[str, Any] = field(repr=False)
    polls: int = 0


class Provider:
    """Represent the stand-in at `url`, which accepts the API key `key`.

    `jobs` has the created jobs by id, and `calls` has the number of requests by kind ("create", "get", "models"). The
    method `script` defines the results of jobs, `fault` queues faults for the next calls, and `chaos` causes faults at
    random.
    """

    def __init__(self, port: int = 0, key: str = KEY, seed: int = 1) -> None:
        self.key = key
        self.jobs: dict[str, Job] = {}
        self.calls: Counter[str] = Counter()
        self.faults: Counter[tuple[str, str]] = Counter()  # number of caused faults by (kind of call, kind of fault)
        self.creating = self.most_creating = 0
        self.expires = 3600.0  # seconds after the creation of a job until a get returns 404
        self.seen_authorization: list[str] = []  # paths outside the API that received an Authorization header
        self._defaults: dict[str, Any] = {"duration": 0.2, "text": "Hello there. How are you?", "seconds": 11.0}
        self._scripts: dict[str, dict[str, Any]] = {}
        self._faults: list[dict[str, Any]] = []
        self._chaos: dict[str, tuple[float, tuple[str, ...]]] = {}
        self._random = random.Random(seed)
        self.lock = threading.RLock()
        self.server = _Server(("127.0.0.1", port), _Handler)
        self.server.provider = self
        self.url = f"http://127.0.0.1:{self.server.server_port}/v1"

    def __enter__(self) -> Provider:
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()

    def script(self, content: str | None = None, **values: Any) -> None:
        """Define the results of all jobs, or of the jobs whose SHA-256, link or name is `content`.

        `values` may have `duration` (seconds until the job is done), `text`, `seconds` (of audio), `error` (a text or
        object with which the job fails), `result` (the whole result), and `variant` of the result ("object": `channels`
        is an object; "output": the key is `output` instead of `result`; "null": `results` is null).
        """
        with self.lock:
            (self._defaults if content is None else self._scripts.setdefault(content, {})).update(values)

    def fault(self, on: str, kind: str, times: int = 1, **details: Any) -> None:
        """Cause the fault `kind` in each of the next `times` calls of the kind `on` ("create", "get" or "models").

        `kind` is a fault from BEFORE or AFTER. `details` may have `retry_after` for 429 and 503 (None for no header),
        `seconds` for slow responses, `until` for slow headers (an event that the test sets), and `to` for a redirect.
        """
        assert kind in BEFORE + AFTER, kind
        with self.lock:
            self._faults += [{"on": on, "kind": kind, **details} for _ in range(times)]

    def chaos(self, on: str, rate: float, kinds: Iterable[str]) -> None:
        """Cause a random one of the faults `kinds` in the share `rate` (0 to 1) of the calls of the kind `on`."""
        with self.lock:
            self._chaos[on] = (rate, tuple(kinds))

    @property
    def created(self) -> list[str]:
        """Return `content` (SHA-256 or link) of each created job, in the order of creation."""
        with self.lock:
            return [job.content for job in self.jobs.values()]

    @property
    def duplicates(self) -> list[str]:
        return [content for content, times in Counter(self.created).items() if times > 1]

    def state(self) -> dict[str, Any]:
        with self.lock:
            return {
                "jobs": [{k: v for k, v in asdict(job).items() if k != "script"} for job in self.jobs.values()],
                "created": self.created, "duplicates": self.duplicates, "calls": dict(self.calls),
                "most_creating": self.most_creating, "faults_left": len(self._faults),
            }  # fmt: skip

    @contextmanager
    def counted(self) -> Iterator[None]:
        """Count the `with` block as a create in progress. `most_creating` is the maximum number of creates at once."""
        with self.lock:
            self.creating += 1
            self.most_creating = max(self.most_creating, self.creating)
        try:
            yield
        finally:
            with self.lock:
                self.creating -= 1

    def next_fault(self, on: str) -> dict[str, Any]:
        with self.lock:
            self.calls[on] += 1
            fault = next((fault for fault in self._faults if fault["on"] == on), {})
            rate, kinds = self._chaos.get(on, (0.0, ()))
            if fault:
                self._faults.remove(fault)
            elif self._random.random() < rate:
                fault = {"kind": self._random.choice(kinds), "seconds": 0.3}
            if fault:
                self.faults[on, fault["kind"]] += 1
            return fault

    def add(self, model: str, content: str, name: str, size: int, options: dict[str, Any]) -> Job:
        with self.lock:
            script = self._defaults | self._scripts.get(name, {}) | self._scripts.get(content, {})
            # The contract has two kinds of job ids, UUIDs and short tokens, so both kinds are used alternately.
            identity = str(uuid.uuid4()) if len(self.jobs) % 2 else secrets.token_urlsafe(9)
            self.jobs[identity] = Job(identity, model, content, name, size, options, time.time(), script)
            return self.jobs[identity]

    def answer(self, job: Job) -> dict[str, Any]:
        """Return the response body of a get: status "queued", then "generating", then the result or the error."""
        job.polls += 1
        age = time.time() - job.at
        if age < job.script["duration"]:
            # Older models return the statuses "waiting" and "active" instead of "queued" and "generating".
            states = ("waiting", "active") if MODELS[job.model] == "old" else ("queued", "generating")
            return {"id": job.id, "status": states[age > job.script["duration"] * 0.2]}
        if job.script.get("error"):
            return {"id": job.id, "status": "error", "error": job.script["error"]}
        key = "output" if job.script.get("variant") == "output" else "result"
        return {"id": job.id, "status": "completed", key: job.script.get("result") or result(job)}


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    provider: Provider

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Print an error, except for broken connections and invalid data, which the caused faults bring about."""
        if not isinstance(sys.exception(), OSError | ValueError):
            super().handle_error(request, client_address)


class _Handler(FaultyHandler):
    server: _Server

    def do_GET(self) -> None:  # noqa: N802 - the name that http.server calls
        path = urlsplit(self.path).path
        if path == "/_state":
            self.send(200, self.server.provider.state())
        elif path == "/v1/models":
            self._serve("models", self._models)
        elif path.startswith("/v1/stt/"):
            self._serve("get", self._get)
        else:
            if self.headers.get("Authorization"):
                self.server.provider.seen_authorization.append(self.path)
            self.send(404, {"message": f"Cannot GET {path}"})

    def do_POST(self) -> None:  # noqa: N802 - the name that http.server calls
        if self.path == "/_script":
            self._script()
        elif self.path == "/v1/stt/create":
            with self.in_progress as in_progress:
                in_progress.enter_context(self.server.provider.counted())
                self._serve("create", self._create)
        else:
            self.send(404, {"message": f"Cannot POST {self.path}"})

    def _script(self) -> None:
        """Handle `{"script": [{…}], "fault": [{…}], "chaos": [{…}], "expires": seconds}`.

        Each list item has the keyword arguments for one call of the Provider method `script`, `fault` or `chaos`.
        """
        commands = json.loads(self._body().read())
        provider = self.server.provider
        for name in ("script", "fault", "chaos"):
            for arguments in commands.get(name, ()):
                getattr(provider, name)(**arguments)
        provider.expires = commands.get("expires", provider.expires)
        self.send(200, {})

    def _serve(self, on: str, respond: Any) -> None:
        fault = self.server.provider.next_fault(on)
        if fault.get("kind") in BEFORE:
            if fault["kind"] != "reset-before" and self.command == "POST":
                with suppress(HTTPException):
                    self._body().exhaust()
            return self.fail(fault)
        try:
            if on != "models" and self.headers.get("Authorization") != f"Bearer {self.server.provider.key}":
                if self.command == "POST":
                    self._body().exhaust()
                raise Refused(401, "Invalid or missing API key")
            status, body, headers = respond()
        except Refused as refused:
            status, headers = refused.status, {}
            body = {"message": refused.message, "path": self.path, "requestId": "req-1", "statusCode": status}
        self.respond(fault, status, body, headers)

    def _get(self) -> tuple[int, Any, dict]:
        provider = self.server.provider
        job = provider.jobs.get(unquote(urlsplit(self.path).path.removeprefix("/v1/stt/")))
        if job is None or time.time() - job.at > provider.expires:
            raise Refused(404, "Generation not found")
        return 200, provider.answer(job), {}

    def _models(self) -> tuple[int, Any, dict]:
        if self.headers.get("Authorization"):
            self.server.provider.seen_authorization.append(self.path)
        pricing = {"kind": "fixed", "currency": "USD", "units": [{"name": "second", "price": 0.0001, "per": 1}]}
        data = [
            {"id": name, "aliases": [name.removeprefix("#g1_")] if "#g1_whisper" in name else [], "type": "stt",
             "info": {"name": name, "developer": "Somebody", "description": f"What {name} is."}, "tags": [],
             "pricing": pricing if MODELS[name] != "openai" else {"kind": "variable"}}
            for name in MODELS if not name.startswith("whisper-")
        ]  # fmt: skip
        data.append({"id": "openai/gpt-4o", "aliases": [], "type": "chat-completion", "info": {}, "pricing": None})
        if self.headers.get("If-None-Match") == '"v1"':
            return 304, None, {"ETag": '"v1"'}
        return 200, {"object": "list", "data": data}, {"ETag": '"v1"'}

    def _create(self) -> tuple[int, Any, dict]:
        kind, details = parse_options_header(self.headers.get("Content-Type"))
        if kind == "application/json":
            try:
                options = json.loads(self._body().read())
            except ValueError:
                raise Refused(400, "Body is not JSON") from None
            name, size, content = "", 0, options.pop("url", None)
            if not isinstance(content, str) or not content.startswith(("http://", "https://")):
                raise Refused(400, [{"path": ["url"], "message": "Expected a URL"}])
        elif kind == "multipart/form-data":
            options, name, content, size = self._multipart(kind, details)
        else:
            self._body().exhaust()
            raise Refused(400, "Body validation error: expected JSON or multipart/form-data")
        model = options.pop("model", None)
        check(model, options, typed=kind == "application/json")
        job = self.server.provider.add(model, content, name, size, options)
        return 201, {"generation_id": job.id, "status": "queued"}, {}

    def _multipart(self, kind: str, details: dict) -> tuple[dict[str, Any], str, str, int]:
        with ExitStack() as streams:

            def stream(*facts: Any, **more: Any) -> IO[bytes]:
                return streams.enter_context(closing(default_stream_factory(*facts, **more)))

            try:
                _, form, files = FormDataParser(stream, silent=False).parse(self._body(), kind, None, details)
            except (HTTPException, ValueError):
                raise Refused(400, "Body is not whole multipart/form-data") from None
            options = {name: some if len(some) > 1 else some[0] for name, some in form.to_dict(flat=False).items()}
            uploads = list(files.items(multi=True))
            allowed = ("audio", "file") if str(options.get("model")).startswith("openai/") else ("audio",)
            if len(uploads) != 1 or uploads[0][0] not in allowed:
                raise Refused(400, [{"path": ["audio"], "message": "Expected one file"}])
            upload = uploads[0][1]
            digest = hashlib.file_digest(upload.stream, "sha256").hexdigest()
            size = upload.stream.tell()
        if not size or not upload.filename or not upload.mimetype:
            raise Refused(400, [{"path": ["audio"], "message": "Expected a file with bytes, a name and a type"}])
        return options, upload.filename, digest, size

    def _body(self) -> LimitedStream:
        return LimitedStream(self.rfile, int(self.headers.get("Content-Length") or 0))


def main() -> None:
    parser = argparse.ArgumentParser(description="A stand-in for the AI/ML API, for tests.")
    parser.add_argument("--port", type=int, default=8901)
    parser.add_argument("--key", default=KEY)
    provider = Provider(**vars(parser.parse_args()))
    print(f"AIML_BASE_URL={provider.url} AIML_API_KEY={provider.key}", flush=True)
    with suppress(KeyboardInterrupt):
        provider.server.serve_forever(0.1)


if __name__ == "__main__":
    main()
