"""Build the addresses of transcripts' files for pages (see `stt.web.exports.files`)."""

from __future__ import annotations

from urllib.parse import quote, urlencode

from stt.guard import base_path

RAW = "raw"  # the provider's response, in addition to the formats of `stt.export.formats`
NOTES = "notes"  # the notes alone, as a table
MANY = "/export/transcripts.zip"


def address(generation_id: str, form: str, **options: str | float | bool) -> str:
    """Return the address of a file, for a page."""
    values = {name: int(value) if isinstance(value, bool | float) else value for name, value in options.items()}
    return base_path.at(f"/export/{generation_id}.{form}?{urlencode(values, quote_via=quote)}")
