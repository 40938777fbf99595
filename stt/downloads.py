"""Whose are the files that a page has made, such as exports.

Streamlit serves them under `/media/` to everybody who knows the address. Here a page notes who may have one, by its
content, and the server of the routes asks. Only in memory, as the files themselves are.
"""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict

MOST = 20_000  # files that are remembered; Streamlit forgets them with the session

_owners: OrderedDict[bytes, set[str]] = OrderedDict()
_lock = threading.Lock()


def note(content: bytes, owner: str) -> None:
    """From now on only those for whom it was noted may have a file with this content."""
    key = hashlib.sha256(content).digest()
    with _lock:
        _owners.setdefault(key, set()).add(owner)
        _owners.move_to_end(key)
        while len(_owners) > MOST:
            _owners.popitem(last=False)


def may_have(content: bytes, owner: str | None) -> bool:
    """Whether `owner` may have the file with this content. What nobody has noted, such as the logo, is everybody's."""
    key = hashlib.sha256(content).digest()
    with _lock:
        owners = _owners.get(key)
        return owners is None or owner in owners
