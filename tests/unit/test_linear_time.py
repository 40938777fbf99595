"""Test that texts and queries from users are processed in linear time, not in quadratic time.

Each text in TEXTS once took minutes to hours. The limit of 30 s is about a hundred times the present duration, so that
the tests also pass on a busy machine.
"""

from __future__ import annotations

import io
import multiprocessing
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from docx import Document

from stt.aiml import results
from stt.audio.containers import foreign
from stt.db import fulltext
from stt.errors import BadOption, NotSound
from stt.export import formats, subtitles
from stt.imports.references.subtitles import webvtt_cues
from stt.links import web_pages
from stt.notes import book
from stt.transcript import comparison, folding, scripts
from stt.transcript.model import Segment, Transcript, Word
from stt.transcript.notes import Note
from stt.vocabulary import rescoring, terms
from stt.web.v1 import contract
from stt.whisper.forced_alignment import plan, result

LONG = 200_000  # maximum characters of a paragraph
MOST_CUES = 30_000  # paragraphs of a Word document
TEXTS = {
    "repeated start of the query": "a " * (LONG // 2) + "b",
    "punctuation without a space": "." * LONG + "x",
    "quotes after punctuation": "!" + "'" * LONG + "x",
    "alternating punctuation and quotes": ".'" * (LONG // 2) + "x",
    "spaces": " " * LONG,
    "spaces around a word": " " * LONG + "x" + " " * LONG,
    "spaces within a line": "a" + " " * LONG + "b",
    "spaces within a tag": "<v" + " " * LONG,
    "number signs before another line": "#" * LONG + "\nx",
    "dashes": "x" + " -" * (LONG // 2),
    "words joined by apostrophes": "x’" * (LONG // 2),
    "one word": "x" * LONG,
    "accents": "x" + "\u0301" * 20_000,
    "full stops between spaces": ". " * (LONG // 2),
    "full stops and slashes": "./" * (LONG // 2),
}


def untimed(text: str) -> Transcript:
    return Transcript((Segment(0.0, 0.0, text),), timed=False)


def vocabulary(text: str) -> object:
    try:
        return terms.read(text)
    except BadOption as error:
        return error


def kind_of_file(text: str) -> NotSound:
    """Return the error for a file that begins with the text."""
    return foreign._text("file.txt", text.encode()[: foreign._HEAD])


OPERATIONS: dict[str, Callable[[str], object]] = {
    "snippet": lambda text: [
        fulltext.snippet(text, query) for query in ("a a a a a a a b", "x" * 200, '"' + text[:200])
    ],
    "search query": fulltext.terms,
    "provider answer": lambda text: results.read({"status": "completed", "result": {"text": text}}),
    "word in the REST API": lambda text: contract._word(Word(text, 0.0, 1.0), {}),
    "comparison": lambda text: [comparison.tokens_of_text(text, exact=exact) for exact in (False, True)],
    "subtitles": lambda text: subtitles.cues(Transcript((Segment(0.0, 9.0, text),))),
    "large subtitles": lambda text: [
        subtitles.cues(transcript, line_length=200, lines=10)
        for transcript in (untimed(text), Transcript((Segment(0.0, 7.0, text),)))
    ],
    "words and sentences": lambda text: [scripts.word_spans(text), scripts.sentences(text), folding.words(text)],
    "CSV export": lambda text: formats.FORMATS["csv"].write(untimed(text)),
    "vocabulary": vocabulary,
    "words for a term": lambda text: [rescoring.split_word(text), rescoring.split_word(f"x{text}x")],
    "WebVTT file": lambda text: webvtt_cues(f"WEBVTT\n\n00:01.000 --> 00:02.000\n{text}"),
    "file that is no recording": kind_of_file,
    "file name": lambda text: formats.file_name(text, "txt"),
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=OPERATIONS.keys())
def test_any_text_is_processed_within_30_seconds(operation: Callable[[str], object], text: str):
    began = time.process_time()
    operation(text)
    assert time.process_time() - began < 30


def test_an_import_without_any_aligned_word_gets_times_within_30_seconds():
    given = Transcript(tuple(Segment(at, at + 1.0, " x") for at in range(60_000)))
    guesses = plan.from_segments(given.segments)
    began = time.process_time()
    words = result.finished(given, guesses, {}, 60_000.0).words
    assert time.process_time() - began < 30
    assert [word.start for word in words] == [float(at) for at in range(60_000)]


def test_a_word_document_of_very_many_paragraphs_and_notes_is_written_within_30_seconds():
    talk = Transcript(
        tuple(Segment(5.0 * at, 5.0 * at + 1.0, f"Cue {at}.") for at in range(MOST_CUES)), 5.0 * MOST_CUES
    )
    notes = [Note(f"note{at:04}", 5.0 * at, text="a note") for at in range(book.MOST)]
    began = time.process_time()
    content = formats.FORMATS["docx"].write(talk, notes=notes)
    assert time.process_time() - began < 30
    written = Document(io.BytesIO(content)).paragraphs
    assert len(written) == 1 + MOST_CUES + 1 + len(notes)
    assert written[1].text == "0:00:00  Cue 0." and written[MOST_CUES + 1].text == "Notes"
    assert written[-1].text.endswith("a note")


# Short beginnings of links and files on which a regular expression with nested repetition takes longer than a lifetime.
BEGINNINGS = {
    "empty comments": b"<!---->" * 146,
    "comments and a tag": b"<!-- -->" * 120 + b"<audio>",
    "XML declarations": b"<?xml?>" * 140 + b"x",
    "a line of number signs": b"#" * 200 + b"\nA text.",
    "joined addresses": b"ftp://a" * 140 + b"\nA text.",
    "comments in one line": b"# " * 400 + b"\nA text.",
}


def finishes(operation: Callable[[], object]) -> bool:
    """Return whether `operation` ends within 30 s. It runs in a process, because a match cannot be interrupted."""
    process = multiprocessing.get_context("spawn").Process(target=operation)
    process.start()
    process.join(30)
    ended = process.exitcode == 0
    process.kill()
    process.join()
    return ended


@pytest.mark.parametrize("beginning", BEGINNINGS.values(), ids=BEGINNINGS.keys())
def test_any_beginning_of_a_link_or_file_is_recognised_within_30_seconds(tmp_path: Path, beginning: bytes):
    path = tmp_path / "a.mp3"
    path.write_bytes(beginning)
    assert finishes(partial(web_pages.kind_of, beginning, says_html=False, whole=True)), "as a link"
    assert finishes(partial(foreign.refusal, path, "a.mp3")), "as a file"


def test_many_comments_are_a_web_page_and_a_list_after_comments_is_a_list():
    assert web_pages.kind_of(b"<!---->" * 146, says_html=False, whole=True) == "page"
    assert web_pages.kind_of(b"<!-- a -- b --><!---->\n<rss version='2.0'>", says_html=False, whole=True) == "list"
    assert web_pages.kind_of(b"<!-- <rss> --><audio>", says_html=False, whole=True) == "page"
