"""The code of a recovery link, which only the browser sees: it stands in the fragment of the address."""

from __future__ import annotations

from pages.components import component

_recovery = component("recovery")


def recovery_link() -> str | None:
    """Return the code of the link that opened this page, once; the script takes it out of the address."""
    code = _recovery(key="recover", on_code_change=lambda: None).code
    return str(code) if code else None
