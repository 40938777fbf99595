"""Decide after which errors `stt watch` tries a recording again by itself."""

from __future__ import annotations

from stt.errors import (
    AnswerUnreadable,
    Cancelled,
    GenerationFailed,
    InputError,
    KeyReused,
    RequestRefused,
    ResultExpired,
    SttError,
    SubmissionUncertain,
    UploadBroken,
)

# Errors after which a retry would fail, too, because the recording or an option caused them, or that a person wanted.
FINAL = (InputError, GenerationFailed, RequestRefused, AnswerUnreadable, Cancelled)
# Errors after which a retry would create a second job, although the first may be billed. A person has to decide.
MAYBE_BILLED = (SubmissionUncertain, ResultExpired, KeyReused)


def is_final(error: SttError) -> bool:
    """Return whether a recording must not be transcribed again by itself. A broken upload may succeed the next time."""
    return isinstance(error, FINAL + MAYBE_BILLED) and not isinstance(error, UploadBroken)
