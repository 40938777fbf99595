"""Use the protocol of the Hugging Face hub: list the files of a repository, and read a file from any byte on.

The environment variable `HF_ENDPOINT` sets the address of another hub, and `HF_TOKEN` the token to send to the hub. If
`HF_HUB_OFFLINE` is set, an error is raised in place of each request. Proxies set in the environment are used.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stt.backoff import retry_after
from stt.errors import ModelDownloadFailed

if TYPE_CHECKING:
    import requests

ENDPOINT = "https://huggingface.co"
TIMEOUT = (5.0, 5.0)  # timeouts for connecting and between two bytes, seconds; a cancellation may wait this long
BLOCK = 16 << 10  # maximum size of a block that `read` yields, bytes
# The files of a Whisper model for CTranslate2.
WANTED = re.compile(r"(config|preprocessor_config|tokenizer)\.json|model\.bin|vocabulary\.(json|txt)")
OFFLINE_GUIDANCE = "Check that this server reaches the hub (HF_ENDPOINT, and the proxy if there is one), then retry."


class Interrupted(Exception):
    """A transient failure. `wait` is the hub's Retry-After in seconds, or 0; `final` is raised after the last retry."""

    def __init__(self, final: ModelDownloadFailed, wait: float = 0.0) -> None:
        super().__init__(final.message)
        self.final, self.wait = final, wait


@dataclass(frozen=True, slots=True)
class HubFile:
    """A published file.

    For a large file the hub gives the SHA-256, `sha256`; for a small file it gives git's hash of the content, `blob`.
    """

    name: str
    size: int
    sha256: str | None
    blob: str | None

    def is_at(self, path: Path) -> bool:
        """Return whether the file at `path` has the size and the hash of the published file."""
        if path.stat().st_size != self.size:
            return False
        if self.sha256 is None:
            header = f"blob {self.size}\0".encode()
            return hashlib.sha1(header + path.read_bytes(), usedforsecurity=False).hexdigest() == self.blob
        return sha256(path) == self.sha256


def sha256(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The files of a model in one revision of its repository."""

    repository: str
    revision: str
    files: tuple[HubFile, ...]

    @property
    def size(self) -> int:
        return sum(file.size for file in self.files)

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, stored: dict[str, Any]) -> Snapshot:
        """Return the snapshot that `to_dict` converted to `stored`. Raises KeyError or TypeError for other content."""
        files = tuple(HubFile(**file) for file in stored["files"])
        return cls(stored["repository"], stored["revision"], files)


class Hub:
    """A connection to the hub, for one download."""

    def __init__(self, title: str) -> None:
        import requests  # imported late, because the first page does not need it

        self._title = title
        self._endpoint = (os.environ.get("HF_ENDPOINT") or ENDPOINT).rstrip("/")
        self._session = requests.Session()
        # Request no compression, because a compressed download could not be resumed at a byte of the file.
        self._session.headers.update({"User-Agent": "STT-Studio", "Accept-Encoding": "identity"})
        if token := os.environ.get("HF_TOKEN"):
            # requests removes this header when it follows a redirect to another host.
            self._session.headers["Authorization"] = f"Bearer {token}"

    def __enter__(self) -> Hub:
        return self

    def __exit__(self, *_: object) -> None:
        self._session.close()

    def snapshot(self, repository: str) -> Snapshot:
        """Return the files of the newest revision of a repository.

        Raises Interrupted after a transient failure, ModelDownloadFailed if the hub refuses the request or the
        repository lacks a file.
        """
        with self._get(f"/api/models/{repository}/revision/main", params={"blobs": "true"}) as answer:
            try:
                data = answer.json()
                revision = str(data["sha"])
                files = tuple(_file(entry) for entry in data["siblings"] if WANTED.fullmatch(entry["rfilename"]))
            except (ValueError, KeyError, TypeError) as error:
                raise Interrupted(self._error("The hub's answer cannot be read.", repr(error))) from error
        missing = {"config.json", "tokenizer.json", "model.bin"} - {file.name for file in files}
        if missing or not re.fullmatch(r"[0-9a-f]{7,64}", revision):
            raise self._error(f"The repository {repository} lacks files of the model.", f"lacks {missing}")
        return Snapshot(repository, revision, files)

    def read(self, snapshot: Snapshot, file: HubFile, start: int) -> Iterator[tuple[int, bytes]]:
        """Yield (position, block) of a file from byte `start`, or from byte 0 if the hub ignores `start`.

        Raises Interrupted after a transient failure, ModelDownloadFailed if the hub refuses the request or sends more
        bytes than the size of the file.
        """
        headers = {"Range": f"bytes={start}-"} if start else {}
        path = f"/{snapshot.repository}/resolve/{snapshot.revision}/{file.name}"
        with self._get(path, headers=headers, stream=True) as answer:
            at = start if answer.headers.get("Content-Range", "").startswith(f"bytes {start}-") else 0
            if answer.status_code == 206 and at != start:
                raise Interrupted(self._error("The hub sent the wrong part of a file."))
            for block in answer.iter_content(BLOCK):
                if at + len(block) > file.size:
                    raise self._error(f"{file.name} is larger than the hub announced.")
                yield at, block
                at += len(block)
        if at < file.size:
            raise Interrupted(self._error("The connection to the hub broke."))

    @contextmanager
    def _get(self, path: str, **how: Any) -> Iterator[requests.Response]:
        import requests
        from urllib3.exceptions import HTTPError

        if os.environ.get("HF_HUB_OFFLINE", "").upper() in ("1", "TRUE", "YES", "ON"):
            raise self._error("HF_HUB_OFFLINE is set.", guidance="Remove it, or copy the model to the data folder.")
        try:
            with self._session.get(self._endpoint + path, timeout=TIMEOUT, **how) as answer:
                self._check(answer)
                yield answer
        except (requests.RequestException, HTTPError) as error:
            problem = "The connection to the hub broke." if how.get("stream") else "The hub cannot be reached."
            raise Interrupted(self._error(problem, type(error).__name__, OFFLINE_GUIDANCE)) from error

    def _check(self, answer: requests.Response) -> None:
        status = answer.status_code
        if status in (200, 206):
            return
        if status in (401, 403):
            guidance = "Set HF_TOKEN to a token that may read it, then retry."
            raise self._error(f"The hub does not let this server read it ({status}).", guidance=guidance)
        if status in (404, 410):
            raise self._error("The hub does not have it (404).", guidance="Check HF_ENDPOINT, or choose another model.")
        wait = retry_after(answer.headers.get("Retry-After")) or 0.0
        if status == 429:
            busy = self._error("The hub gets too many requests (429).", guidance="Retry in a few minutes.")
            raise Interrupted(busy, wait)
        if status >= 500 or status in (408, 416):
            raise Interrupted(self._error(f"The hub answers with an error ({status})."), wait)
        raise self._error(f"The hub answers with status {status}.")

    def _error(self, why: str, detail: str = "", guidance: str | None = None) -> ModelDownloadFailed:
        return ModelDownloadFailed(f"{self._title} could not be downloaded. {why}", detail=detail, guidance=guidance)


def _file(entry: dict[str, Any]) -> HubFile:
    large = entry.get("lfs")
    if large:
        return HubFile(entry["rfilename"], int(large["size"]), str(large["sha256"]), None)
    return HubFile(entry["rfilename"], int(entry["size"]), None, str(entry["blobId"]))
