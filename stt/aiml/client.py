"""Provide the HTTP client of the AI/ML API: create a transcription, get its result, check a key, list the models.

A create request may be billed even if its response is lost. So a create request is retried only if the provider cannot
have accepted it, or if the server recognizes a repeated request by its Idempotency-Key, as STT Studio's server does. A
get request changes nothing, so it is retried after any transient error. The key is sent only in the Authorization
header.
"""

from __future__ import annotations

import json
import logging
import mimetypes
import time
import uuid
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from http.cookiejar import DefaultCookiePolicy
from pathlib import Path, PurePath
from typing import Any, NamedTuple
from urllib.parse import quote, urljoin, urlsplit

import requests
from pydantic import SecretStr
from requests.auth import AuthBase
from requests_toolbelt import MultipartEncoder, MultipartEncoderMonitor
from urllib3.exceptions import HTTPError

from stt import errors
from stt.aiml.error_mapping import error_for, failure, message_of
from stt.aiml.pacing import Pace, pace_of
from stt.backoff import CLOCK, Clock, backoff, retry_after
from stt.compat.requests import never_sent, untrusted
from stt.files.json_values import clean, fields

log = logging.getLogger(__name__)

LARGEST = 64 * 1024 * 1024  # maximum size of a response, bytes; the words of ten hours of speech take about 40 MB
LONGEST_ANSWER = 180.0  # timeout for a whole response body, seconds; `read_timeout` limits only the time between bytes
REPORT = 0.1  # interval between progress reports of an upload, seconds
LOST = (requests.RequestException, HTTPError, OSError)  # exceptions that a failed connection raises

Stop = Callable[[], bool]
Progress = Callable[[int, int], None]  # (bytes sent, total bytes)


