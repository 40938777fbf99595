"""Convert the provider's errors, which have several JSON shapes, to the error classes of `stt.errors`."""

from __future__ import annotations

from typing import Any

from stt import errors
from stt.files.json_values import clean, number

LONGEST = 300  # maximum length of a message, characters
_BY_STATUS: dict[int, type[errors.ProviderError]] = {
    **dict.fromkeys((400, 413, 415, 422), errors.RequestRefused), **dict.fromkeys((402, 403), errors.PaymentRequired),
    401: errors.KeyRefused, 404: errors.ResultExpired, 408: errors.ProviderDown, 429: errors.ProviderBusy,
}  # fmt: skip


def error_for(status: int) -> type[errors.ProviderError]:
    """Return the class of `stt.errors` for an HTTP status of the provider."""
    return _BY_STATUS.get(status) or (errors.ProviderDown if status >= 500 else errors.ProviderError)


def failure(answer: dict[str, Any], found: Any = None) -> errors.ProviderError:
    """Return the error for a failure that is reported in a response with a successful HTTP status.

    `answer` is the body of the response, and `found` the result inside the body, if any. The message of the error comes
    from `answer`, or from `found` if `answer` has none.
    """
    message = message_of(answer) or (message_of(found) if isinstance(found, dict) else "")
    code = status_code(answer)
    kind = error_for(code) if code >= 400 else errors.GenerationFailed
    return kind(message or "The provider gave no reason.", detail=f"status code {code or 'unknown'}")


def status_code(answer: dict[str, Any]) -> int:
    """Return the HTTP status in the field `statusCode` of a response body or of the body's `error`; 0 if none."""
    codes = [number(holder.get("statusCode")) for holder in (answer, answer.get("error")) if isinstance(holder, dict)]
    return next((int(code) for code in codes if code and 100 <= code < 600), 0)


def message_of(body: Any) -> str:
    """Return the message in an error body of any known shape, cut to LONGEST characters; "" if there is none."""
    message = _message(body)
    return message if len(message) <= LONGEST else message[: LONGEST - 1] + "…"


def _message(body: Any, depth: int = 0) -> str:
    if isinstance(body, str):
        return " ".join(clean(body).split())
    if isinstance(body, list) and depth < 5:
        return "; ".join(filter(None, (_message(part, depth + 1) for part in body[:5])))
    if not isinstance(body, dict) or depth > 4:
        return ""
    for name in ("message", "error", "errors", "detail", "description"):
        if message := _message(body.get(name), depth + 1):
            where = body.get("path")  # in a validation error, `path` is the name of the parameter, as a list
            parameter = ".".join(clean(str(part))[:40] for part in where[:4]) if isinstance(where, list) else ""
            return f"{parameter}: {message}" if parameter else message
    return clean(body.get("name"))
