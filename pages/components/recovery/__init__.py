"""Read the code of a recovery link. It is in the fragment of the address, which browsers do not send to servers."""

from __future__ import annotations

from pages.components import component

_recovery = component("recovery")


def recovery_link() -> str | None:
    """Return the code of the link that opened this page, once. The script removes it from the address."""
    code = _recovery(key="recover", on_code_change=lambda: None).code
    return str(code) if code else None
