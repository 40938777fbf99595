"""Build the URLs of exported transcripts, for links on pages (see `stt.web.exports.files`)."""

from __future__ import annotations

from urllib.parse import quote, urlencode

from stt.guard import base_path

# Names of formats in URLs, in addition to those in `stt.export.formats`.
RAW = "raw"  # the unchanged response of the AI/ML API
NOTES = "notes"  # a CSV table of the notes, without the transcript
MANY = "/export/transcripts.zip"


def address(generation_id: str, form: str, **options: str | float | bool) -> str:
    """Return the URL of a transcript's file in the format `form`, for a link on a page."""
    values = {name: int(value) if isinstance(value, bool | float) else value for name, value in options.items()}
    return base_path.at(f"/export/{generation_id}.{form}?{urlencode(values, quote_via=quote)}")
