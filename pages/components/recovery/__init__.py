"""Read the recovery code of a link. The code is in the URL fragment, which browsers do not send to servers."""

from __future__ import annotations

from pages.components import component

_recovery = component("recovery")


def recovery_link() -> str | None:
    """Return the recovery code of the link that opened this page, once; None without a code.

    The script removes the code from the address.
    """
    code = _recovery(key="recover", on_code_change=lambda: None).code
    return str(code) if code else None
