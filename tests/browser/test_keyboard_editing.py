"""Test correcting a 20-minute transcript by keyboard alone, while the server is killed and the tab is closed."""

from __future__ import annotations

import random
from dataclasses import dataclass

import numpy as np
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from stt.transcript.model import Transcript
from tests import audio, transcripts
from tests.browser.conftest import until_true
from tests.browser.editing import SAVE_TIMEOUT, caret, expect_saved, open_talk, segments
from tests.server import Server
from tests.transcripts import spoken_segment

pytestmark = [pytest.mark.own_server, pytest.mark.usefixtures("database_of_server")]

PARAGRAPHS = 120
PARAGRAPH_SECONDS = 10.0  # seconds from one paragraph to the next, 20 minutes in total
WORDS_PER_PARAGRAPH = 24
SPEAKERS = ["Anna", "Ben"]
REPLACEMENTS = {"alpha": "omega", "bravo": "brevity", "charlie": "chorus line"}
PLAIN = "amber basin cedar delta ember fjord grove hazel inlet jetty knoll larch maple niche ocean pearl quartz ridge".split()
TOLERANCE = 0.3  # maximum seconds between a word's expected and stored start


@dataclass
class ExpectedWord:
    """Represent a word of the expected text. `at` is its start time in seconds, None for a typed word."""

    text: str
    at: float | None


@dataclass
class Paragraph:
    speaker: str
    words: list[ExpectedWord]

    @property
    def text(self) -> str:
        return " ".join(word.text for word in self.words)


class Visitor:
    """Edit the transcript by keyboard alone, and make the same edits in `expected`, the expected paragraphs."""

    def __init__(self, context: BrowserContext, page: Page) -> None:
        self.context, self.page = context, page
        self.choice = random.Random(27)
        vocabulary = [*PLAIN, *REPLACEMENTS]
        raw = [[self.choice.choice(vocabulary) for _ in range(WORDS_PER_PARAGRAPH)] for _ in range(PARAGRAPHS)]
        spoken = [spoken_segment(" ".join(raw[n]), n * PARAGRAPH_SECONDS, SPEAKERS[n % 2]) for n in range(PARAGRAPHS)]
        self.raw = Transcript(tuple(spoken), PARAGRAPHS * PARAGRAPH_SECONDS, "en")
        self.expected = [
            Paragraph(str(one.speaker), [ExpectedWord(word.text.strip(), word.start) for word in one.words])
            for one in spoken
        ]
        self.at = 0  # index of the paragraph with the caret
        self.typed = 0

    def press(self, key: str, times: int = 1) -> None:
        for _ in range(times):
            self.page.keyboard.press(key)

    def tab_to(self, selector: str, key: str = "Tab") -> None:
        """Press `key` (Tab or Shift+Tab) until an element that matches the CSS selector has the focus."""
        for _ in range(200):
            if self.page.evaluate("(selector) => document.activeElement.matches(selector)", selector):
                return
            self.press(key)
        raise AssertionError(f"{key} does not reach {selector}")

    def enter(self) -> None:
        """Move the focus into the text."""
        self.tab_to(".stt-words")
        self.at = caret(self.page)[0]

    def go(self, number: int, word: int) -> None:
        """Move the caret to the start of the word with the index `word` in the paragraph with the index `number`."""
        while self.at != number:
            self.press("Control+ArrowDown" if self.at < number else "Control+ArrowUp")
            self.at += 1 if self.at < number else -1
        self.press("Control+Home")
        at = len(" ".join(each.text for each in self.expected[number].words[:word])) + (1 if word else 0)
        self.press("ArrowRight", at)
        assert caret(self.page) == (number, at)

    def correct(self, number: int) -> None:
        word = self.choice.randrange(2, len(self.expected[number].words) - 2)
        self.go(number, word)
        self.press("Shift+ArrowRight", len(self.expected[number].words[word].text))
        self.typed += 1
        new = f"typed{self.typed}"
        self.page.keyboard.type(new)
        self.expected[number].words[word] = ExpectedWord(new, None)

    def split(self, number: int) -> None:
        one = self.expected[number]
        word = self.choice.randrange(2, len(one.words) - 2)
        self.go(number, word)
        self.press("Enter")
        self.expected[number : number + 1] = [
            Paragraph(one.speaker, one.words[:word]),
            Paragraph(one.speaker, one.words[word:]),
        ]
        self.at = number + 1

    def merge(self, number: int) -> None:
        """Merge a paragraph with the one above."""
        self.go(number, 0)
        self.press("Backspace")
        lower = self.expected.pop(number)
        self.expected[number - 1].words += lower.words
        self.at = number - 1

    def assign(self, number: int) -> None:
        self.go(number, 0)
        place = 1 - SPEAKERS.index(self.expected[number].speaker)
        self.press(f"Alt+{place + 1}")
        self.expected[number].speaker = SPEAKERS[place]

    def replace(self, old: str, new: str) -> None:
        self.press("Control+h")
        self.tab_to("[type=search]", "Shift+Tab")  # if a search text is left, Ctrl+H focuses the replacement field
        self.press("Control+a")
        self.page.keyboard.type(old)
        expect(self.page.locator(".stt-count")).to_contain_text("found")
        self.tab_to("[aria-label='Replace with']")
        self.press("Control+a")
        self.page.keyboard.type(new)
        self.tab_to(".stt-all")
        self.press("Enter")
        expect(self.page.locator(".stt-outcome")).to_contain_text("replaced", timeout=SAVE_TIMEOUT)
        for paragraph in self.expected:
            paragraph.words = [
                ExpectedWord(part, word.at)
                for word in paragraph.words
                for part in (new.split() if word.text == old else [word.text])
            ]
        self.press("Escape")
        self.enter()

    def reopen_tab(self) -> None:
        """Close the tab while the caret is in the text, and open the transcript in a new tab."""
        address = self.page.url
        self.page.close()
        self.page = self.context.new_page()
        open_talk(self.page, address)
        self.enter()


