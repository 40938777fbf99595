"""List the Whisper models that this machine can run, with their repository on the hub, size and abilities."""

from __future__ import annotations

from dataclasses import dataclass

from stt.errors import BadOption
from stt.whisper.loading.loaded import MEMORY_PER_BYTE, copies

PREFIX = "local/"
DEFAULT = "whisper-base"  # the model that is part of every installation


@dataclass(frozen=True, slots=True)
class Known:
    """A model. `size` is the bytes of all its files; `pace` estimates its speed on a CPU, relative to Whisper base."""

    name: str
    title: str
    repository: str  # repository on the hub, the same as in faster-whisper
    size: int
    pace: float
    english: bool = False  # supports only English
    translates: bool = True  # can translate to English

    @property
    def id(self) -> str:
        return PREFIX + self.name

    @property
    def packaged(self) -> bool:
        """Return whether the model is part of the installation. `shelf` never downloads or deletes such a model."""
        return self.name == DEFAULT

    @property
    def memory(self) -> int:
        """Return the estimated bytes of memory that the model takes on this machine when it is loaded."""
        return copies() * int(self.size * MEMORY_PER_BYTE)


def _whisper(size: str, megabytes: int, pace: float, repository: str = "", *, translates: bool = True) -> Known:
    english = size.endswith(".en")
    return Known(
        f"whisper-{size}",
        f"Whisper {size}",
        repository or f"Systran/faster-whisper-{size}",
        megabytes * 1_000_000,
        pace,
        english,
        translates and not english,
    )


MODELS = (
    _whisper("tiny", 78, 1.6),
    _whisper("tiny.en", 78, 1.6),
    _whisper("base", 148, 1.0),
    _whisper("base.en", 148, 1.0),
    _whisper("small", 486, 0.33),
    _whisper("small.en", 486, 0.33),
    _whisper("medium", 1531, 0.11),
    _whisper("medium.en", 1531, 0.11),
    _whisper("large-v3", 3091, 0.06),
    _whisper("large-v3-turbo", 1621, 0.13, "mobiuslabsgmbh/faster-whisper-large-v3-turbo", translates=False),
    Known(
        "distil-large-v3.5",
        "Distil-Whisper large-v3.5",
        "distil-whisper/distil-large-v3.5-ct2",
        1516 * 1_000_000,
        0.14,
        english=True,
        translates=False,
    ),
)
_BY_NAME = {known.name: known for known in MODELS}


def find(name: str) -> Known:
    """Return the model of this name or id, such as "small", "whisper-small" or "local/whisper-small".

    Raises BadOption if there is no such model.
    """
    short = name.strip().removeprefix(PREFIX)
    known = _BY_NAME.get(short) or _BY_NAME.get(f"whisper-{short}")
    if known is None:
        names = ", ".join(each.name.removeprefix("whisper-") for each in MODELS)
        raise BadOption(f"There is no Whisper model called {name[:80]!r}.", guidance=f"Choose one of {names}.")
    return known
