"""Test the tokens section of the Settings page."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from stt.auth import tokens
from tests.server import ROOT


@pytest.mark.usefixtures("data")
def test_token_of_the_settings_page_is_shown_once_works_and_is_revoked():
    page = AppTest.from_file(str(ROOT / "pages" / "frame.py"), default_timeout=60).switch_page("settings.py").run()
    next(field for field in page.text_input if field.label == "Name of the program").input("Nightly <b>run</b>")
    press(page, "Create token")
    text = next(code.value for code in page.code if code.value.startswith(tokens.PREFIX))
    found = tokens.find(text)
    assert found is not None and (found.name, found.owner) == ("Nightly <b>run</b>", page.session_state.owner)
    page.run()
    assert not page.exception and not any(text in str(element) for element in page.main)
    press(page, "Revoke")
    assert tokens.find(text) is None and "Revoke" not in [button.label for button in page.button]


def press(page: AppTest, label: str) -> None:
    next(button for button in page.button if button.label == label).click().run()
    assert not page.exception
