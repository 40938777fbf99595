"""Test in a real browser that the player plays the position it shows, for many formats, by recording its output."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, Route, expect

from stt.audio import decoder
from stt.db.engine import database
from stt.db.tables import copies
from stt.db.tables import recordings as recordings_table
from stt.library import sharing
from stt.store import playback_copies, recordings, records
from stt.transcript.model import Segment, Transcript
from tests import audio, formats, transcripts
from tests.browser.conftest import add_files, row, until_true, watch_playback
from tests.server import Server
from tests.waiting import until

pytestmark = pytest.mark.own_server

VISITOR = "hears"
OWNER = f"visitor:{VISITOR}"
SECONDS = 90
PLACES = (70.0, 12.5)  # positions in seconds; the later one first, because seek errors grow with the position
RECORDED = 2.0  # seconds of the player's output to compare
TOLERANCE, LENGTH_TOLERANCE = 0.3, 0.1  # maximum errors of position and duration, in seconds

# Play the audio element and record its output at 16 kHz from the first sound on.
RECORD = """async ([seconds, prefix]) => {
  const audio = document.querySelector(`.${prefix}-audio`);
  const graph = (window.graph ??= new AudioContext({ sampleRate: 16000 }));
  await graph.resume();
  const source = (window.source ??= graph.createMediaElementSource(audio));
  const tap = graph.createScriptProcessor(4096, 1, 1);
  const heard = [];
  let begun = false, count = 0;
  const done = new Promise((end) => {
    tap.onaudioprocess = ({ inputBuffer }) => {
      const samples = inputBuffer.getChannelData(0);
      begun ||= samples.some((sample) => Math.abs(sample) > 1e-4);
      if (!begun) return;
      heard.push(samples.slice());
      count += samples.length;
      if (count >= seconds * 16000) end();
    };
  });
  source.connect(tap);
  tap.connect(graph.destination);
  document.querySelector(`.${prefix}-play`).click();
  await done;
  source.disconnect();
  tap.disconnect();
  audio.pause();
  const whole = new Float32Array(count);
  heard.reduce((at, part) => (whole.set(part, at), at + part.length), 0);
  let text = '';
  for (const byte of new Uint8Array(whole.buffer)) text += String.fromCharCode(byte);
  return btoa(text);
}"""


@pytest.fixture(scope="module")
def speech() -> np.ndarray:
    names = list(audio.librispeech())
    return np.concatenate([audio.samples(audio.utterance(name)) for name in names])[: SECONDS * audio.RATE]


@pytest.fixture(scope="module")
def shared_data(server: Server) -> Iterator[None]:
    with transcripts.sharing_data_with(server):
        yield


@pytest.fixture
def page(browser: Browser, server: Server, shared_data: None) -> Iterator[Page]:
    page = transcripts.page_of(browser, server, VISITOR)
    yield page
    page.context.close()


def put_words(sound: Path, seconds: float = SECONDS) -> str:
    """Store a transcript with one segment of one word for each second of `sound`, and return its id."""
    segments = tuple(Segment(float(at), at + 0.9, f" word{at}") for at in range(int(seconds)))
    return transcripts.store(OWNER, Transcript(segments, seconds), sound, title=sound.name, duration=seconds)


def wait_until_ready(page: Page) -> None:
    until_true(page, "document.querySelector('.stt-audio')?.readyState >= 1")


def recording_of(id: str) -> recordings.Recording:
    return recordings.find(records.load(id, OWNER).recording_id or "", OWNER)


def played_at(page: Page, position: float, samples: np.ndarray, prefix: str = "stt") -> float:
    """Return the time in seconds at which `samples` has the sound that the player plays at `position`.

    Try up to three times: on a busy machine, blocks of the output are lost. Then the sound is not recognised, or, if
    they were the first blocks, it seems to be played too late.
    """
    for _ in range(2):
        with suppress(AssertionError):
            place = _played_once(page, position, samples, prefix)
            if place <= position + TOLERANCE:
                return place
    return _played_once(page, position, samples, prefix)


def _played_once(page: Page, position: float, samples: np.ndarray, prefix: str) -> float:
    player = f"document.querySelector('.{prefix}-audio')"
    if prefix == "stt":
        page.locator(".stt-slider").evaluate(
            "(box, at) => { box.value = at; box.dispatchEvent(new Event('input')); }", position
        )
    else:
        page.evaluate(f"{player}.currentTime = {position}")
    until_true(page, f"(a => !a.seeking && a.readyState >= 2 && Math.abs(a.currentTime - {position}) < 0.01)({player})")
    recorded = np.frombuffer(base64.b64decode(page.evaluate(RECORD, [RECORDED + 0.5, prefix])), "<f4")
    begin = int(np.flatnonzero(np.abs(recorded) > 1e-4)[0])
    return formats.place_of(recorded[begin : begin + round(RECORDED * audio.RATE)], samples)


@pytest.mark.parametrize("name", formats.FORMATS)
def test_player_plays_the_position_that_it_shows(
    page: Page, server: Server, speech: np.ndarray, tmp_path: Path, name: str
):
    sound = formats.FORMATS[name](tmp_path / name, speech)
    with decoder.Reader(sound) as reader:
        samples = reader.read(10 * SECONDS)[0]
    id, seconds = put_words(sound, len(samples) / audio.RATE), len(samples) / audio.RATE
    page.goto(f"{server.url}/transcript?id={id}")
    wait_until_ready(page)
    assert bool(recording_of(id).seekable) is (name in formats.ORIGINALS)
    assert abs(page.evaluate("document.querySelector('.stt-audio').duration") - seconds) <= LENGTH_TOLERANCE
    expect(page.locator(".stt-length")).to_have_text(f"1:{int(seconds) - 60:02}")
    for place in PLACES:
        assert abs(played_at(page, place, samples) - place) <= TOLERANCE


def test_text_is_readable_and_position_is_kept_while_audio_is_prepared(
    page: Page, server: Server, speech: np.ndarray, tmp_path: Path
):
    sound = formats.write_long_mp3(tmp_path / "long.mp3", speech, 12)
    id = put_words(sound, 12.0 * SECONDS)
    page.goto(f"{server.url}/transcript?id={id}")
    expect(page.locator(".stt-notice")).to_contain_text("Preparing the sound, ")
    expect(page.locator(".stt-length")).to_have_text("18:00")
    page.get_by_label("Find in the text").fill("word900")
    expect(page.locator(".stt-count")).to_have_text("1 found")
    page.locator(".stt-slider").evaluate("box => { box.value = 900; box.dispatchEvent(new Event('input')); }")
    expect(page.locator(".stt-now")).to_have_text("15:00")
    page.locator(".stt-play").click()
    assert page.evaluate("document.querySelector('.stt-audio').readyState") == 0
    expect(page.locator(".stt-notice")).to_be_hidden(timeout=90_000)
    until_true(page, "(a => !a.paused && a.currentTime > 900)(document.querySelector('.stt-audio'))")


def test_failed_playback_copy_leaves_the_text_and_tries_the_original(page: Page, server: Server, tmp_path: Path):
    wav = audio.write(tmp_path / "plain.wav", audio.samples(audio.JFK))
    aiff = formats.write(tmp_path / "old.aiff", audio.samples(audio.JFK), "pcm_s16be", "aiff")
    notices = {
        wav: "The sound could not be prepared for this browser. The original recording is played, so the times of words may be inaccurate.",
        aiff: "The sound could not be prepared for this browser. Download the audio to hear it.",
    }
    for sound, notice in notices.items():
        id = put_words(sound, 11.0)
        recording = recording_of(id)
        row = {
            "id": recording.id,
            "track": "",
            "percent": 40,
            "attempt": 1,
            "at": 0.0,
            "error": {"message": "It failed."},
        }
        with database().begin() as connection:
            connection.execute(
                recordings_table.update().where(recordings_table.c.id == recording.id).values(seekable=False)
            )
            connection.execute(copies.insert().values(**row, state=playback_copies.FAILED))
        page.goto(f"{server.url}/transcript?id={id}")
        expect(page.locator(".stt-notice")).to_have_text(notice)
        expect(page.locator(".stt-words").first).to_contain_text("word0 word1")
        expect(page.locator(".stt-length")).to_have_text("0:11")


@pytest.mark.parametrize(
    ("status", "notice", "playable"),
    [
        (200, "This browser cannot play this recording. Download the audio to hear it.", False),
        (404, "The audio is not available. You can still read the text.", False),
        (429, "The sound cannot be loaded. Reload the page to try again.", True),
        (503, "The sound cannot be loaded. Reload the page to try again.", True),
        (None, "The sound cannot be loaded. Reload the page to try again.", True),
    ],
)
def test_player_gives_the_true_reason_without_sound(
    page: Page, server: Server, status: int | None, notice: str, playable: bool
):
    def answer(route: Route) -> None:
        if status is None:
            route.abort()
        else:
            route.fulfill(status=status, body="no sound", content_type="audio/flac")

    id = put_words(audio.JFK, 11.0)
    page.route(re.compile(f"/audio/{id}([?]|$)"), answer)
    page.goto(f"{server.url}/transcript?id={id}")
    expect(page.locator(".stt-notice")).to_have_text(notice)
    expect(page.locator(".stt-play")).to_be_enabled(enabled=playable)


def test_sound_loads_although_the_server_is_busy_at_first(page: Page, server: Server):
    statuses = iter([503])

    def answer(route: Route) -> None:
        if status := next(statuses, None):
            route.fulfill(status=status)
        else:
            route.fallback()

    id = put_words(audio.JFK, 11.0)
    page.route(re.compile(f"/audio/{id}([?]|$)"), answer)
    page.goto(f"{server.url}/transcript?id={id}")
    wait_until_ready(page)
    expect(page.locator(".stt-notice")).to_be_hidden()
    page.locator(".stt-play").click()
    until_true(page, "(a => !a.paused && a.currentTime > 0)(document.querySelector('.stt-audio'))")


def test_notice_of_blocked_playback_disappears_when_the_sound_plays(page: Page, server: Server):
    page.goto(f"{server.url}/transcript?id={put_words(audio.JFK, 11.0)}")
    wait_until_ready(page)
    page.evaluate(
        """() => {
          const audio = document.querySelector('.stt-audio');
          audio.play = () => { delete audio.play; return Promise.reject(new DOMException('', 'NotAllowedError')); };
        }"""
    )
    page.locator(".stt-play").click()
    expect(page.locator(".stt-notice")).to_have_text("Your browser blocked playback. Press Play again.")
    page.locator(".stt-play").click()
    until_true(page, "!document.querySelector('.stt-audio').paused")
    expect(page.locator(".stt-notice")).to_be_hidden()


def test_late_start_and_gap_are_silence_in_words_waveform_and_player(page: Page, server: Server, tmp_path: Path):
    """Play a video whose sound begins after 10 s and later pauses for 20 s. All times are those of the video."""
    spoken = audio.samples(audio.JFK)
    first, second = spoken[: 5 * audio.RATE], spoken[5 * audio.RATE :]
    film = formats.write_video(tmp_path / "film.mkv", spoken, "pcm_s16le", late=10.0, gap=(5.0, 20.0))
    expected = np.concatenate([audio.silence(10), first, audio.silence(20), second])
    page.goto(server.url)
    add_files(page, film)
    page.get_by_role("button", name="Transcribe", exact=True).click()
    row(page, "film").get_by_role("button", name="Read").click(timeout=90_000)
    wait_until_ready(page)
    expect(page.locator(".stt-length")).to_have_text("0:41")
    assert abs(page.evaluate("document.querySelector('.stt-audio').duration") - 41) <= LENGTH_TOLERANCE
    for word, place in (("fellow", (10.5, 13.5)), ("country", (36.0, 41.0))):
        watch_playback(page)  # the last word ends with the sound
        page.locator(".stt-word", has_text=word).last.click()
        until_true(page, "window.played")
        page.evaluate("document.querySelector('.stt-audio').pause()")
        assert place[0] <= page.evaluate("window.sought") <= place[1]
    for place in (11.0, 36.0):
        assert abs(played_at(page, place, expected) - place) <= TOLERANCE
    id = page.url.split("id=")[1].split("&")[0]
    peaks = np.array(page.request.get(f"{server.url}/audio/{id}/waveform").json()["peaks"])
    loud = np.interp(np.arange(0.5, 41), np.linspace(0, 41, len(peaks)), peaks) > 0.02
    assert not loud[:9].any() and loud[10:15].all() and not loud[16:34].any() and loud[35:40].mean() > 0.6


def put_versions(sound: Path, seconds: float = SECONDS) -> str:
    """Store two versions of a recording, and return their ids, joined by a comma as in the URL of the Compare page."""
    first = records.load(put_words(sound, seconds), OWNER)
    other = Transcript((Segment(0.0, 0.9, " word0"), Segment(70.0, 70.9, " another")), seconds)
    second = transcripts.store(OWNER, other, title=sound.name, duration=seconds, recording_id=first.recording_id)
    return f"{first.id},{second}"


def test_compare_page_plays_the_playback_copy(page: Page, server: Server, speech: np.ndarray, tmp_path: Path):
    sound = formats.FORMATS["VBR MP3 without header.mp3"](tmp_path / "vbr.mp3", speech)
    with decoder.Reader(sound) as reader:
        samples = reader.read(10 * SECONDS)[0]
    page.goto(f"{server.url}/compare?ids={put_versions(sound)}")
    page.locator(".stt-cmp-word", has_text="another").click()
    audio_of = "document.querySelector('.stt-cmp-audio')"
    until_true(page, f"(a => !a.paused && a.readyState >= 2 && a.currentTime >= 69)({audio_of})")
    page.get_by_role("button", name="Pause").click()
    assert abs(page.evaluate(f"{audio_of}.duration") - len(samples) / audio.RATE) <= LENGTH_TOLERANCE
    assert abs(played_at(page, 70.0, samples, "stt-cmp") - 70) <= TOLERANCE


def test_compare_page_reports_audio_preparation_then_plays_the_click(
    page: Page, server: Server, speech: np.ndarray, tmp_path: Path
):
    sound = formats.write(tmp_path / "long.aiff", np.tile(speech, 8), "pcm_s16be", "aiff")
    page.goto(f"{server.url}/compare?ids={put_versions(sound, 8.0 * SECONDS)}")
    notice = page.locator(".stt-cmp-notice")
    expect(notice).to_contain_text("Preparing the sound, ")
    page.locator(".stt-cmp-word", has_text="another").click()
    assert page.evaluate("document.querySelector('.stt-cmp-audio').readyState") == 0
    expect(notice).to_be_hidden(timeout=90_000)
    until_true(
        page, "(a => !a.paused && 69 <= a.currentTime && a.currentTime < 80)(document.querySelector('.stt-cmp-audio'))"
    )


def test_share_link_plays_the_copy_until_it_is_revoked(page: Page, browser: Browser, server: Server, tmp_path: Path):
    id = put_words(formats.write(tmp_path / "old.aiff", audio.samples(audio.JFK), "pcm_s16be", "aiff"), 11.0)
    token = sharing.create(id, OWNER, days=1, audio=True)
    guest = browser.new_page()
    guest.goto(f"{server.url}/shared?token={token}")
    wait_until_ready(guest)
    assert abs(guest.evaluate("document.querySelector('.stt-audio').duration") - 11) <= LENGTH_TOLERANCE
    until(
        lambda: (
            playback_copies.playback_of(recording_of(id), "") == playback_copies.Playback(playback_copies.READY, 100)
        )
    )
    sharing.revoke(sharing.all_of(id, OWNER)[0].id, OWNER)
    for path in ("/audio/shared", "/audio/shared/state"):
        assert guest.request.get(f"{server.url}{path}?share={token}").status == 404
    guest.close()
