"""Test the recorder in a real browser, with real speech as microphone input: no speech is lost."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import av
import jiwer
import numpy as np
import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from tests import audio, chromium
from tests.browser.conftest import until_true
from tests.browser.recording import listed, recorder_page, shown_seconds, start, state, stop, wait_for
from tests.relay import Relay
from tests.server import Server
from tests.waiting import until

pytestmark = pytest.mark.own_server

MINUTE = 60_000  # milliseconds
MAX_LOST = 5.0  # maximum seconds of sound that may be lost when the browser is killed
SPOKEN = 11.0  # length in seconds of the speech that the fake microphone repeats
GRANT, DEVICE = "--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"


@pytest.fixture(scope="module")
def launch(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Browser]:
    """Return a function that launches a browser whose fake microphone plays a speech.

    `more` are additional arguments of the browser, `without` are default arguments to omit.
    """
    speech = audio.write(tmp_path_factory.mktemp("heard") / "jfk.wav", audio.samples(audio.JFK))

    def launched(*more: str, without: tuple[str, ...] = ()) -> Browser:
        arguments = [argument for argument in chromium.ARGUMENTS if argument not in without]
        arguments += [f"--use-file-for-fake-audio-capture={speech}", *more]
        return chromium.launch(browser.browser_type, arguments)

    return launched


@pytest.fixture(scope="module")
def microphone_browser(launch: Callable[..., Browser]) -> Iterator[Browser]:
    browser = launch()
    yield browser
    browser.close()


@pytest.fixture
def visitor(microphone_browser: Browser) -> Iterator[BrowserContext]:
    with microphone_browser.new_context(viewport={"width": 1440, "height": 900}) as context:
        yield context


@pytest.fixture
def page(visitor: BrowserContext, server: Server) -> Page:
    return recorder_page(visitor, server.url)


def sound_of(server: Server, row: Locator, track: int = 0) -> np.ndarray:
    """Return the decoded samples of a track of the listed recording, shape (channels, samples)."""
    name = re.search(r"st-key-chosen-(\S+)", row.get_attribute("class") or "")[1]
    with av.open(str(server.data / "audio" / name)) as container:
        return np.concatenate([frame.to_ndarray() for frame in container.decode(audio=track)], axis=1)


def seconds_of(server: Server, row: Locator) -> float:
    """Return the duration of a listed recording in seconds, and check that its row shows this duration."""
    seconds = sound_of(server, row).shape[1] / 48_000
    displayed = re.search(r"(\d+(?:\.\d)?) s", row.inner_text())
    assert displayed and abs(float(displayed[1]) - seconds) <= 1.0
    return seconds


def test_spoken_words_are_recorded_and_transcribed(page: Page, server: Server):
    start(page)
    expect(page.get_by_role("meter", name="Level")).to_have_attribute("aria-valuenow", re.compile(r"^[1-9]\d?$|^100$"))
    wait_for(page, 12)
    expect(page.locator(".stt-rec-size")).to_have_text(re.compile(r"\d kB"))
    stop(page)
    expect(listed(page)).to_contain_text("WebM")
    assert 11 <= seconds_of(server, listed(page)) <= 25
    expect(page.locator(".stt-rec-live")).to_have_text("The recording is in the list.")
    expect(page.get_by_role("button", name="Record", exact=True)).to_be_focused()
    page.get_by_role("button", name="Transcribe", exact=True).click()
    page.locator(".st-key-jobs").get_by_role("button", name="Read").click(timeout=MINUTE)
    text = page.locator(".st-key-transcript .stt-transcript")
    expect(text).to_contain_text("country can do for you")
    transcribed = re.sub(r"[^a-z ]", "", " ".join(text.inner_text().lower().split()))
    words = audio.JFK_WORDS.split()
    # The fake microphone repeats the speech, and the recording may begin anywhere in it.
    references = [" ".join((words[at:] + words * 3)[: len(transcribed.split())]) for at in range(len(words))]
    assert min(jiwer.wer(expected, transcribed) for expected in references) < 0.2


def test_a_pause_is_not_recorded(page: Page, server: Server):
    start(page)
    wait_for(page, 3)
    page.get_by_role("button", name="Pause").click()
    expect(state(page)).to_have_text("Paused. What was recorded is saved.")
    paused = shown_seconds(page)
    page.wait_for_timeout(6000)  # longer than a heartbeat interval, and than the tolerance of the check below
    assert shown_seconds(page) == paused
    page.get_by_role("button", name="Resume").click()
    wait_for(page, paused + 2)
    last = shown_seconds(page)
    stop(page)
    listed(page).wait_for()
    assert paused + 1 <= seconds_of(server, listed(page)) <= last + 4


def kill_tabs(browser: Browser) -> None:
    """Kill the processes of all tabs, as a system without free memory does. No script of a page can react."""
    processes = browser.new_browser_cdp_session().send("SystemInfo.getProcessInfo")["processInfo"]
    for process in processes:
        if process["type"] == "renderer":
            os.kill(process["id"], signal.SIGKILL)


def test_killed_tab_loses_no_more_than_a_few_seconds(
    launch: Callable[..., Browser], visitor: BrowserContext, server: Server
):
    browser = launch()
    context = browser.new_context()
    page = recorder_page(context, server.url)
    visitor.add_cookies(context.cookies())
    start(page)
    wait_for(page, 10)
    kill_tabs(browser)
    after = visitor.new_page()
    after.goto(server.url)
    listed(after).wait_for(timeout=MINUTE)
    assert seconds_of(server, listed(after)) >= 10 - MAX_LOST
    after.get_by_role("button", name="Transcribe", exact=True).click()
    expect(after.locator(".st-key-jobs").get_by_role("button", name="Read")).to_be_visible(timeout=MINUTE)
    expect(after.locator(".st-key-jobs")).to_contain_text("country")
    browser.close()


@pytest.mark.parametrize("leave", ["reload", "close"])
def test_recording_is_listed_after_its_page_is_left(page: Page, visitor: BrowserContext, server: Server, leave: str):
    warned = []
    page.on("dialog", lambda dialog: (warned.append(dialog.type), dialog.accept()))
    start(page)
    wait_for(page, 4)
    if leave == "reload":
        page.reload()
        assert warned == ["beforeunload"]
        after = page
    else:
        page.close()
        after = visitor.new_page()
        after.goto(server.url)
    listed(after).wait_for(timeout=MINUTE)
    assert seconds_of(server, listed(after)) >= 2.5
    assert listed(after).count() == 1


def test_other_tab_reports_that_one_records_and_then_lists_it(page: Page, visitor: BrowserContext, server: Server):
    start(page)
    wait_for(page, 2)
    other = visitor.new_page()
    other.goto(server.url)
    expect(other.get_by_text("Another tab is recording.")).to_be_visible()
    page.bring_to_front()
    stop(page)
    for tab in (page, other):
        expect(listed(tab)).to_have_count(1)
    expect(other.get_by_text("Another tab is recording.")).to_have_count(0)


def test_recording_goes_on_while_another_page_is_open(page: Page, server: Server):
    start(page)
    wait_for(page, 2)
    page.get_by_role("link", name="History").click()
    page.get_by_role("heading", name="History").wait_for()
    page.get_by_role("link", name="Transcribe").first.click()
    page.get_by_role("tab", name="Record").click()
    wait_for(page, 5)
    stop(page)
    listed(page).wait_for()
    assert seconds_of(server, listed(page)) >= 4


def test_lost_connection_loses_no_sound(visitor: BrowserContext, server: Server):
    with Relay(server.port) as line:
        page = recorder_page(visitor, line.url)
        start(page)
        wait_for(page, 3)
        line.cut()
        expect(state(page)).to_contain_text("The connection is lost. ")
        expect(state(page)).to_contain_text(
            re.compile(r"[1-9][\d.]* kB of the recording is not on the server yet: keep this page open\.")
        )
        wait_for(page, 7)
        line.restore()
        expect(state(page)).to_have_text("Recording")
        wait_for(page, 10)
        line.cut()
        last = shown_seconds(page)
        stop(page)
        expect(state(page)).to_contain_text("The connection is lost.")
        line.restore()
        listed(page).wait_for(timeout=MINUTE)
        assert seconds_of(server, listed(page)) >= last - 0.5


def test_sound_after_a_long_outage_becomes_a_second_recording(visitor: BrowserContext, server: Server):
    """Cut the connection until the server has made a recording of the sound that it received before."""
    with Relay(server.port) as line:
        page = recorder_page(visitor, line.url)
        start(page)
        wait_for(page, 4)
        line.cut()
        other = visitor.new_page()
        other.goto(server.url)
        listed(other).wait_for(timeout=MINUTE)
        first = seconds_of(server, listed(other))
        page.bring_to_front()
        line.restore()
        expect(state(page)).to_have_text("Recording", timeout=MINUTE)
        last = shown_seconds(page)
        stop(page)
        expect(listed(page)).to_have_count(1, timeout=MINUTE)
        second = seconds_of(server, listed(page))
        assert first >= 2 and first + second >= last - MAX_LOST


# The fake shared tab plays the same sound as the fake microphone. This script gives the tab a 440 Hz tone instead.
TONE = """navigator.mediaDevices.getDisplayMedia = async () => {
  const context = new AudioContext();
  const [tone, target] = [new OscillatorNode(context), new MediaStreamAudioDestinationNode(context)];
  tone.connect(target);
  tone.start();
  window.tab = target.stream;
  return target.stream;
}"""


def test_tab_audio_is_a_second_track_beside_the_microphone(visitor: BrowserContext, server: Server):
    visitor.add_init_script(TONE)
    page = recorder_page(visitor, server.url)
    page.get_by_role("combobox", name="What to record").select_option("Microphone and the sound of a tab or screen")
    start(page)
    expect(state(page)).to_have_text("Recording both: the microphone and the shared sound, each as its own track.")
    wait_for(page, 4)
    page.evaluate("window.tab.getAudioTracks()[0].dispatchEvent(new Event('ended'))")
    expect(state(page)).to_have_text("Sharing has ended. The microphone is still recorded.")
    stop(page)
    listed(page).wait_for()
    microphone, shared = (sound_of(server, listed(page), track) for track in (0, 1))
    assert share_of_tone(microphone[0]) < 0.1 and share_of_tone(shared[0]) > 0.9
    assert abs(microphone.shape[1] - shared.shape[1]) <= 960 and abs(microphone.shape[1] / 48_000 - 4) <= 3
    expect(listed(page)).to_contain_text("2 tracks: Microphone (chosen), Shared sound")
    expect(listed(page)).to_contain_text("WebM")


def share_of_tone(channel: np.ndarray) -> float:
    """Return the share (0 to 1) of a channel's power that is within 10 Hz of 440 Hz."""
    power = np.abs(np.fft.rfft(channel)) ** 2
    pitch = np.fft.rfftfreq(len(channel), 1 / 48_000)
    return float(power[np.abs(pitch - 440) < 10].sum() / power.sum())