class Client:
    """A client of the AI/ML API with one key. Threads may share a client. All clients of one key share a `Pace`.

    `base_url` ends in "/v1". The timeouts are in seconds. `connect_timeout` limits connecting and `read_timeout` the
    time between two bytes of a response. `create_timeout` limits the wait for the response to a create request. This
    timeout is long, because a create request that is given up and sent again may be billed twice.
    """

    def __init__(
        self, base_url: str, key: str | SecretStr | None, *, connect_timeout: float = 20.0, read_timeout: float = 30.0,
        create_timeout: float = 300.0, max_creates: int = 4, clock: Clock = CLOCK) -> None:  # fmt: skip
        """Create a client that sends at most `max_creates` create requests at once.

        Raises KeyMissing without a key, KeyRefused if the key is malformed, SetupError if `base_url` is not http(s).
        """
        self._base = _base(base_url)
        self._auth = _Bearer(key)
        self._timeout, self._create_timeout = (connect_timeout, read_timeout), (connect_timeout, create_timeout)
        self._max_creates = max_creates
        self._session = _session()
        self._clock = clock
        self.pace: Pace = self._auth.pace(self._base, clock)

    def create(
        self, model: str, options: Mapping[str, Any] | None = None, *, path: Path | None = None,
        name: str | None = None, url: str | None = None, on_progress: Progress | None = None,
        on_wait: Callable[[errors.ProviderError], None] | None = None,
        on_created: Callable[[str], object] | None = None,
        cancelled: Stop | None = None, retry_seconds: float = 300.0,
        idempotency_key: str | None = None) -> str:  # fmt: skip
        """Submit the file at `path` (uploaded as `name`) or the link `url`, and return the generation id.

        `options` is the result of `stt.aiml.options.clean_options`. For a link, `on_progress` is called once, before
        the request. `cancelled` is checked until the last byte of the file is sent. A later cancel is ignored
        and the id is returned, because the provider may already work on the job. A request that the provider cannot
        have accepted is retried for `retry_seconds` seconds, and `on_wait` receives the error before each wait. With an
        `idempotency_key`, which the server must support, a request whose response is lost is retried, too.
        `on_created` is called with the id, to store it, while this request still counts towards `max_creates`. So a
        crash loses at most `max_creates` ids.
        Raises SubmissionUncertain if the provider may have accepted the request, another ProviderError if it has not,
        Cancelled if `cancelled` returns true in time, EmptyFile if the file is empty, NotFound if it cannot be opened.
        """
        if (path is None) == (url is None):
            raise ValueError("either path or url")
        parameters = {"model": model, **{n: v for n, v in (options or {}).items() if v is not None}}
        with self.pace.creating(self._max_creates, cancelled):
            until = self._clock.now() + retry_seconds
            for wait in backoff():
                self.pace.wait(until, cancelled)
                began, upload = self._clock.now(), _Upload(on_progress, cancelled)
                answer, lost = None, None
                try:
                    # Use a new connection: a server may close an idle one just as the request is written to it.
                    with ExitStack() as stack:
                        session = stack.enter_context(_session())
                        body: dict[str, Any] = {"json": {**parameters, "url": url}}
                        if path is not None:
                            body = upload.body(stack, path, name or path.name, parameters)
                        elif on_progress:
                            on_progress(0, 0)
                        if idempotency_key is not None:
                            body["headers"] = {**body.get("headers", {}), "Idempotency-Key": idempotency_key}
                        where = f"{self._base}/stt/create"
                        answer = _exchange(session, "POST", where, self._auth, timeout=self._create_timeout, **body)
                except LOST as error:
                    lost = error
                if answer is not None and (created := _created(answer)):
                    self.pace.accepted(began)
                    if on_created:
                        on_created(created)
                    return created
                failed, may_retry = self._judged(answer, lost, upload, began)
                may_retry = may_retry or (idempotency_key is not None and _may_be_repeated(failed))
                # After a 429, wait as long as `self.pace` requires of all calls with this key.
                wait = self.pace.delay() if isinstance(failed, errors.ProviderBusy) else max(wait, failed.wait)
                if not may_retry or self._clock.now() + wait > until:
                    raise failed
                log.info("create is sent again: %s", failed.message)
                if on_wait:
                    on_wait(failed)
                self._clock.pause(wait, cancelled)
        raise AssertionError("backoff has no end")

    def get(self, generation_id: str, *, retry_seconds: float = 0.0, cancelled: Stop | None = None) -> dict[str, Any]:
        """Request the state or result of a job, and return the JSON body of the response, which `results.read` parses.

        Transient errors are retried for `retry_seconds` seconds; with 0, only one request is sent. Raises ProviderBusy
        or ProviderDown if a transient error persists, another ProviderError (KeyRefused, PaymentRequired,
        ResultExpired, RequestRefused …) for a permanent error, and Cancelled if `cancelled` returns true.
        """
        if not generation_id.strip(". "):  # the ids "." and ".." would change the path of the request
            raise errors.ResultExpired("This is not a generation id.")
        until = self._clock.now() + retry_seconds
        for wait in backoff():
            try:
                return self._ask(f"/stt/{quote(generation_id, safe='')}", until, cancelled)
            except (errors.ProviderBusy, errors.ProviderDown) as error:
                wait = self.pace.delay() if isinstance(error, errors.ProviderBusy) else max(wait, error.wait)
                if self._clock.now() + wait > until:
                    raise
                log.info("get is asked again: %s", error.message)
            self._clock.pause(wait, cancelled)
        raise AssertionError("backoff has no end")

    def check_key(self) -> str:
        """Request a result that cannot exist, and return "The key works." if the key is accepted.

        Raises the errors of `get`, except ResultExpired and RequestRefused, which mean that the key is accepted.
        """
        with suppress(errors.ResultExpired, errors.RequestRefused):
            self._ask(f"/stt/{uuid.uuid4()}", self._clock.now() + 5, None)
        return "The key works."

    def _ask(self, path: str, until: float, cancelled: Stop | None) -> dict[str, Any]:
        self.pace.wait(until, cancelled)
        began = self._clock.now()
        try:
            answer = _exchange(self._session, "GET", self._base + path, self._auth, timeout=self._timeout)
        except LOST as error:
            raise errors.ProviderDown(_why(error)) from None
        if answer.status == 429:
            self.pace.refused(began, answer.wait)
        else:
            self.pace.accepted(began)
        if answer.status < 300 and isinstance(answer.body, dict):
            return answer.body
        raise _error(answer)

    def _judged(
        self, answer: _Answer | None, lost: BaseException | None, upload: _Upload, began: float
    ) -> tuple[errors.ProviderError, bool]:
        """Return the error of a create request that returned no id, and whether the request may be sent again.

        A retry is safe if the provider cannot have accepted the request.
        """
        if answer is None:
            if never_sent(lost) or upload.unfinished:
                return errors.ProviderDown(_why(lost)), not untrusted(lost)
            message = f"The job was sent, but the provider's answer was lost: {_why(lost)}"
            return errors.SubmissionUncertain(message), False
        if answer.status == 429:
            self.pace.refused(began, answer.wait)
            return _error(answer), True
        if answer.status < 300 and fields(answer.body).get("error"):
            return failure(answer.body), False
        error = _error(answer)
        if answer.status < 300 or answer.status in (302, 303) or (answer.status >= 500 and answer.status != 503):
            return errors.SubmissionUncertain(error.message, detail=error.detail), False
        if isinstance(error, errors.ResultExpired):
            refused = errors.RequestRefused(error.message, detail=error.detail)
            refused.reported, error = error.reported, refused
        return error, answer.status == 503


