"""Provide the server's secret, which is used to sign cookies, to encrypt visitors' keys and for keyed hashes."""

from __future__ import annotations

import contextlib
import os
import secrets

from stt.errors import DataFolderError, SetupError
from stt.files import writing
from stt.files.paths import data_folder
from stt.settings import settings

SECRET_LENGTH, SECRET_VARIETY = 32, 8  # minimum number of characters, and minimum number of different characters


def signing_secret() -> str:
    """Return STT_SECRET, or the secret that is created once in the data folder.

    Anybody who knows the secret can sign a cookie for any visitor. So SetupError is raised if the secret could be
    guessed. Raises DataFolderError if a new secret cannot be written.
    """
    configured = settings().secret
    if configured:
        return _hard_to_guess(configured.get_secret_value(), "STT_SECRET")
    path = data_folder() / "secret"
    if not path.exists():
        # Only the user of this process can read the file. The file is written in full before it gets its name, so that
        # a full disk leaves no empty secret. If two processes create a secret, the first secret stays, because
        # `os.link` replaces no file.
        part = writing.part_of(path)
        try:
            with open(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
                file.write(secrets.token_hex(32))
            with contextlib.suppress(FileExistsError):
                os.link(part, path)
        except OSError as error:
            raise DataFolderError(f"The data folder cannot be written: {error.strerror}.") from error
        finally:
            part.unlink(missing_ok=True)
    return _hard_to_guess(path.read_text(), f"The secret in {path}")


def _hard_to_guess(secret: str, what: str) -> str:
    if len(secret) >= SECRET_LENGTH and len(set(secret)) >= SECRET_VARIETY:
        return secret
    raise SetupError(
        f"{what} can be guessed: it needs {SECRET_LENGTH} characters or more, "
        f"{SECRET_VARIETY} or more of them different.",
        guidance="Make one with: python -c 'import secrets; print(secrets.token_hex(32))'",
    )
