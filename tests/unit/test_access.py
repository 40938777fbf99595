"""Test the secret that signs the cookies."""

from __future__ import annotations

import secrets
from pathlib import Path

import pytest

from stt.auth import signing
from stt.errors import SetupError

pytestmark = pytest.mark.usefixtures("data")


@pytest.mark.parametrize("secret", ["x", "x" * 64, "abc" * 30, "correct horse battery staple", "0" * 31 + "1"])
def test_guessable_secret_is_refused(host, secret: str):
    host(STT_SECRET=secret)
    with pytest.raises(SetupError, match="STT_SECRET can be guessed") as refused:
        signing.signing_secret()
    assert secret not in str(refused.value.to_dict()) or len(secret) == 1


@pytest.mark.parametrize("make", [secrets.token_hex, secrets.token_urlsafe])
def test_random_secret_is_accepted(host, make):
    for _ in range(100):
        host(STT_SECRET=(secret := make(32)))
        assert signing.signing_secret() == secret


def test_truncated_secret_file_is_refused(data: Path):
    secret = signing.signing_secret()
    assert len(secret) == 64 and signing.signing_secret() == secret
    (data / "secret").write_text(secret[:10])
    with pytest.raises(SetupError, match="can be guessed"):
        signing.signing_secret()