def _may_be_repeated(error: errors.ProviderError) -> bool:
    """Return whether a create request with an Idempotency-Key may succeed if it is sent again after `error`."""
    return isinstance(error, errors.SubmissionUncertain) or error.reported == errors.StillCreating.__name__


def list_models(base_url: str, etag: str | None = None) -> tuple[list[dict[str, Any]] | None, str | None]:
    """Return the provider's list of models with prices, and the list's ETag.

    `etag` is the ETag of an earlier list. If the list has not changed since then, None is returned in its place. The
    request contains no key. Raises ProviderError if the list cannot be loaded.
    """
    headers = {"If-None-Match": etag} if etag and etag.isascii() and etag.isprintable() else {}
    try:
        with _session() as session:
            address = f"{_base(base_url)}/models?include=pricing"
            answer = _exchange(session, "GET", address, headers=headers, timeout=(5.0, 15.0))
    except LOST as error:
        raise errors.ProviderDown(_why(error)) from None
    if answer.status == 304:
        return None, etag
    data = fields(answer.body).get("data")
    if answer.status != 200 or not isinstance(data, list):
        raise _error(answer)
    return [entry for entry in data if isinstance(entry, dict)], answer.headers.get("ETag")


class _Bearer(AuthBase):
    """Bearer authentication that keeps the key out of reprs and error messages.

    This is an `AuthBase`, because `requests` would replace a plain Authorization header by a login from a netrc file.
    """

    def __init__(self, key: str | SecretStr | None) -> None:
        secret = (key.get_secret_value() if isinstance(key, SecretStr) else key or "").strip()
        if not secret:
            raise errors.KeyMissing()
        if not (secret.isascii() and secret.isprintable()) or " " in secret or len(secret) > 1000:
            # Refuse the key here: `requests` would refuse the header with an error message that contains the key.
            raise errors.KeyRefused("This is not a key: it has spaces or characters that no key has.")
        self._secret = SecretStr(secret)

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._secret.get_secret_value()}"
        return request

    def redact(self, raw: bytes) -> bytes:
        """Remove the key from the body of a response, which may contain it."""
        return raw.replace(self._secret.get_secret_value().encode(), b"[key]")

    def pace(self, base: str, clock: Clock) -> Pace:
        return pace_of(base, self._secret.get_secret_value(), clock)


class _Upload:
    """A multipart request body whose file is read from disk while it is sent."""

    def __init__(self, on_progress: Progress | None, cancelled: Stop | None) -> None:
        self._on_progress, self._cancelled = on_progress, cancelled
        self._monitor: MultipartEncoderMonitor | None = None
        self._reported = 0.0
        self._ended = False

    @property
    def unfinished(self) -> bool:
        """Return whether bytes of the body were never sent. If so, the provider cannot have accepted the request."""
        return self._monitor is not None and self._monitor.bytes_read < self._monitor.len

    def body(self, stack: ExitStack, path: Path, name: str, parameters: dict[str, Any]) -> dict[str, Any]:
        try:
            file = stack.enter_context(open(path, "rb"))  # noqa: SIM115
        except OSError as error:
            raise errors.NotFound("The audio is no longer on this server.", detail=str(error)) from None
        if not path.stat().st_size:
            raise errors.EmptyFile()
        # The API calls the form field of the recording "file" for OpenAI's models and "audio" for all other models.
        part = "file" if parameters["model"].startswith("openai/") else "audio"
        kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
        # Remove directories and shorten the name, because some servers use it as a file name.
        name = PurePath(clean(name).replace("\\", "/").replace("\n", " ")).name or "audio"
        name = name if len(name) <= 100 else name[:80] + name[-20:]
        encoder = MultipartEncoder([*_fields(parameters), (part, (name, file, kind))])
        self._monitor = MultipartEncoderMonitor(encoder, self._sent)
        return {"data": self._monitor, "headers": {"Content-Type": self._monitor.content_type}}

    def _sent(self, monitor: MultipartEncoderMonitor) -> None:
        last = monitor.bytes_read >= monitor.len
        # At the end of the body, the HTTP client makes further empty reads, which need no report.
        if self._ended or (not last and time.monotonic() - self._reported < REPORT):
            return
        self._reported, self._ended = time.monotonic(), last
        if self._cancelled and not last and self._cancelled():
            raise errors.Cancelled()
        if self._on_progress:
            self._on_progress(min(monitor.bytes_read, monitor.len), monitor.len)


