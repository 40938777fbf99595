"""Read the recovery code from the link that opened the page.

The code is in the URL fragment, which browsers do not send to servers.
"""

from __future__ import annotations

from pages.components import component

_recovery = component("recovery")


def recovery_link() -> str | None:
    """Return the recovery code of the link that opened this page; None if there is no code or it was returned before.

    The script removes the code from the URL in the browser's address bar.
    """
    code = _recovery(key="recover", on_code_change=lambda: None).code
    return str(code) if code else None