def test_call_in_a_tab_is_transcribed_with_a_name_for_each_side(launch: Callable[..., Browser], server: Server):
    browser = launch("--auto-accept-this-tab-capture", "--auto-select-tab-capture-source-by-title=STT Studio")
    page = recorder_page(browser.new_context(), server.url)
    page.get_by_role("combobox", name="What to record").select_option("Microphone and the sound of a tab or screen")
    start(page)
    wait_for(page, 12)  # longer than the repeated speech of 11 s, so that all words occur
    stop(page)
    expect(listed(page)).to_contain_text("2 tracks: Microphone, Shared sound (each is a speaker)")
    assert all(np.abs(sound_of(server, listed(page), track)).max() > 0.05 for track in (0, 1))
    page.get_by_role("button", name="Transcribe", exact=True).click()
    page.locator(".st-key-jobs").get_by_role("button", name="Read").first.click(timeout=MINUTE)
    text = page.locator(".st-key-transcript")
    for words in ("country", "Microphone", "Shared sound"):
        expect(text).to_contain_text(words)
    until_true(page, "document.querySelector('.stt-audio').readyState >= 1")
    browser.close()


@contextmanager
def recorder_alert(browser: Browser, url: str) -> Iterator[tuple[Page, Locator]]:
    page = recorder_page(browser.new_context(), url)
    yield page, page.locator(".stt-recorder").get_by_role("alert")
    browser.close()


