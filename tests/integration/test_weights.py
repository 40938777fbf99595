"""Test that the Whisper weights are found, joined once, and verified before use."""

from __future__ import annotations

import os
import shutil
import threading
from pathlib import Path

import pytest

from stt.errors import DataFolderError, WeightsError
from stt.settings import Settings
from stt.whisper import weights


@pytest.fixture(scope="module")
def joined(tmp_path_factory):
    """Return a data folder with the weights, which were joined from their parts in the installed packages."""
    folder = tmp_path_factory.mktemp("data")
    weights.find(_settings(folder))
    return folder


@pytest.fixture
def data(joined, tmp_path):
    """Return a copy of the weights in `joined`. A test may damage the copy."""
    shutil.copytree(joined / "models" / "whisper-base", tmp_path / "models" / "whisper-base")
    return tmp_path


def _settings(data: Path, **values: str) -> Settings:
    return Settings(data_dir=data, **values)


def _spoil(path: Path) -> None:
    """Change one byte in the middle of the file and keep its size."""
    with open(path, "r+b") as file:
        file.seek(path.stat().st_size // 2)
        byte = file.read(1)[0]
        file.seek(-1, os.SEEK_CUR)
        file.write(bytes([byte ^ 1]))


def test_the_packaged_base_model_is_joined_into_the_data_folder(joined):
    found = weights.find(_settings(joined))
    assert found.folder == joined / "models" / "whisper-base"
    assert found.name == "whisper-base"
    assert found.sha256 == weights.BASE["model.bin"]
    assert (found.folder / "model.bin").stat().st_size == 145_217_532
    assert {path.name for path in found.folder.iterdir()} == set(weights.BASE), "no partly written file is left"


def test_later_starts_read_no_weights(joined):
    model = joined / "models" / "whisper-base" / "model.bin"
    os.utime(model, ns=(1, model.stat().st_mtime_ns))
    weights.find(_settings(joined))
    assert model.stat().st_atime_ns == 1, "the file was not opened"


@pytest.mark.parametrize("name", weights.BASE)
def test_altered_copy_is_restored_from_the_packages(data, name):
    weights.find(_settings(data))
    _spoil(data / "models" / "whisper-base" / name)
    assert weights.find(_settings(data)).sha256 == weights.BASE["model.bin"]
    assert weights.hashes(data / "models" / "whisper-base", (name,), data)[name] == weights.BASE[name]


def test_truncated_copy_is_restored(data):
    model = data / "models" / "whisper-base" / "model.bin"
    os.truncate(model, 1000)
    weights.find(_settings(data))
    assert model.stat().st_size == 145_217_532


def test_two_threads_may_join_the_weights_at_once(tmp_path):
    found: list[weights.Weights] = []
    threads = [threading.Thread(target=lambda: found.append(weights.find(_settings(tmp_path)))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [one.sha256 for one in found] == [weights.BASE["model.bin"]] * 2


@pytest.mark.parametrize("name", weights.BASE)
def test_an_altered_folder_of_the_base_model_is_refused(data, name):
    folder = data / "models" / "whisper-base"
    choice = _settings(data, whisper_model=str(folder))
    assert weights.find(choice).folder == folder
    _spoil(folder / name)
    with pytest.raises(WeightsError, match=name):
        weights.find(choice)


def test_an_altered_base_model_in_the_cache_of_the_hub_is_refused(data):
    snapshot = data / "models--Systran--faster-whisper-base" / "snapshots" / weights.REVISION
    shutil.move(data / "models" / "whisper-base", snapshot)
    choice = _settings(data, whisper_model=str(snapshot))
    assert weights.find(choice).name == "whisper-base"
    _spoil(snapshot / "model.bin")
    with pytest.raises(WeightsError, match=r"model\.bin"):
        weights.find(choice)


def test_base_model_is_identified_by_its_weights_in_any_folder(data):
    folder = (data / "models" / "whisper-base").rename(data / "my-own-model")
    choice = _settings(data, whisper_model=str(folder))
    assert weights.find(choice).name == "whisper-base"
    _spoil(folder / "vocabulary.txt")
    with pytest.raises(WeightsError, match=r"vocabulary\.txt"):
        weights.find(choice)


def test_folder_of_another_model_is_used_as_it_is(data):
    folder = data / "models" / "whisper-base"
    other = folder.rename(data / "my-own-model")
    _spoil(other / "model.bin")
    found = weights.find(_settings(data, whisper_model=str(other)))
    assert (found.folder, found.name) == (other, "my-own-model")
    assert found.sha256 != weights.BASE["model.bin"]


@pytest.mark.parametrize(
    ("choice", "message"),
    [("/nowhere/at/all", "does not exist"), ("enormous", "neither a folder nor a size")],
)
def test_impossible_choice_is_reported(tmp_path, choice, message):
    with pytest.raises(WeightsError, match=message):
        weights.find(_settings(tmp_path, whisper_model=choice))


def test_folder_without_the_model_is_refused_with_the_missing_files(tmp_path):
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(WeightsError, match=r"lacks tokenizer\.json and model\.bin"):
        weights.find(_settings(tmp_path, whisper_model=str(tmp_path)))


def test_error_without_packages_cache_and_network_says_so(tmp_path):
    """Use a separate process, because libraries read the URL of the hub from the environment when they are imported."""
    import subprocess
    import sys

    script = (
        "from importlib import metadata; from pathlib import Path; from stt.whisper import weights\n"
        "from stt.errors import WeightsError; from stt.settings import Settings\n"
        "weights.PACKAGES = ('no-such-package',)\n"
        f"try: weights.find(Settings(data_dir=Path({str(tmp_path)!r})))\n"
        "except WeightsError as error: print(error.message)\n"
    )
    environment = {**os.environ, "HF_HOME": str(tmp_path / "hub"), "HF_ENDPOINT": "http://127.0.0.1:9"}
    output = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, env=environment, check=True, timeout=100
    ).stdout
    assert "are not on this machine and could not be downloaded" in output


def test_unusable_data_folder_is_reported(tmp_path):
    (tmp_path / "models").write_text("a file where the folder should be")
    with pytest.raises(DataFolderError, match="cannot be written"):
        weights.find(_settings(tmp_path))