def _fields(parameters: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return parameters as form fields: one field per item of a flat list, and every other value but text as JSON."""

    def parts(value: Any) -> list[Any]:
        return value if isinstance(value, list) and not any(isinstance(p, dict | list) for p in value) else [value]

    return [(n, p if isinstance(p, str) else json.dumps(p)) for n, value in parameters.items() for p in parts(value)]


class _Answer(NamedTuple):
    """A response of the provider.

    `body` is the parsed JSON, or None if the body is not JSON. `wait` is the Retry-After header in seconds, or None.
    `web_page` tells whether the body is HTML or XML.
    """

    status: int
    headers: Mapping[str, str]
    body: Any
    wait: float | None
    web_page: bool


def _session() -> requests.Session:
    session = requests.Session()
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    return session


def _exchange(
    session: requests.Session, method: str, address: str, auth: _Bearer | None = None, **arguments: Any
) -> _Answer:  # fmt: skip
    """Send a request and return its complete response. Follow up to 3 redirects of a GET on the same host."""
    for _ in range(4):
        with session.request(method, address, auth=auth, stream=True, allow_redirects=False, **arguments) as response:
            raw = _read(response)
            raw = auth.redact(raw) if auth else raw
            answer = _Answer(
                response.status_code, response.headers, _parsed(raw), retry_after(response.headers.get("Retry-After")),
                raw.lstrip()[:1] == b"<" or "text/html" in response.headers.get("Content-Type", ""),
            )  # fmt: skip
        target = urljoin(address, response.headers.get("Location", ""))
        if method != "GET" or not response.is_redirect or urlsplit(target)[:2] != urlsplit(address)[:2]:
            break
        address = target
    return answer


def _read(response: requests.Response) -> bytes:
    until, parts, size = time.monotonic() + LONGEST_ANSWER, [], 0
    while part := response.raw.read1(65536, decode_content=True):
        parts.append(part)
        size += len(part)
        if size > LARGEST:
            raise requests.RequestException("the answer is too large")
        if time.monotonic() > until:
            raise requests.Timeout("the answer takes too long")
    return b"".join(parts)


def _parsed(raw: bytes) -> Any:
    with suppress(ValueError, RecursionError):
        return json.loads(raw)


def _created(answer: _Answer) -> str | None:
    found = fields(answer.body).get("generation_id") if answer.status < 300 else None
    return str(found) if type(found) in (str, int) and str(found).strip(". ") else None


def _base(address: str) -> str:
    address = address.strip().rstrip("/")
    if not address.startswith(("http://", "https://")) or not urlsplit(address).hostname:
        raise errors.SetupError("AIML_BASE_URL must be an http or https address.")
    return address


# Errors


def _why(error: BaseException | None) -> str:
    if never_sent(error):
        return "Its certificate is not trusted." if untrusted(error) else "No connection could be made."
    late = isinstance(error, requests.Timeout) or "timed out" in str(error).lower()
    return "No answer came in time." if late else "The connection ended before the answer was complete."


def _error(answer: _Answer) -> errors.ProviderError:
    if 300 <= answer.status < 400:
        message = "The provider answered with a redirect to another address, which is not followed with a key."
        return errors.ProviderDown(message)
    if answer.web_page and answer.status != 429:  # a gateway in front of the API sends error pages with any status
        message = f"The provider answered with a web page (status {answer.status}) instead of a result."
        return errors.ProviderDown(message, wait=answer.wait)
    if answer.status < 300:
        return errors.ProviderDown("The provider's answer was not complete.")
    message = message_of(answer.body) or f"The provider answered with status {answer.status}."
    request = (message_of(fields(answer.body).get("requestId")) or message_of(answer.headers.get("X-Request-Id")))[:80]
    message += f" (request id {request})" if request else ""
    detail = f"status {answer.status}, request id {request or 'unknown'}"
    error = error_for(answer.status)(message, detail=detail, wait=answer.wait)
    error.reported = clean(answer.headers.get(errors.NAME_HEADER))[:40]
    return error
