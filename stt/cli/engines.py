"""Transcribe one recording: with the job engine of this process, or through a server's REST routes."""

from __future__ import annotations

import hashlib
import json
import time
import uuid
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import SecretStr

from stt import errors, kinds
from stt.cli.failures import is_final
from stt.cli.inputs import Source
from stt.cli.record import SERVER
from stt.errors import Cancelled, DataFolderInUse, NotFound, SttError
from stt.files.json_values import clean, fields, items
from stt.transcript.model import Transcript

POLL = 0.2  # polling interval of a job on this machine, seconds
POLL_SERVER = 1.0  # polling interval of a job at a server, seconds
RETRY_SECONDS = 60.0  # maximum seconds for which the request to create a job at a server is retried
POLL_RETRY_SECONDS = 300.0  # maximum seconds for which a poll of a job at a server is retried
Created = Callable[[str], object]
Report = Callable[[float, float | None, str], None]  # (seconds done, total seconds or None, current action)


class Result(NamedTuple):
    """A transcript, and `notes`: sentences that say what is missing from it."""

    generation_id: str
    transcript: Transcript
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Attempt:
    """Say which job to resume, and how to create one.

    `resume` is the generation id of the job to resume, or None. If there is no such job, a job is created with `key`,
    which no other job has. If a job was created with `key` already, for example by a process that was killed at this
    moment, that job is resumed, and no second one is created. `on_created` is called with the generation id of a new
    job: on this machine just before the job is created, and at a server just after.
    """

    resume: str | None = None
    key: str = field(default_factory=lambda: uuid.uuid4().hex)
    on_created: Created = lambda _id: None


class PollingFailed(errors.ProviderDown):
    """A job was created at a server, but the server does not say how it is. The job may go on or have ended."""

    title = "The server does not answer"


class CannotOpen(errors.UploadBroken):
    """A file cannot be read, for example because of its permissions or a bad disk. A later attempt may succeed."""

    title = "The file cannot be read"
    guidance = "Check its permissions."


class Engine(ABC):
    """Represent a way to transcribe recordings: on this machine or through a server."""

    def __init__(self, model: str, options: dict[str, Any]) -> None:
        self.model, self.options = model, options

    @property
    @abstractmethod
    def signature(self) -> str:
        """Return a text that is the same for all engines that resume the jobs of this one."""

    def keeps(self, generation_id: str) -> bool:
        """Return whether a job that another engine created must be resumed, because it is done or may be billed.

        Any other job is stopped, so that it cannot be billed before it is deleted.
        """
        return False

    @abstractmethod
    def transcribe(self, source: Source, report: Report, attempt: Attempt) -> Result:
        """Create or resume a job, wait until it has ended, and return its transcript.

        Raises SttError if there is no transcript. The job is kept until `forget` is called. So after any error, and
        after Ctrl+C, a later call can resume it, also in another process. A resumed job that has failed is tried again,
        unless the error is final (see `stt.cli.failures`).
        """

    def forget(self, jobs: Iterable[str]) -> None:  # noqa: B027 - not abstract, because a server keeps its jobs
        """Delete jobs whose transcripts are no longer needed, unless they are a server's. Unknown ids are ignored."""

    def close(self) -> None:  # noqa: B027 - not abstract, because an engine may have no resources
        """Release the resources of the engine."""


