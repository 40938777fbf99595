"""Test that the Settings page shows the limits of the host and the notice to everybody."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from stt.settings import Settings
from tests.conftest import read_settings_again
from tests.server import ROOT

# Setting of the host: (a value for it, the row of the Settings page that shows this value).
SHOWN = {
    "STT_UPLOAD_LIMIT_MB": ("7", ("Size of an upload", "7 MB", "")),
    "STT_MAX_DURATION_MINUTES": ("91", ("Length of a recording", "91 min", "")),
    "STT_JOBS_PER_VISITOR": ("3", ("Your simultaneous transcriptions", "3", "0 now")),
    "STT_MINUTES_PER_VISITOR": ("61", ("Your audio per day", "61 min", "0.0 min today")),
    "STT_MINUTES_PER_DAY": ("601", ("Audio per day, all users", "601 min", "0.0 min today")),
    "STT_DOLLARS_PER_DAY": ("4.5", ("Cost per day with this server’s key", "\\$4.50", "\\$0.00 today")),
    "STT_AUDIO_RETENTION_DAYS": ("8", ("Audio is kept", "8 days", "")),
    "STT_TRANSCRIPT_RETENTION_DAYS": ("92", ("Transcripts are kept", "92 days, then deleted with their audio", "")),
    "STT_MODELS": ("local/whisper-base, nova-3", ("Models", "Nova-3, Whisper base on this machine", "")),
}


def rows(page: AppTest) -> set[tuple[str, ...]]:
    assert not page.exception
    return set(page.table[0].value.reset_index().itertuples(index=False, name=None))


def texts(page: AppTest) -> str:
    return "\n".join(element.proto.body for element in page.get("html"))


@pytest.mark.usefixtures("data")
def test_every_limit_is_on_the_settings_page(monkeypatch: pytest.MonkeyPatch):
    page = AppTest.from_file(str(ROOT / "pages" / "frame.py"), default_timeout=60).switch_page("settings.py")
    assert rows(page.run()) == {
        ("Size of an upload", "2 GB", ""),
        ("Length of a recording", "720 min", ""),
    } and "midnight" not in texts(page)
    for name, (value, _) in SHOWN.items():
        assert name.lower().removeprefix("stt_") in Settings.model_fields
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("STT_BANNER", "Down on <b>Friday</b>")
    read_settings_again()
    assert rows(page.run()) == {row for _, row in SHOWN.values()}
    assert "Resets at midnight UTC, in " in texts(page)
    assert "Down on &lt;b&gt;Friday&lt;/b&gt;" in texts(page)
