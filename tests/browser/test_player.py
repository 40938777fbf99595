"""Test the player in a real browser: clicks, keys, speed, the spoken word, search, doubtful words."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from stt.export.formats import FORMATS
from stt.transcript import folding
from stt.transcript.model import Segment, Transcript
from tests import audio, transcripts
from tests.browser.conftest import until_true, watch_playback
from tests.server import ROOT, Server

VISITOR = "listens"
OWNER = f"visitor:{VISITOR}"
SECONDS = 180


def strange_transcript(text: str) -> Transcript:
    """Return a transcript that begins at ten hours. `text` is what the first of its two speakers says, and her name."""
    first = transcripts.spoken_segment(text, 10 * transcripts.HOUR, speaker=text[:30])
    return Transcript((first, transcripts.spoken_segment("Yes.", first.end, speaker="Ben")), 10.1 * transcripts.HOUR)


def conversation() -> Transcript:
    """Return a transcript: Ann speaks at 0 and 60 s, Ben at 30 and 90 s. Ben's second word overlaps other speech."""
    turns = ((at, "Ben" if at % 60 else "Ann") for at in (0.0, 30.0, 60.0, 90.0))
    segments = [transcripts.spoken_segment("This is what I say.", at, speaker) for at, speaker in turns]
    words = segments[1].words
    segments[1] = replace(segments[1], words=(words[0], replace(words[1], overlapped=True), *words[2:]))
    return Transcript(tuple(segments), SECONDS, "en")


