"""Make transcripts of any length and script, and store them as finished jobs without transcribing."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Page

from stt import kinds
from stt.auth import visitors
from stt.editing import requests, revisions
from stt.library import corrections, vocabulary
from stt.store import recordings, records, transcripts
from stt.store.records import Job
from stt.transcript.model import Segment, Transcript, Word, paragraphs
from tests import audio
from tests.bench import many_transcripts
from tests.conftest import reset_caches
from tests.conversations import Conversation
from tests.server import Server

HOUR = 3600.0
SENTENCE = 14  # words per sentence
PACE = 0.36  # seconds per word
STRANGE = {  # a name for what is unusual: a text
    "right to left": "مرحبا بكم في هذا التسجيل، اليوم 24 مايو؟",
    "Chinese": "今天天气很好，我们去公园散步吧。",
    "emoji": "👨‍👩‍👧 flew to 🇩🇪 and é́́ 𝒳 said hi",
    "markup": "<script>document.title='x'</script> & <img src=x onerror=\"document.title='x'\"> &lt;b&gt;",
    "an arrow": "1 --> 2 00:00:01,000 --> 00:00:02,000 {\\an8} \\N",
    "one word": "Hello.",
}


def spoken_segment(
    text: str, start: float = 0.0, speaker: str | None = None, confidence: float | None = 0.9
) -> Segment:
    """Return a segment of the words of `text`, one every PACE seconds from `start` on."""
    words = tuple(
        Word(" " + word, start + i * PACE, start + i * PACE + 0.3, confidence, speaker)
        for i, word in enumerate(text.split())
    )
    return Segment(start, words[-1].end, "".join(word.text for word in words), words, speaker)


FIRST = "Good morning everybody and welcome to this rather long first sentence of the talk."
# A talk with two speakers.
TALK = Transcript(
    (spoken_segment(FIRST, speaker="Anna"), spoken_segment("Thank you.", 8.0, speaker="Ben <b>")), 11.0, "en"
)


def long_talk(count: int = 100_000) -> Transcript:
    """Return a synthetic transcript of `count` words (100,000 words last ten hours). Some words are doubtful."""
    random = np.random.default_rng(5)
    words = random.choice(np.array(many_transcripts.vocabulary(random, 3000), dtype=object), count)
    confidence = random.beta(4, 1, count).round(3)
    segments = []
    for at in range(0, count, SENTENCE):
        part = list(words[at : at + SENTENCE])
        part = [part[0].capitalize(), *part[1:-1], part[-1] + "."]
        spoken = tuple(
            Word(" " + word, (at + i) * PACE, (at + i) * PACE + 0.3, float(confidence[at + i]))
            for i, word in enumerate(part)
        )
        segments.append(Segment(spoken[0].start, spoken[-1].end, "".join(word.text for word in spoken), spoken))
    return Transcript(tuple(segments), count * PACE, "en")


def store(owner: str, transcript: Transcript, sound: Path | None = None, raw: Any = None, **values: Any) -> str:
    """Store a finished transcription of `owner` with the file `sound` as its recording, and return its id."""
    now = time.time()
    recording = recordings.take_in(sound, owner) if sound else None
    facts = dict.fromkeys(Job.__dataclass_fields__) | {
        "id": recordings.new_id(), "owner": owner, "recording_id": recording.id if recording else None, "title": "Talk",
        "model": "local/whisper-base", "engine": "on-device", "options": {}, "state": kinds.WORKING, "attempt": 1,
        "priority": 1, "created": now, "queued": now, "worked": 1.0, "seconds_done": 0.0,
    }  # fmt: skip
    job = Job(**(facts | values))
    records.insert(job)
    assert records.finish(records.load(job.id, owner), transcript, raw=raw)
    return job.id


def finished(owner: str = "visitor:ann") -> Job:
    """Store a short transcript with its audio, and return its job."""
    return records.load(store(owner, Transcript((Segment(0.0, 1.0, "Ask not."),), 11.0), audio.JFK), owner)


def text_of(generation_id: str, paragraph: int) -> str:
    """Return the text of the paragraph with the index `paragraph`, as the browser shows it."""
    return " ".join(paragraphs(transcripts.transcript_of(generation_id).segments)[paragraph].text.split())


def retype(
    generation_id: str, owner: str, paragraph: int, text: str, *, was: str | None = None, based_on: int | None = None
) -> int:
    """Replace a paragraph's text as the browser does when somebody types, and return the number of the new revision.

    `was` is the text, and `based_on` the revision, that the browser showed before. By default, they are as stored.
    """
    was = text_of(generation_id, paragraph) if was is None else was
    based_on = corrections.state(generation_id, owner).version if based_on is None else based_on
    step = {"do": "text", "paragraph": paragraph, "was": was, "text": text}
    request = requests.read({"key": secrets.token_hex(8), "based_on": based_on, "step": step})
    revision: int = revisions.edit(generation_id, owner, request, vocabulary.note)["revision"]
    return revision


@contextmanager
def sharing_data_with(server: Server) -> Iterator[None]:
    """Let this process use the server's data folder and database during the `with` block."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STT_DATA_DIR", str(server.data))
        reset_caches()
        yield
    reset_caches()


def page_of(browser: Browser, server: Server, visitor: str, locale: str = "en-US") -> Page:
    """Return an empty page in a new browser context that has the cookie of `visitor`.

    Call it within `sharing_data_with`, because the cookie is signed with the secret in the data folder.
    """
    context = browser.new_context(viewport={"width": 1440, "height": 900}, accept_downloads=True, locale=locale)
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    context.add_cookies([{"name": visitors.COOKIE, "value": visitors.cookie_for(visitor), "url": server.url}])
    page = context.new_page()
    return page


def of_conversation(talk: Conversation, sound: Path, owner: str) -> str:
    """Store a transcript of a conversation with the times of its words, and return its id.

    The transcript has no speakers. Each segment has 25 words, even if the speaker changes within them.
    """
    words = [Word(f" {word.text}", word.start, word.end, 0.9) for word in talk.words]
    segments = tuple(
        Segment(run[0].start, run[-1].end, "".join(word.text for word in run), tuple(run))
        for run in (words[at : at + 25] for at in range(0, len(words), 25))
    )
    return store(owner, Transcript(segments, talk.duration), sound, duration=talk.duration)
