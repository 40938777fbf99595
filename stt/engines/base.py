"""Define the interface between a job and its engine. A further engine needs one new file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ParamSpec, Protocol, TypeVar

from stt.store.records import Job
from stt.transcript.model import Transcript

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


class Work(Protocol):
    """A job, with the methods that its engine calls."""

    job: Job

    def step(
        self, name: str, function: Callable[Arguments, Result], *args: Arguments.args, **values: Arguments.kwargs
    ) -> Result:
        """Call `function` as a durable step, whose result is stored and is returned again after a restart.

        A step that was interrupted runs again, so `function` must be idempotent.
        """

    def with_retries(
        self, function: Callable[Arguments, Result], *args: Arguments.args, **values: Arguments.kwargs
    ) -> Result:
        """Call `function`, retrying while the database or the audio storage is unavailable.

        Unlike `step`, this does not store the result.
        """

    def cancelled(self) -> bool:
        """Return whether the engine must stop: the job was cancelled, deleted, retried or given to another worker."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of an engine: the transcript and its provenance. `raw` is the provider's response.

    `cost` is the amount in US dollars that the user sees. The `seconds` of sound and the `dollars` count towards the
    quotas.
    """

    transcript: Transcript
    provenance: dict[str, Any]
    cost: float | None = None
    raw: Any = None
    seconds: float | None = None  # None means the duration of the transcript
    dollars: float | None = None
    worked: float | None = None  # seconds from the start to the result; None means the total of the job's chunks


class Engine(Protocol):
    name: str

    def run(self, work: Work) -> Outcome:
        """Transcribe the job's recording and return the outcome.

        After a restart, `run` is called again, and finished steps return their stored results.

        Raises SttError for errors that a user can act on, and Cancelled if `work.cancelled` returns true.
        """