def test_a_refused_microphone_is_explained(launch: Callable[..., Browser], server: Server):
    with recorder_alert(launch(f"{GRANT}=deny", without=(GRANT,)), server.url) as (page, alert):
        page.get_by_role("button", name="Record", exact=True).click()
        expect(alert).to_contain_text("The microphone is not allowed. Allow the microphone for this site")
        expect(page.get_by_role("button", name="Record", exact=True)).to_be_enabled()


def test_a_missing_microphone_is_explained(launch: Callable[..., Browser], server: Server):
    with recorder_alert(launch(without=(DEVICE,)), server.url) as (page, alert):
        page.get_by_role("button", name="Record", exact=True).click()
        expect(alert).to_contain_text("There is no microphone. Connect a microphone")


def test_a_page_that_is_not_secure_is_explained(launch: Callable[..., Browser], tmp_path: Path):
    browser = launch("--host-resolver-rules=MAP stt.example 127.0.0.1")
    with (
        Server(tmp_path / "data", STT_HOSTS="stt.example, localhost") as server,
        recorder_alert(browser, f"http://stt.example:{server.port}") as (page, alert),
    ):
        expect(alert).to_contain_text("secure pages only. Open this page with https")
        expect(page.get_by_role("button", name="Record", exact=True)).to_be_disabled()


