"""Find which Whisper models are on this machine, get their weights, and download models if the host allows it."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Literal

from stt.errors import BadOption, Conflict, SttError, WeightsError
from stt.files import paths
from stt.models import download
from stt.models.download import Check, Place, Progress, Report, megabytes
from stt.models.known import MODELS, Known, find
from stt.settings import settings
from stt.whisper import weights
from stt.whisper.loading import loaded
from stt.whisper.weights import Weights

State = Literal["here", "absent", "downloading", "stopped", "failed"]
HERE: State = "here"
DOWNLOADING: State = "downloading"


@dataclass(frozen=True, slots=True)
class Entry:
    """A model and its state on this machine. `size` is the bytes of all its files, also those not downloaded yet."""

    known: Known
    state: State
    size: int
    progress: Progress | None = None  # progress of a running, stopped or failed download


def entries() -> list[Entry]:
    """Return all models that this machine can run, in the order of `MODELS`."""
    return [entry_of(known) for known in MODELS]


def entry_of(known: Known) -> Entry:
    """Return a model with its state on this machine."""
    if known.packaged:
        return Entry(known, HERE, known.size)
    place = _place(known)
    if published := place.published():
        return Entry(known, HERE, published.size)
    progress = place.progress()
    if progress is None:
        return Entry(known, "absent", known.size)
    state: State = DOWNLOADING if progress.running else "failed" if progress.error else "stopped"
    return Entry(known, state, progress.total, progress)


def is_available(known: Known) -> bool:
    """Return whether a model can be used without a download."""
    return known.packaged or _place(known).published() is not None


def listed(names: Iterable[str]) -> bool | None:
    """Return whether STT_MODELS lists one of `names`, directly or by a pattern such as `local/*`.

    Return None if STT_MODELS is empty.
    """
    patterns = [pattern.strip() for pattern in (settings().models or "").split(",") if pattern.strip()]
    return any(fnmatchcase(name, pattern) for name in names for pattern in patterns) if patterns else None


def room() -> int:
    """Return the bytes that models may still take on the disk."""
    folder = settings().data_dir
    return max(0, paths.spare(folder)) if folder.exists() else 0


def check_fits(known: Known) -> None:
    """Raise BadOption if this model and Whisper base together need more memory than models may take."""
    if known.packaged or settings().role == "web":  # a web process holds no models in memory
        return
    limit, need = loaded.limit(), known.memory + find("base").memory
    if need > limit:
        raise BadOption(
            f"{known.title} needs about {megabytes(need)} of memory beside Whisper base, and this server has"
            f" {megabytes(limit)} for models.",
            guidance="Choose a smaller model. The administrator can raise STT_MODEL_MEMORY_MB.",
        )


def obtain(name: str, report: Report, check: Check) -> Weights:
    """Return the weights of the model `name`. Download a missing model first if STT_MODELS lists it.

    All callers that need the same model wait for one download; `report` is called with the progress of this download.
    If it is stopped, all of them raise DownloadStopped. Raises BadOption if there is no such model or it needs too much
    memory, WeightsError if the model is missing or altered and STT_MODELS does not list it, and the errors of
    `weights.find`, `download.download` and `check`.
    """
    known = find(name)
    if known.packaged:
        return weights.find(settings())
    place, waited = _place(known), False
    while True:
        check()
        if published := place.published():
            found = weights.hashes(place.whole, tuple(file.name for file in published.files), place.models)
            altered = [file.name for file in published.files if found[file.name] != file.sha256]
            if not altered:
                return Weights(place.whole, known.name, found["model.bin"])
            if not listed([known.id]):
                raise WeightsError(
                    f"{' and '.join(altered)} of {known.title} changed on this server's disk.",
                    guidance="Delete it on the Settings page and download it again.",
                )
        elif not listed([known.id]):
            raise WeightsError(
                f"{known.title} is not on this server any more.", guidance="Choose another model, or ask the host."
            )
        with place.alone() as alone:
            if alone and published is not None:  # a file was altered since the download
                if place.published() == published:
                    place.invalidate()
            elif alone and place.published() is None:
                _download(known, place, report, check, waited)
            elif not alone:
                waited = True
                _report_other(place, report)


def get(name: str, report: Report, check: Check = lambda: None) -> Entry:
    """Download a model that the host requests, even if STT_MODELS does not list it.

    Raises BadOption if there is no such model or it needs too much memory, and the errors of `download.download`.
    """
    known = find(name)
    place, waited = _place(known), False
    while not is_available(known):
        check()
        with place.alone() as alone:
            if alone and not is_available(known):
                _download(known, place, report, check, waited)
            elif not alone:
                waited = True
                _report_other(place, report)
    return entry_of(known)


def _download(known: Known, place: Place, report: Report, check: Check, waited: bool) -> None:
    """Download a model. The caller must hold the lock of `place`.

    `waited` means that the caller has waited for another download of this model. If that one was stopped, this raises
    DownloadStopped: otherwise each waiting caller would start the download again.
    """
    if waited:
        place.check_stopped()
    check_fits(known)
    download.download(known, place, report, check)


def _report_other(place: Place, report: Report) -> None:
    """Report the progress of the download that another thread or process is running."""
    if progress := place.progress():
        report(progress)


def begin(name: str) -> None:
    """Start the download of a model in a thread. A failure of the download is recorded in the model's progress file.

    Raises BadOption if there is no such model or it needs too much memory, and the errors of `Place.prepare`.
    """
    known = find(name)
    check_fits(known)
    place = _place(known)
    if is_available(known) or ((progress := place.progress()) and progress.running):
        return
    place.prepare(Progress(time.time(), progress.done if progress else 0, known.size))
    threading.Thread(target=_get_quietly, args=(name,), name=f"model {known.name}", daemon=True).start()


def _get_quietly(name: str) -> None:
    with suppress(SttError):
        get(name, lambda progress: None)


def stop(name: str) -> None:
    """Stop the download of a model, also in another process. The next download reuses the bytes that have arrived."""
    _place(find(name)).stop()


def remove(name: str) -> int:
    """Delete a model or its partial download, and return the bytes freed.

    Raises BadOption if there is no such model or it is part of the installation, Conflict if it is being downloaded.
    """
    known = find(name)
    if known.packaged:
        raise BadOption(f"{known.title} is part of this installation.", guidance="Delete another model.")
    place = _place(known)
    with place.alone(1.0) as alone:
        if not alone:
            raise Conflict(f"{known.title} is being downloaded.", guidance="Stop the download first.")
        before = shutil.disk_usage(place.models).free
        place.remove()
        return max(0, shutil.disk_usage(place.models).free - before)


def _place(known: Known) -> Place:
    return Place(settings().data_dir / "models", known.name)
