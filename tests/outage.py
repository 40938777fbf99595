"""Let the remote store of recordings be unavailable."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from s3fs import S3FileSystem

from stt.store import audio_files
from tests.conftest import read_settings_again

ENVIRONMENT = {
    "STT_STORAGE": "s3://recordings/stt",
    "AWS_ENDPOINT_URL": "http://127.0.0.1:9",  # nobody listens there
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_MAX_ATTEMPTS": "1",
}


@contextmanager
def unavailable_store() -> Iterator[None]:
    """Let this process use a bucket on a server that does not answer during the `with` block."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in ENVIRONMENT.items():
            patch.setenv(name, value)
        _forget()
        yield
    _forget()


def _forget() -> None:
    read_settings_again()
    S3FileSystem.clear_instance_cache()
    audio_files._connect.cache_clear()