@pytest.fixture(scope="module")
def ids(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Store transcripts: two with audio, one of 100,000 words, strange texts, an empty one. Yield {name: id}."""
    sound = np.resize(audio.samples(audio.JFK), SECONDS * audio.RATE)
    talk = transcripts.long_talk(int(SECONDS / transcripts.PACE))
    with transcripts.sharing_data_with(server):
        recording = audio.write(tmp_path_factory.mktemp("sound") / "talk.flac", sound)
        created = {
            "talk": transcripts.store(OWNER, talk, recording),
            "conversation": transcripts.store(OWNER, conversation(), recording, title="Conversation"),
        }
        created["long"] = transcripts.store(OWNER, transcripts.long_talk(), title="Ten hours")
        for name, text in transcripts.STRANGE.items():
            created[name] = transcripts.store(OWNER, strange_transcript(text), title=text)
        created["none"] = transcripts.store(OWNER, Transcript((), 20.0), title="Silence")
        yield created


@pytest.fixture
def page(browser: Browser, server: Server, ids: dict[str, str]) -> Iterator[Page]:
    page = transcripts.page_of(browser, server, VISITOR)
    yield page
    page.context.close()


def open_transcript(page: Page, server: Server, generation_id: str, more: str = "") -> Page:
    page.goto(f"{server.url}/transcript?id={generation_id}{more}")
    page.locator(".st-key-transcript .stt-words").first.wait_for()
    return page


@pytest.fixture
def talk(page: Page, server: Server, ids: dict[str, str]) -> Page:
    """Open a transcript of three minutes, with its sound loaded."""
    open_transcript(page, server, ids["talk"])
    until_true(page, "document.querySelector('.stt-audio').readyState >= 1")
    return page


def position(page: Page) -> float:
    return page.evaluate("document.querySelector('.stt-audio').currentTime")


def until_sound(page: Page, condition: str) -> None:
    """Wait until a JavaScript condition is true, in which `a` is the audio element."""
    until_true(page, f"() => {{ const a = document.querySelector('.stt-audio'); return a && {condition} }}")


SPOKEN_IN_VIEW = """() => {
  const spoken = document.querySelector('.stt-spoken');
  const box = spoken?.getBoundingClientRect();
  const bar = document.querySelector('.stt-bar').getBoundingClientRect();
  const apart = spoken && Math.abs(spoken.dataset.start - document.querySelector('.stt-audio').currentTime);
  return spoken && apart < 2 && box.top >= bar.bottom && box.bottom <= innerHeight;
}"""


def test_waveform_is_drawn_and_a_click_on_it_seeks(talk: Page):
    wave = talk.locator(".stt-wave")
    expect(wave).to_be_visible()
    inked = "() => { const c = document.querySelector('.stt-wave'); return c.getContext('2d').getImageData(0, 0, c.width, c.height).data.filter((v, i) => i % 4 == 3 && v).length }"
    assert talk.evaluate(inked) > 500
    box = wave.bounding_box()
    assert box
    talk.mouse.click(box["x"] + box["width"] * 0.25, box["y"] + box["height"] / 2)
    until_sound(talk, f"Math.abs(a.currentTime - {SECONDS / 4}) < 2 && a.paused")
    expect(talk.locator(".stt-now")).to_have_text(re.compile("0:4[456]"))


def test_arrows_seek_and_space_plays_except_in_text_fields(talk: Page):
    talk.locator("h1").click()
    until_sound(talk, "a.readyState >= 1")
    for key in ("ArrowRight", "ArrowRight", "ArrowLeft", "Space"):
        talk.keyboard.press(key)
    until_sound(talk, "!a.paused && a.currentTime > 5.1 && a.currentTime < 10")
    talk.keyboard.press("Space")
    until_sound(talk, "a.paused")
    talk.get_by_label("Find in the text").press("Space")
    talk.get_by_label("Find in the text").press("ArrowRight")
    before = position(talk)
    talk.locator(".stt-slider").press("ArrowRight")
    until_sound(talk, f"Math.abs(a.currentTime - {before} - 5) < 0.01 && a.paused")


@pytest.mark.parametrize("first, second, third", [("Right", "Right", "Left"), ("Right", "Left", "Right")])
def test_keys_faster_than_the_player_seeks_do_not_stop_it(talk: Page, first: str, second: str, third: str):
    press = "key => document.body.dispatchEvent(new KeyboardEvent('keydown', { key: `Arrow${key}`, bubbles: true }))"
    for turn in range(1, 11):
        talk.evaluate(f"keys => keys.forEach({press})", [first, second, third])
        until_sound(talk, f"!a.seeking && a.readyState >= 3 && Math.abs(a.currentTime - {5 * turn}) < 0.1")


@pytest.mark.parametrize(("scheme", "width"), [("light", 1440), ("dark", 390)])
def test_speakers_have_the_same_colours_in_text_and_lanes(
    page: Page, server: Server, ids: dict[str, str], scheme: str, width: int
):
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 900})
    open_transcript(page, server, ids["conversation"])
    names = page.locator(".stt-speaker")
    expect(names).to_have_text(["Ann", "Ben", "Ann", "Ben"])
    painted = names.evaluate_all("names => names.map(name => getComputedStyle(name).color)")
    assert painted[:2] == painted[2:] and painted[0] != painted[1]
    lanes = page.get_by_role("group", name="Who speaks when").get_by_role("img")
    assert lanes.evaluate_all("lanes => lanes.map(lane => lane.getAttribute('aria-label'))") == ["Ann", "Ben"]
    assert lanes.evaluate_all("lanes => lanes.map(lane => getComputedStyle(lane).color)") == painted[:2]
    slider, lane = page.locator(".stt-slider").bounding_box(), lanes.first.bounding_box()
    assert slider and lane and (slider["x"], slider["width"]) == pytest.approx((lane["x"], lane["width"]), abs=1)
    expect(page.locator(".stt-overlapped")).to_have_text(["is"])
    expect(page.locator(".stt-overlapped")).to_have_attribute("title", "Somebody else speaks here, too")
    assert page.locator("[data-testid=stMain]").evaluate("main => main.scrollWidth - main.clientWidth") <= 0


def test_click_on_a_lane_plays_from_the_start_of_the_turn(page: Page, server: Server, ids: dict[str, str]):
    open_transcript(page, server, ids["conversation"])
    until_sound(page, "a.readyState >= 1")
    ben = page.get_by_role("img", name="Ben")
    box = ben.bounding_box()
    assert box
    watch_playback(page)
    ben.click(position={"x": box["width"] * 91 / SECONDS, "y": box["height"] / 2})
    until_sound(page, "window.played && window.sought >= 90 && window.sought < 93")
    until_true(page, "Number(document.querySelector('.stt-spoken')?.dataset.start) >= 90")


def test_playback_speed_ranges_from_half_to_double(talk: Page):
    speed = talk.get_by_label("Speed")
    options = speed.evaluate("box => [...box.options].map(option => Number(option.value))")
    assert options[0] == 0.5 and options[-1] == 2
    for value in ("0.5", "2"):
        speed.select_option(value)
        until_sound(talk, f"a.playbackRate == {value}")


def test_spoken_word_is_marked_and_kept_in_view_unless_follow_is_off(talk: Page):
    talk.get_by_role("button", name="Play", exact=True).click()
    talk.locator(".stt-spoken").wait_for()
    for moment in (150, 20):
        talk.evaluate(f"document.querySelector('.stt-audio').currentTime = {moment}")
        until_true(talk, SPOKEN_IN_VIEW)
    talk.get_by_role("button", name="Follow").click()
    top = talk.locator(".stt-paragraph").first.bounding_box()
    talk.evaluate("document.querySelector('.stt-audio').currentTime = 160")
    until_true(talk, "Number(document.querySelector('.stt-spoken')?.dataset.start) > 158")
    assert talk.locator(".stt-paragraph").first.bounding_box() == top


def test_link_to_a_moment_opens_there_and_sets_the_start_of_a_share(talk: Page):
    talk.evaluate("document.querySelector('.stt-audio').currentTime = 123.4")
    talk.get_by_role("button", name="Copy a link to this moment").click()
    expect(talk.locator(".stt-say")).to_have_text("The link to 2:03 is on the clipboard.")
    link = talk.evaluate("navigator.clipboard.readText()")
    assert link.endswith("&at=123.4")
    expect(talk).to_have_url(link)
    talk.get_by_role("button", name="Share", exact=True).click()
    expect(talk.get_by_role("dialog").get_by_label("Start playback at (seconds)")).to_have_value("123.4")
    assert position(talk) == pytest.approx(123.4, abs=0.1)  # the dialog has not changed the playback position
    talk.goto("about:blank")
    talk.goto(link)
    until_sound(talk, "Math.abs(a.currentTime - 123.4) < 0.1")
    until_true(talk, SPOKEN_IN_VIEW)


@pytest.mark.parametrize("name", transcripts.STRANGE)
def test_copied_text_has_speakers_and_equals_the_text_export(
    page: Page, server: Server, ids: dict[str, str], name: str
):
    open_transcript(page, server, ids[name])
    page.get_by_role("button", name="Copy text").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert (
        page.evaluate("navigator.clipboard.readText()")
        == FORMATS["txt"].write(strange_transcript(transcripts.STRANGE[name]), speakers=True).decode()
    )


@pytest.mark.parametrize("at", ["nan", "inf", "-5", "x", "1e400", ""])
def test_invalid_moment_opens_at_the_start(page: Page, server: Server, ids: dict[str, str], at: str):
    open_transcript(page, server, ids["talk"], f"&at={at}")
    until_sound(page, "a.readyState >= 1 && a.currentTime == 0")


def test_search_hits_are_counted_and_stepped_through(talk: Page):
    word = talk.locator(".stt-word").nth(3).inner_text().strip(" .")
    text = " ".join(talk.locator(".stt-words").all_inner_texts())
    hits = len(re.findall(re.escape(word), text, re.IGNORECASE))
    find, count = talk.get_by_label("Find in the text"), talk.locator(".stt-count")
    find.fill(word)
    expect(count).to_have_text(f"{hits} found")
    find.press("Enter")
    expect(count).to_have_text(f"1 of {hits}")
    talk.get_by_role("button", name="Previous hit").click()
    expect(count).to_have_text(f"{hits} of {hits}")
    talk.get_by_role("button", name="Next hit").click()
    expect(count).to_have_text(f"1 of {hits}")
    find.fill("(.*) [no such thing] \\")
    expect(count).to_have_text("None")
    find.press("Escape")
    expect(count).to_be_hidden()


EQUIVALENTS = [
    *(("Łódź", "lodz"), ("Lodz", "Łódź"), ("Ørsted", "orsted"), ("Straße", "STRASSE"), ("œuvre", "oeuvre")),
    *(("İstanbul", "istanbul"), ("ısı", "ISI"), ("e\u0301te\u0301", "été"), ("été", "ETE"), ("été", "e\u0301te\u0301")),
    *(("می\u200cخواهم", "میخواهم"), ("كتاب", "کتاب"), ("مـحـمـد", "محمد"), ("مسؤول", "مسوول"), ("أحمد", "احمد")),
    *(("don’t", "don't"), ("“so”", '"so"'), ("cold‑hearted", "cold-hearted"), ("cold-hearted", "cold hearted")),
    *(("ＡＢＣ１", "abc1"), ("ｶﾞｷ", "ガキ"), ("ﬁnd", "find"), ("今天。要", "今天要"), ("서울", "서울"), ("a  b", "a b")),
]


def test_equivalent_spellings_are_found_and_marked_in_the_text(page: Page, server: Server, ids: dict[str, str]):
    """Check that each query finds and marks the equivalent text, and that the query `?` finds only question marks."""
    segments = [
        transcripts.spoken_segment(f"q{at} {text} z?", 60.0 * at, speaker=f"S{at}")
        for at, (text, _) in enumerate(EQUIVALENTS)
    ]
    with transcripts.sharing_data_with(server):
        generation_id = transcripts.store(OWNER, Transcript(tuple(segments), 60.0 * len(segments)), title="Alike")
    open_transcript(page, server, generation_id)
    find, count = page.get_by_label("Find in the text"), page.locator(".stt-count")
    for at, (text, query) in enumerate(EQUIVALENTS):
        find.fill(f"Q{at} {query} z")
        expect(count).to_have_text("1 found")
        find.press("Enter")
        marked = page.evaluate("[...CSS.highlights.get('stt-hit-now')].map((range) => range.toString()).join()")
        assert " ".join(marked.split()) == " ".join(f"q{at} {text} z".split())
    find.fill("?")
    expect(count).to_have_text(f"{len(EQUIVALENTS)} found")
    find.fill("か")
    expect(count).to_have_text("None")


def test_javascript_folds_every_character_as_python_does(page: Page, server: Server):
    page.goto(server.url)
    script = (ROOT / "pages" / "components" / "player" / "finding" / "folding.js").read_text("utf-8")
    rules = json.dumps({"folding": folding.rules()})
    code = f"const rules = {rules};\n" + re.sub(r"^(import .*|export )", "", script, flags=re.MULTILINE)
    known = [c for c in map(chr, range(1, 0x110000)) if unicodedata.category(c) not in ("Cn", "Cs")]
    # The characters are sent as JSON, because Playwright's transfer to the browser changes some special characters.
    output = page.evaluate(
        "(asked) => { "
        + code
        + " return JSON.stringify(JSON.parse(asked).map((c) => [foldOne(c), folded(c).plain])) }",
        json.dumps(known),
    )
    differs = [
        (hex(ord(c)), one, plain)
        for c, (one, plain) in zip(known, json.loads(output), strict=True)
        if (one != folding.fold(c) and unicodedata.normalize("NFC", c) == c)
        or plain.replace(" ", "") != "".join(folding.words(c))
    ]
    assert differs == []


@pytest.mark.parametrize("text", ["a " * 30_000 + "b", "\u0301" * 50_000, "的" * 50_000, ".'" * 30_000])
def test_search_in_a_repetitive_text_does_not_block_the_page(page: Page, server: Server, text: str):
    with transcripts.sharing_data_with(server):
        generation_id = transcripts.store(OWNER, Transcript((Segment(0.0, 9.0, text),), 9.0), title="Hostile")
    open_transcript(page, server, generation_id)
    find, count = page.get_by_label("Find in the text"), page.locator(".stt-count")
    for query in ("a " * 99 + "b", "a" * 199 + "b", "的" * 199 + "b", "\u0301" * 200):
        find.fill(query)
        expect(count).to_be_visible()
    find.fill("a" * 1000)
    assert len(find.input_value()) == 200
    find.fill(text[0] if text[0] not in "\u0301." else "a")
    expect(count).to_have_text("10,000+ found" if text[0] not in "\u0301." else "None")


def test_doubtful_words_are_stepped_through_and_playback_moves_along(talk: Page):
    # Turn editing off, because during editing the button would open the review of doubtful words instead.
    talk.get_by_role("button", name="Edit", exact=True).click()
    doubtful = talk.locator(".stt-doubtful")
    button = talk.get_by_role("button", name="Next doubtful")
    total = int(button.locator(".stt-doubts").inner_text())
    assert total > 3
    for number in (1, 2):
        button.click()
        expect(button.locator(".stt-doubts")).to_have_text(f"{number} of {total}")
        marked = talk.locator(".stt-looked-at")
        expect(marked).to_have_count(1)
        expect(marked).to_be_in_viewport()
        start = float(marked.get_attribute("data-start") or "nan")
        until_sound(talk, f"Math.abs(a.currentTime - {max(0, start - 0.3)}) < 0.05")
    expect(doubtful.first).to_have_attribute("title", re.compile(r"Confidence \d+ %"))


@pytest.mark.parametrize("name", transcripts.STRANGE)
def test_any_text_is_shown_as_it_is(page: Page, server: Server, ids: dict[str, str], name: str):
    text = transcripts.STRANGE[name]
    open_transcript(page, server, ids[name])
    expect(page.locator("h1")).to_have_text(text)
    assert page.locator(".stt-words").first.inner_text() == text
    assert page.locator(".stt-speaker").first.inner_text() == text[:30].strip()
    assert page.locator(".stt-lane-name").first.inner_text() == text[:30].strip()
    expect(page.locator(".stt-time").first).to_have_text("10:00:00")
    right = page.locator(".stt-words").first.evaluate("box => getComputedStyle(box).direction")
    assert right == ("rtl" if name == "right to left" else "ltr")
    assert page.title() != "x" and page.locator(".stt-words :is(script, img, b)").count() == 0


def test_recording_without_speech_is_reported(page: Page, server: Server, ids: dict[str, str]):
    page.goto(f"{server.url}/transcript?id={ids['none']}")
    expect(page.get_by_text("No speech was found in this recording.")).to_be_visible()


def test_a_hundred_thousand_words_open_scroll_and_are_searched(page: Page, server: Server, ids: dict[str, str]):
    talk = transcripts.long_talk()
    open_transcript(page, server, ids["long"])
    page.locator(".stt-word").first.wait_for()
    paragraphs = page.locator(".stt-paragraph")
    assert paragraphs.count() > 500
    # Only paragraphs near the visible area have an element for each word.
    assert page.locator(".stt-word").count() < 10_000
    assert page.evaluate("document.querySelector('.stt-transcript').textContent.split(' ').length") > 95_000
    last = paragraphs.last
    last.scroll_into_view_if_needed()
    expect(last.locator(".stt-word").last).to_have_text(talk.words[-1].text.strip())
    expect(last).to_be_in_viewport()
    page.get_by_label("Find in the text").fill(talk.words[50_000].text.strip())
    expect(page.locator(".stt-count")).to_have_text(re.compile(r"[\d,]+ found"))


def test_long_recording_seeks_at_once_and_is_not_loaded_completely(
    page: Page, server: Server, ids: dict[str, str], tmp_path: Path
):
    sound = audio.write(tmp_path / "hours.mp3", np.resize(audio.samples(audio.JFK), 7200 * audio.RATE // 12))
    long = transcripts.store(OWNER, transcripts.long_talk(1500), sound, title="Ten minutes")
    received: list[int] = []
    client = page.context.new_cdp_session(page)
    client.send("Network.enable")
    urls: dict[str, str] = {}
    client.on("Network.requestWillBeSent", lambda event: urls.setdefault(event["requestId"], event["request"]["url"]))
    client.on(
        "Network.dataReceived",
        lambda event: "/audio/" in urls.get(event["requestId"], "") and received.append(event["dataLength"]),
    )
    open_transcript(page, server, long)
    until_true(page, "document.querySelector('.stt-audio').readyState >= 1")
    page.evaluate("document.querySelector('.stt-audio').currentTime = 500")
    until_sound(page, "a.readyState >= 2 && a.currentTime == 500 && !a.seeking")
    played = page.evaluate("document.querySelector('.stt-audio').currentSrc")
    size = page.request.get(played, headers={"Range": "bytes=0-0"}).headers["content-range"].partition("/")[2]
    assert sum(received) < int(size) / 2, "of the played file, which is a copy for most MP3"