class Local(Engine):
    """Run jobs in this process. The key of an attempt becomes the generation id of its job.

    Creating this object starts the job engine. Raises DataFolderInUse if another process uses the data folder.
    """

    def __init__(self, model: str, options: dict[str, Any]) -> None:
        super().__init__(model, options)
        from stt.jobs import service

        try:
            service.start()
        except DataFolderInUse as error:
            guidance = "Use it with --server, or set STT_DATA_DIR to another folder."
            raise DataFolderInUse(error.message, guidance=guidance) from error

    def close(self) -> None:
        from stt.jobs import service

        service.stop()

    def transcribe(self, source: Source, report: Report, attempt: Attempt) -> Result:
        report(0.0, None, "Reading")
        for generation_id in filter(None, (attempt.resume, attempt.key)):
            if self._resumes(generation_id):
                break
        else:
            self._download(report)
            # If the create is interrupted, the id cannot be used again: its workflow may have been queued and have
            # ended. As the id is recorded before, the next attempt has another key.
            attempt.on_created(attempt.key)
            generation_id = self._create(source, attempt.key)
        return self._wait_for(generation_id, report)

    @property
    def signature(self) -> str:
        chosen = json.dumps([self.model, self.options], sort_keys=True)
        return hashlib.sha256(chosen.encode("utf-8", "surrogatepass")).hexdigest()[:16]

    def keeps(self, generation_id: str) -> bool:
        from stt.auth.visitors import LOCAL
        from stt.jobs import service
        from stt.store import records, submissions

        with suppress(NotFound):
            job = records.load(generation_id, LOCAL)
            stopped = job.pending and not submissions.may_be_billed(job)
            if stopped:  # the job engine continues it, and may have sent it to the provider meanwhile
                service.cancel(generation_id)
                job = records.load(generation_id, LOCAL)
            kept = job.state == kinds.DONE or submissions.may_be_billed(job)
            if kept and stopped and job.state == kinds.CANCELLED:
                service.retry(generation_id)
            return kept
        return False

    def forget(self, jobs: Iterable[str]) -> None:
        from stt.auth.visitors import LOCAL
        from stt.library import history
        from stt.store import records

        ids = list(jobs)
        for start in range(0, len(ids), 500):
            for job in records.jobs_of(LOCAL, ids=ids[start : start + 500]):
                with suppress(NotFound):
                    history.delete(job.id, LOCAL)

    def _create(self, source: Source, key: str) -> str:
        from stt.jobs import service
        from stt.store.recordings import Link

        if source.path is None:
            return service.create(Link(source.url or ""), model=self.model, options=self.options, id=key)
        try:
            return service.create(source.path, model=self.model, options=self.options, id=key)
        except OSError as error:
            _read_through(source.path)  # if this succeeds, the recording is not at fault
            raise errors.DataFolderError(f"The data folder cannot be used: {error.strerror or error}.") from error

    def _resumes(self, generation_id: str) -> bool:
        """Return whether there is this job. If it has failed, try it again: what the provider has done is not lost.

        If it is uncertain whether the provider has the job, a person has to retry it.
        """
        from stt.auth.visitors import LOCAL
        from stt.jobs import service
        from stt.store import records, submissions

        try:
            job = records.load(generation_id, LOCAL)
            final = is_final(errors.from_dict(job.error or SttError().to_dict()))
            uncertain = submissions.may_be_billed(job) and submissions.provider_id(generation_id) is None
            if job.state == kinds.FAILED and not final and not uncertain:
                service.retry(generation_id)
        except NotFound:
            return False
        return True

    def _download(self, report: Report) -> None:
        """Download the model if it is a Whisper model that is not stored on this machine yet."""
        from stt.models import known, shelf

        if self.model.startswith(known.PREFIX):
            title = known.find(self.model).title
            shelf.get(self.model, lambda done: report(0.0, None, f"Downloading {title}, {done.percent} %"))

    def _wait_for(self, generation_id: str, report: Report) -> Result:
        from stt.jobs import service

        while True:
            try:
                now = service.get(generation_id, texts=False)
            except NotFound:
                raise _deleted() from None
            job, search = now.job, now.speakers
            if not job.pending and not now.awaited:
                break
            doing = job.stage or ("Waiting" if job.state == kinds.QUEUED else "Transcribing")
            if not job.pending:
                doing = f"Finding speakers, {search.percent if search else 0} %"
            report(job.seconds_done, job.duration, doing)
            time.sleep(POLL)
        if job.error:
            raise errors.from_dict(job.error)
        if now.transcript is None:
            raise Cancelled()
        report(job.duration or 0.0, job.duration, "Done")
        notes = () if now.speakers is None or not now.speakers.error else (now.speakers.error["message"],)
        return Result(generation_id, now.transcript, notes)