def test_twenty_minute_transcript_is_corrected_by_keyboard_alone(browser: Browser, server: Server):
    page = transcripts.page_of(browser, server, "ann")
    visitor = Visitor(page.context, page)
    seconds = int(PARAGRAPHS * PARAGRAPH_SECONDS)
    sound = audio.write(server.data.parent / "long.flac", np.resize(audio.samples(audio.JFK), seconds * audio.RATE))
    generation_id = transcripts.store("visitor:ann", visitor.raw, sound, duration=float(seconds))
    open_talk(page, f"{server.url}/transcript?id={generation_id}")
    visitor.enter()
    steps = ["correct"] * 40 + ["split"] * 10 + ["merge"] * 10 + ["assign"] * 8
    steps += ["replace"] * 3 + ["kill"] * 2 + ["close"]
    visitor.choice.shuffle(steps)
    replacements = iter(REPLACEMENTS.items())
    kills = 0
    for step in steps:
        number = min(len(visitor.expected) - 2, max(1, visitor.at + visitor.choice.randrange(-2, 6)))
        while len(visitor.expected[number].words) < 8:
            number += 1
        if step == "replace":
            visitor.replace(*next(replacements))
        elif step == "kill":
            server.kill()
            visitor.correct(number)
            visitor.correct(number + 1)
            server.start()
            kills += 1
        elif step == "close":
            visitor.correct(number)
            new = f"typed{visitor.typed}"
            until_true(visitor.page, f"JSON.stringify(localStorage).includes('{new}')")
            visitor.reopen_tab()
        else:
            getattr(visitor, step)(number)
    visitor.press("Escape")
    expect_saved(visitor.page)
    expected = [paragraph.text for paragraph in visitor.expected]
    expect(visitor.page.locator(".stt-words")).to_have_text(expected)
    visitor.page.reload()
    expect(visitor.page.locator(".stt-words")).to_have_text(expected)
    assert kills == 2 and visitor.typed >= 45
    check_times(visitor)
    visitor.page.context.close()


def check_times(visitor: Visitor) -> None:
    """Compare the texts, times and speakers of the stored words with the expected ones."""
    found = [
        (word["text"].strip(), word["start"], word["end"], segment["speaker"])
        for segment in segments(visitor.page)
        for word in segment["words"]
    ]
    wanted = [(word, paragraph) for paragraph in visitor.expected for word in paragraph.words]
    assert [text for text, *_ in found] == [word.text for word, _ in wanted]
    assert [speaker for *_, speaker in found] == [paragraph.speaker for _, paragraph in wanted]
    for (text, start, end, _), (word, paragraph) in zip(found, wanted, strict=True):
        known = [each.at for each in paragraph.words if each.at is not None]
        if word.at is not None and word.text not in " ".join(REPLACEMENTS.values()).split():
            assert abs(start - word.at) <= TOLERANCE, text
        else:  # a typed or replaced word must lie within its paragraph
            assert (
                min(known) - TOLERANCE
                <= start
                <= end
                <= max(known) + PARAGRAPH_SECONDS / WORDS_PER_PARAGRAPH + TOLERANCE
            ), text
