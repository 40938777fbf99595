"""Build the URLs of exported transcripts, for links on pages (see `stt.web.exports.files`)."""

from __future__ import annotations

from urllib.parse import quote, urlencode

from stt.guard import base_path

RAW = "raw"  # format name of the AI/ML API's unchanged response; the usual formats are in `stt.export.formats`
NOTES = "notes"  # format name of a table with only the notes
MANY = "/export/transcripts.zip"


def address(generation_id: str, form: str, **options: str | float | bool) -> str:
    """Return the URL of an exported file, for a link on a page."""
    values = {name: int(value) if isinstance(value, bool | float) else value for name, value in options.items()}
    return base_path.at(f"/export/{generation_id}.{form}?{urlencode(values, quote_via=quote)}")