class Server(Engine):
    """The engine that sends recordings to an STT Studio server at `address`. Jobs stay in that server's history."""

    def __init__(self, model: str, options: dict[str, Any], address: str, token: str) -> None:
        super().__init__(model, options)
        from stt.aiml.client import Client

        self._address = f"{address.rstrip('/').removesuffix('/v1')}/v1"
        self._client = Client(self._address, SecretStr(token))

    @property
    def signature(self) -> str:
        return SERVER  # a server's job may be billed, so it is resumed even if the options differ

    def transcribe(self, source: Source, report: Report, attempt: Attempt) -> Result:
        from stt.aiml import results

        generation_id, resumed = attempt.resume or self._create(source, report, attempt), attempt.resume is not None
        while True:
            try:
                answer = self._poll(generation_id)
            except errors.ResultExpired:
                if not resumed:
                    raise _deleted() from None
                # The job of an earlier call is gone, for example because the server keeps jobs only for some days.
                generation_id, resumed = self._create(source, report, attempt), False
                continue
            found = results.read(answer)
            if found.error is not None:
                error = _error_of_job(answer) or found.error
                if not resumed or is_final(error) or _may_be_billed(answer):
                    raise error
                generation_id, resumed = self._create(source, report, attempt), False
                continue
            if found.status != "running":
                break
            resumed = False
            report(0.0, None, "Transcribing")
            time.sleep(POLL_SERVER)
        if found.transcript is None:
            raise SttError("The server's answer holds no transcript.")
        report(found.seconds, found.seconds, "Done")
        return Result(generation_id, found.transcript, _warnings(answer))

    def _create(self, source: Source, report: Report, attempt: Attempt) -> str:
        interrupted = False  # whether only a part of the recording was sent

        def sending(sent: int, size: int) -> None:
            nonlocal interrupted
            interrupted = sent < size
            report(0.0, None, f"Sending, {100 * sent // size if size else 0} %")

        if source.path is not None:
            with _readable(source.path), open(source.path, "rb") as file:
                file.read(1 << 16)  # as much as is read before the first bytes are sent
        try:
            return self._client.create(
                self.model,
                self.options,
                path=source.path,
                url=source.url,
                on_progress=sending,
                on_created=attempt.on_created,
                on_wait=lambda why: report(0.0, None, f"Trying again: {why.message}"),
                retry_seconds=RETRY_SECONDS,
                idempotency_key=attempt.key,
            )
        except errors.ProviderError as error:
            if source.path is not None and interrupted and isinstance(error, errors.ProviderDown):
                _read_through(source.path)  # the client reports a bad disk as a lost connection
            raise _of_server(error) from error

    def _poll(self, generation_id: str) -> dict[str, Any]:
        """Return the server's answer about a job. Raises ResultExpired if there is no such job, or PollingFailed."""
        try:
            return self._client.get(generation_id, retry_seconds=POLL_RETRY_SECONDS)
        except errors.ProviderError as error:
            # A proxy in front of the server may answer 404, too, while the server restarts. It names no error.
            if isinstance(error, errors.ResultExpired) and error.reported:
                raise
            shown = _of_server(error)
            raise PollingFailed(shown.message, guidance=shown.guidance) from error


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    """Convert an OSError to CannotOpen, with the path of the recording."""
    try:
        yield
    except OSError as error:
        raise CannotOpen(f"{path} cannot be read: {error.strerror or error}.") from error


def _read_through(path: Path) -> None:
    """Read a recording to its end. Raises CannotOpen if this fails."""
    with _readable(path), open(path, "rb") as file:
        while file.read(1 << 20):
            pass


def _of_server(error: errors.ProviderError) -> SttError:
    """Return the error to report if a request to a server raised `error`: the server's own error if it names one."""
    if isinstance(error, errors.KeyRefused):
        return SttError("The server refused the token.", guidance="Create one on its Settings page.")
    if error.reported:
        return errors.from_dict({"kind": error.reported, "message": error.message, "guidance": ""})
    # SubmissionUncertain is from a create request, which has an Idempotency-Key, so it is safe to send it again.
    if isinstance(error, errors.ProviderDown | errors.SubmissionUncertain):
        return errors.ProviderDown(f"The server does not answer: {error.message}", guidance="Check the address.")
    # A proxy in front of the server may answer 404, too, while the server restarts. It names no error.
    if error.detail.startswith("status 404"):
        return errors.ProviderDown(f"The server does not answer: {error.message}", guidance="Check the address.")
    return error


def _deleted() -> Cancelled:
    """Return the error to report if a person has deleted a job while this process waited for it."""
    return Cancelled("The job was deleted.", guidance="")


def _error_of_job(answer: dict[str, Any]) -> SttError | None:
    """Return the error with which a job has failed on the server, or None if the answer names none."""
    failed = fields(answer.get("error"))
    name, message = clean(failed.get("name")), clean(failed.get("message"))
    guidance = "It may be billed. Retry it in the server's history, or delete it there to send the recording again."
    if not name:
        return None
    return errors.from_dict({"kind": name, "message": message, "guidance": guidance if _may_be_billed(answer) else ""})


def _may_be_billed(answer: dict[str, Any]) -> bool:
    """Return whether a failed job of a server may be billed, so that a person has to decide about another one."""
    return fields(answer.get("error")).get("submitted") is not False


def _warnings(answer: dict[str, Any]) -> tuple[str, ...]:
    """Return the server's sentences about missing parts of a transcript."""
    metadata = fields(fields(answer.get("result")).get("metadata"))
    return tuple(filter(None, (clean(warning.get("message")) for warning in items(metadata.get("warnings")))))
