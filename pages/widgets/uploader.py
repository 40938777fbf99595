"""The drop zone. Files go straight to a route of ours: `st.file_uploader` would hold each in memory several times."""

from __future__ import annotations

from . import component

_uploader = component("uploader")


def uploader(key: str, limit_bytes: int, url: str = "/upload") -> list[str]:
    """Draw the drop zone and return the media ids of what was uploaded through it, oldest first.

    The list only grows, one entry a finished upload, for as long as the browser tab lives: a page that comes back
    gets all of it again, and the same recording sent twice may give the same id twice. So remember in the session
    how many entries were handled, and handle `ids[handled:]`.

    Each file is the raw body of `POST url` with its name, percent-encoded UTF-8, in `X-File-Name`. The route answers
    201 with `{"id": …}`, or 4xx or 5xx with `{"title", "message", "guidance"}`, which the file's row then shows. Files
    over `limit_bytes` are refused before they are sent. Two are sent at once; they go on while other pages are open.
    """
    result = _uploader(
        key=key,
        data={"key": key, "limit": limit_bytes, "url": url},
        default={"uploaded": []},
        on_uploaded_change=lambda: None,
    )
    return list(result.uploaded or [])
