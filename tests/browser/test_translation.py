"""Test that every text of the pages is translated. The test translation puts each text in brackets."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from io import BytesIO

import pytest
from babel.messages.pofile import read_po, write_po
from playwright.sync_api import Browser, Page

from stt.library import sharing
from stt.web.v1 import openapi
from tests import audio, catalogue, transcripts
from tests.server import Server
from tests.transcripts import TALK, sharing_data_with
from tests.waiting import until

ANN = "visitor:ann"
TITLE = "Quixotic talk"
PAGES = ("", "history", "compare", "settings", "api", "transcript", "shared")
MENUS = ("Download", "Details", "Import a transcript", "Transcribe again", "Share", "Delete", "Change")
AREAS = '[data-testid="stMain"], [data-testid="stHeader"]'
BOXES = '[data-testid="stPopoverBody"], [role="dialog"]'
# Selector of elements whose texts the app does not translate: the reason.
LEFT_OUT = {
    '[translate="no"], [data-testid="stExpanderIcon"]': "names of icons, which a font draws as pictures",
    '[data-testid="stElementToolbar"]': "Streamlit's menu of a table or a chart",
    '[data-testid="stVegaLiteChart"]': "a picture that Vega describes in its own words",
    '[data-testid="stCode"], .stt-route': "code, addresses and examples of answers",
    ".stt-words, .stt-sample, .stt-who-name, .stt-so-far": "words of the transcript, and names of speakers",
}
# Regular expression of English that is allowed outside brackets, anywhere in a text: the reason.
ENGLISH = {
    r"App pages|Choose an option|Open|Clear all|Show password|^(Help for|Remove|Selected) ": "Streamlit's own labels",
    r"Close|Decrement|Increment|Choose date( range)?|^(day|month|year), |(start|end) date$|^yyyy$": "Streamlit's own labels, too",
    r"^(Translate to English|Each channel is a speaker|Prompt)$": "options of a model, from its description in `stt`",
    r"^(Subtitles|Words) \((SRT|WebVTT|CSV)\)$": "names of formats, from `stt`",
    r"\bEnglish\b": "names of languages",
    r"\d{1,2} \w{3} \d{4}(, \d\d:\d\d)?": "moments, as `stt` writes them",
    r"[\d.]+ [MG]B": "sizes, as `stt` writes them",
    rf"{TITLE}|^(Anna|Ben <b>)$": "names of the recording and of its speakers",
    r"(^|\()((Ctrl|Shift|Alt)\+)*(F\d+|Enter|[A-Z]|[↑↓])(\)|$)": "keys",
    r"(local/|#g1_)?(Distil-)?[Ww]hisper[ -][\w.-]+": "names of models",
    r"https://example\.org/\S*|XXXXX-XXXXX-…|Zarathustra\nCyril → Cyrille": "examples of what is typed",
    r"Python|OpenAI|curl|JavaScript": "names of languages and tools",
    r"^\w+ or null$|^(string|file|boolean|number|integer|array|object)$": "types of fields, as JSON names them",
}
# The OpenAPI document. The API page shows its descriptions of routes and fields, which are not translated.
DESCRIBED = json.dumps(openapi.document(), ensure_ascii=False).replace('\\"', '"').replace("`", "")
COLLECT = """([areas, leftOut]) => {
  const found = new Set();
  const shown = element =>
    (element.closest("canvas") ?? element).checkVisibility({ visibilityProperty: true }) && !element.closest(leftOut);
  for (const area of document.querySelectorAll(areas)) {
    const texts = document.createTreeWalker(area, NodeFilter.SHOW_TEXT);
    for (let text = texts.nextNode(); text; text = texts.nextNode())
      if (shown(text.parentElement)) found.add(text.data.trim());
    for (const element of area.querySelectorAll("[aria-label], [placeholder], [title]"))
      if (shown(element))
        for (const name of ["aria-label", "placeholder", "title"])
          if (element.hasAttribute(name)) found.add(element.getAttribute(name).trim());
  }
  return [...found];
}"""
UNFOLD = """() => {
  for (const folded of document.querySelectorAll("details:not([open], [data-unfolded]) > summary")) {
    folded.parentElement.dataset.unfolded = "";
    folded.click();
  }
}"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Run a server whose Esperanto translation is each English text in brackets."""
    folder = tmp_path_factory.mktemp("translations")
    pseudo = read_po(BytesIO(catalogue.catalogue()))
    for message in pseudo:
        if message.id:
            one = isinstance(message.id, str)
            message.string = f"⟦{message.id}⟧" if one else tuple(f"⟦{form}⟧" for form in message.id)
    with open(folder / "eo.po", "wb") as file:
        write_po(file, pseudo)
    data = tmp_path_factory.mktemp("server") / "data"
    with Server(data, STT_TRANSLATIONS=str(folder), STT_ACCESS="private") as server:
        yield server


