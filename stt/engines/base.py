"""What a job needs of an engine, and what an engine may ask of its job. A third engine is one new file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from stt.store.records import Job
from stt.transcript.model import Transcript

Result = TypeVar("Result")


class Work(Protocol):
    """A job in the hands of an engine."""

    job: Job

    def step(self, name: str, function: Callable[..., Result], *args: Any) -> Result:
        """Call `function` once, even if this server is killed and started again: its answer is remembered.

        A step that was broken off is called again, so it must leave the same behind when done twice.
        """

    def with_retries(self, function: Callable[..., Result], *args: Any, **values: Any) -> Result:
        """Call `function` until the database and the store of recordings answer; for what is no step."""

    def cancelled(self) -> bool:
        """Whether to stop now: the user has cancelled, or deleted, the job."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an engine returns: the transcript and how it was made. `raw` is the provider's own answer.

    `cost` is what the user is told, in US dollars; `seconds` of audio and `dollars` are what counts for the limits.
    """

    transcript: Transcript
    provenance: dict[str, Any]
    cost: float | None = None
    raw: Any = None
    seconds: float | None = None  # None: the length of the transcript
    dollars: float | None = None
    worked: float | None = None  # seconds from the start to the result, where the job's stretches do not tell


class Engine(Protocol):
    name: str

    def run(self, work: Work) -> Outcome:
        """Transcribe. Called again from the top after a restart, with finished steps answered from memory.

        Raises SttError for everything that a user can act on, Cancelled when the user has cancelled.
        """
