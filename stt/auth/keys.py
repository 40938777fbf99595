"""Handle keys for the AI/ML API: the server's key, and visitors' keys, which jobs store in encrypted form."""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING

from pydantic import SecretStr

from stt.auth.signing import signing_secret
from stt.errors import KeyMissing, KeyRefused
from stt.settings import settings

if TYPE_CHECKING:
    from cryptography.fernet import Fernet  # `_box` imports it when called, because the first page must not wait for it


LONGEST = 500  # maximum length of a key, characters


def from_input(text: str) -> SecretStr:
    """Return the key that a visitor entered. Raises KeyRefused if `text` cannot be a key."""
    text = text.strip()
    if len(text) > LONGEST or not (text.isascii() and text.isprintable()):
        raise KeyRefused(f"A key has at most {LONGEST} characters: letters, digits and signs.")
    return SecretStr(text)


def server_key() -> SecretStr | None:
    """Return the server's key, which is in the environment variable AIML_API_KEY or in Streamlit's secrets."""
    return settings().aiml_api_key


def seal(key: SecretStr) -> str:
    """Encrypt a key with this server's secret, so that a job can continue after a restart."""
    return _box().encrypt(key.get_secret_value().encode()).decode()


def unseal(sealed: str | None) -> SecretStr:
    """Decrypt `sealed`, the key of a job, or return the server's key if `sealed` is empty.

    Raises KeyMissing if the server has no key either, or if STT_SECRET has changed since `sealed` was encrypted.
    """
    if sealed:
        from cryptography.fernet import InvalidToken

        try:
            return SecretStr(_box().decrypt(sealed.encode()).decode())
        except InvalidToken as error:
            raise KeyMissing("The key of this job can no longer be read, because STT_SECRET has changed.") from error
    key = server_key()
    if key is None:
        raise KeyMissing("This job needs a key for the AI/ML API.")
    return key


def _box() -> Fernet:
    from cryptography.fernet import Fernet

    derived = hashlib.scrypt(signing_secret().encode(), salt=b"stt-key", n=2**12, r=8, p=1, dklen=32)
    return Fernet(base64.urlsafe_b64encode(derived))