@pytest.fixture(scope="module")
def generation_id(server: Server) -> Iterator[str]:
    with sharing_data_with(server):
        yield transcripts.store(ANN, TALK, audio.JFK, title=TITLE, duration=11.0, confidence=0.9)


@pytest.fixture(params=PAGES)
def address(request: pytest.FixtureRequest, server: Server, generation_id: str) -> str:
    if request.param == "shared":
        with sharing_data_with(server):
            return f"{server.url}/shared?token={sharing.create(generation_id, ANN, days=1, audio=True)}"
    return f"{server.url}/{request.param}" + (f"?id={generation_id}" if request.param == "transcript" else "")


@pytest.fixture
def esperantist(browser: Browser, server: Server, generation_id: str) -> Iterator[Page]:
    page = transcripts.page_of(browser, server, "ann", locale="eo")
    yield page
    page.context.close()


def open_page(page: Page, address: str) -> None:
    page.goto(address)
    page.locator(AREAS).locator("h1").first.wait_for()
    page.locator('[data-test-script-state="notRunning"]').wait_for()


def texts_of(page: Page, areas: str = AREAS) -> list[str]:
    """Return the texts of these areas, including collapsed elements, once the texts stop changing."""
    found: list[list[str]] = []

    def is_stable() -> bool:
        page.evaluate(UNFOLD)
        found.append(page.evaluate(COLLECT, [areas, ", ".join(LEFT_OUT)]))
        return len(found) > 3 and found[-1] == found[-2] == found[-3] != []

    until(is_stable, every=0.5)
    return found[-1]


def untranslated(text: str) -> str:
    """Return what is left of a text without bracketed parts and allowed English, or "" if no letter is left."""
    if text.replace("`", "").strip(".;") in DESCRIBED:
        return ""
    while (less := re.sub(r"⟦[^⟦⟧]*⟧", "", text)) != text:
        text = less
    for pattern in ENGLISH:
        text = re.sub(pattern, "", text)
    return text if any(map(str.isalpha, text)) else ""


def check(found: list[str]) -> None:
    remaining = [text for text in found if untranslated(text)]
    assert not remaining, "\n".join(remaining)
    assert any("⟦" in text for text in found)


def test_no_text_of_a_page_is_left_in_english(esperantist: Page, address: str):
    open_page(esperantist, address)
    check(texts_of(esperantist))


@pytest.mark.parametrize("name", MENUS)
def test_no_text_of_a_menu_or_a_dialog_is_left_in_english(
    esperantist: Page, server: Server, generation_id: str, name: str
):
    open_page(esperantist, f"{server.url}/transcript?id={generation_id}")
    texts_of(esperantist)
    esperantist.get_by_role("button", name=f"⟦{name}⟧").first.click()
    check(texts_of(esperantist, BOXES))


def test_no_text_of_the_filters_is_left_in_english(esperantist: Page, server: Server):
    open_page(esperantist, f"{server.url}/history")
    texts_of(esperantist)
    esperantist.get_by_role("button", name="⟦Filters⟧").click()
    check(texts_of(esperantist, BOXES))


def test_other_browsers_read_english(browser: Browser, server: Server, address: str):
    page = transcripts.page_of(browser, server, "ann")
    open_page(page, address)
    found = texts_of(page)
    page.context.close()
    assert not [text for text in found if "⟦" in text]
