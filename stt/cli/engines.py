"""Transcribe one recording: with the job engine of this process, or through a server's REST routes."""

from __future__ import annotations

import time
import uuid
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import SecretStr

from stt import errors, kinds
from stt.cli.inputs import Source, Version, version_of
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

    @abstractmethod
    def transcribe(self, source: Source, report: Report, resume: str | None, on_created: Created) -> Result:
        """Create a job, wait until it has ended, and return its transcript. Raises SttError if there is no transcript.

        After PollingFailed, the job may still end well, so a later call should resume it.
        `on_created` is called with the generation id of the job. If this process is killed, a later process can pass
        that id as `resume` to continue the job. So can a call after this one, if the transcript could not be saved:
        the finished job is kept until `forget` is called. Ctrl+C deletes a job on this machine, but not a job at a
        server.
        """

    def forget(self, generation_id: str) -> None:  # noqa: B027 - not abstract, because a server keeps its jobs
        """Delete a finished job whose transcript is no longer needed, unless it is a server's."""

    def close(self) -> None:  # noqa: B027 - not abstract, because an engine may have no resources
        """Release the resources of the engine."""


class Local(Engine):
    """Run jobs in this process. A job and its recording are deleted by `forget`, or if it fails or is interrupted.

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

    def transcribe(self, source: Source, report: Report, resume: str | None, on_created: Created) -> Result:
        report(0.0, None, "Reading")
        if resume is not None and self._knows(resume):
            generation_id = resume
        else:
            self._download(report)
            generation_id = self._create(source)
            on_created(generation_id)
        try:
            return self._wait_for(generation_id, report)
        except BaseException:
            self.forget(generation_id)
            raise

    def forget(self, generation_id: str) -> None:
        from stt.auth.visitors import LOCAL
        from stt.library import history

        with suppress(NotFound):
            history.delete(generation_id, LOCAL)

    def _create(self, source: Source) -> str:
        from stt.jobs import service
        from stt.store.recordings import Link

        if source.path is None:
            return service.create(Link(source.url or ""), model=self.model, options=self.options)
        with _readable(source.path):
            return service.create(source.path, model=self.model, options=self.options)

    def _knows(self, generation_id: str) -> bool:
        from stt.jobs import service

        try:
            service.get(generation_id)
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
        from stt.background.diarization import results
        from stt.jobs import service

        while True:
            try:
                now = service.get(generation_id, texts=False)
            except NotFound:
                raise _deleted() from None
            job, search = now.job, now.speakers
            if not job.pending and not results.is_awaited(job, search):
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

        self._client = Client(f"{address.rstrip('/').removesuffix('/v1')}/v1", SecretStr(token))
        # Idempotency-Keys of recordings whose job was not created yet, or whose answer was lost. A later attempt to
        # create the job sends the same key, so the server creates no second job.
        self._keys: dict[tuple[Source, Version | None], str] = {}

    def transcribe(self, source: Source, report: Report, resume: str | None, on_created: Created) -> Result:
        from stt.aiml import results

        generation_id, was_there = resume or self._create(source, report, on_created), resume is None
        while True:
            try:
                answer = self._poll(generation_id)
            except errors.ResultExpired:
                if was_there:
                    raise _deleted() from None
                # The job of an earlier call is gone, for example because the server keeps jobs only for some days.
                generation_id, was_there = self._create(source, report, on_created), True
                continue
            was_there = True
            found = results.read(answer)
            if found.status != "running":
                break
            report(0.0, None, "Transcribing")
            time.sleep(POLL_SERVER)
        if found.error is not None:
            raise _error_of_job(answer) or found.error
        if found.transcript is None:
            raise SttError("The server's answer holds no transcript.")
        report(found.seconds, found.seconds, "Done")
        return Result(generation_id, found.transcript, _warnings(answer))

    def _create(self, source: Source, report: Report, on_created: Created) -> str:
        def sending(sent: int, size: int) -> None:
            report(0.0, None, f"Sending, {100 * sent // size if size else 0} %")

        if source.path is not None:
            with _readable(source.path), open(source.path, "rb") as file:
                file.read(1)
        this = source, version_of(source.path) if source.path else None
        key = self._keys.setdefault(this, str(uuid.uuid4()))
        try:
            generation_id = self._client.create(
                self.model,
                self.options,
                path=source.path,
                url=source.url,
                on_progress=sending,
                on_created=on_created,
                on_wait=lambda why: report(0.0, None, f"Trying again: {why.message}"),
                retry_seconds=RETRY_SECONDS,
                idempotency_key=key,
            )
        except errors.ProviderError as error:
            raise _of_server(error) from error
        del self._keys[this]
        return generation_id

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


def _of_server(error: errors.ProviderError) -> SttError:
    """Return the error to report if a request to a server raised `error`: the server's own error if it names one."""
    if isinstance(error, errors.KeyRefused):
        return SttError("The server refused the token.", guidance="Create one on its Settings page.")
    if error.reported:
        return errors.from_dict({"kind": error.reported, "message": error.message, "guidance": ""})
    # SubmissionUncertain is from a create request, which has an Idempotency-Key, so it is safe to send it again.
    if isinstance(error, errors.ProviderDown | errors.SubmissionUncertain):
        return errors.ProviderDown(f"The server does not answer: {error.message}", guidance="Check the address.")
    return error


def _deleted() -> Cancelled:
    """Return the error to report if a person has deleted a job while this process waited for it."""
    return Cancelled("The job was deleted.", guidance="")


def _error_of_job(answer: dict[str, Any]) -> SttError | None:
    """Return the error with which a job has failed on the server, or None if the answer names none."""
    failed = fields(answer.get("error"))
    name, message = clean(failed.get("name")), clean(failed.get("message"))
    return errors.from_dict({"kind": name, "message": message, "guidance": ""}) if name else None


def _warnings(answer: dict[str, Any]) -> tuple[str, ...]:
    """Return the server's sentences about missing parts of a transcript."""
    metadata = fields(fields(answer.get("result")).get("metadata"))
    return tuple(filter(None, (clean(warning.get("message")) for warning in items(metadata.get("warnings")))))