def test_recording_stops_at_the_maximum_length_and_is_kept(visitor: BrowserContext, tmp_path: Path):
    with Server(tmp_path / "data", STT_LENGTH_LIMIT="1") as server:
        page = recorder_page(visitor, server.url)
        page.clock.install()
        start(page)
        wait_for(page, 3)
        page.clock.fast_forward(MINUTE)
        expect(page.locator(".stt-recorder").get_by_role("alert")).to_contain_text(
            "The maximum length of a recording is reached."
        )
        expect(listed(page)).to_have_count(1)


def test_recording_stops_at_the_maximum_length_while_another_page_is_open(visitor: BrowserContext, tmp_path: Path):
    with Server(tmp_path / "data", STT_LENGTH_LIMIT="1") as server:
        page = recorder_page(visitor, server.url)
        page.clock.install()
        start(page)
        wait_for(page, 3)
        page.get_by_role("link", name="History").click()
        page.get_by_role("heading", name="History").wait_for()
        expect(page.locator(".stt-recorder")).to_have_count(0)
        page.clock.fast_forward(MINUTE)
        until(lambda: list((server.data / "live").rglob("*.done")), 30)
        page.get_by_role("link", name="Transcribe").first.click()
        page.get_by_role("tab", name="Record").click()
        expect(page.locator(".stt-recorder").get_by_role("alert")).to_contain_text(
            "The maximum length of a recording is reached."
        )
        expect(listed(page)).to_have_count(1)


def test_recorder_is_used_with_the_keyboard_alone(page: Page):
    page.get_by_role("button", name="Record", exact=True).focus()
    page.keyboard.press("Enter")
    stop_button = page.get_by_role("button", name="Stop recording")
    expect(stop_button).to_be_focused()
    expect(page.locator(".stt-rec-live")).to_have_text("Recording")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    expect(page.get_by_role("button", name="Resume")).to_be_focused()
    expect(page.locator(".stt-rec-live")).to_have_text("Paused")
    page.keyboard.press("Space")
    wait_for(page, 1)
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    expect(listed(page)).to_have_count(1)


def test_recorder_fits_a_phone(page: Page):
    page.set_viewport_size({"width": 390, "height": 844})
    start(page)
    wait_for(page, 1)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    stop(page)
    expect(listed(page)).to_have_count(1)
