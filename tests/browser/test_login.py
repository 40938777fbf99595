"""Test sign-in and shared access in a real browser. One test uses a real identity provider."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from itsdangerous import URLSafeSerializer
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests import audio
from tests.browser.conftest import add_files
from tests.identity import PASSWORD, Identity
from tests.nginx import PATH
from tests.oidc import Provider
from tests.server import Server

MINUTE = 60_000  # milliseconds


@pytest.fixture(scope="module")
def provider(login: tuple[Server, Provider]) -> Provider:
    return login[1]


@pytest.fixture(scope="module")
def server(login: tuple[Server, Provider]) -> Server:
    return login[0]


@pytest.fixture(scope="module")
def login(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, Provider]]:
    """Run a server that admits example.org and bob@elsewhere.example, and a provider that signs in any address."""
    folder = tmp_path_factory.mktemp("login")
    secrets = folder / "secrets.toml"
    environment = {
        "STT_ACCESS": "login",
        "STT_ALLOWED_EMAILS": "example.org, bob@elsewhere.example",
        "STREAMLIT_SECRETS_FILES": str(secrets),
    }
    server = Server(folder / "data", **environment)
    with Provider(f"{server.url}/oauth2callback") as provider:
        secrets.write_text(provider.secrets())
        with server:
            yield server, provider


@pytest.fixture
def contexts(browser: Browser) -> Iterator[list[BrowserContext]]:
    opened: list[BrowserContext] = []
    yield opened
    for context in opened:
        context.close()


def visit(browser: Browser, contexts: list[BrowserContext], address: str) -> Page:
    """Open the URL `address` in a new browser context, as a new visitor."""
    contexts.append(browser.new_context())
    page = contexts[-1].new_page()
    page.goto(address)
    return page


def sign_in(page: Page, email: str) -> None:
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.get_by_label("Email").fill(email)
    page.get_by_role("button", name="Continue").click()


def requests_session(page: Page) -> requests.Session:
    """Return an HTTP session that sends the cookies of the page's browser context."""
    session = requests.Session()
    for cookie in page.context.cookies():
        session.cookies.set(cookie["name"], cookie["value"])
    return session


def make_transcript(page: Page) -> str:
    """Transcribe a short recording, open the transcript, and return its generation id."""
    add_files(page, audio.JFK)
    page.get_by_role("button", name="Transcribe", exact=True).click()
    page.locator(".st-key-jobs").get_by_role("button", name="Read").click(timeout=MINUTE)
    page.wait_for_url(re.compile(r"/transcript\?id="))
    return page.url.split("id=")[1].split("&")[0]


def test_pages_and_routes_are_closed_without_a_sign_in(browser: Browser, contexts, server: Server):
    for path in ("/", "/history", "/settings", "/transcript?id=anything", "/account"):
        page = visit(browser, contexts, server.url + path)
        expect(page.get_by_role("button", name="Sign in", exact=True)).to_be_visible()
        expect(page.get_by_role("link", name="History")).to_have_count(0)
        expect(page.locator("input[type=file]")).to_have_count(0)
        program = requests_session(page)
        assert program.post(f"{server.url}/upload", data=audio.JFK.read_bytes()).status_code == 404
        assert program.get(f"{server.url}/audio/anything").status_code == 404


def test_account_has_one_private_history_in_every_browser(browser, contexts, server: Server):
    page = visit(browser, contexts, server.url)
    sign_in(page, "Ann@Example.org")
    generation_id = make_transcript(page)
    sound = f"{server.url}/audio/{generation_id}"
    assert requests_session(page).get(sound).status_code == 200

    elsewhere = visit(browser, contexts, f"{server.url}/transcript?id={generation_id}")
    assert requests_session(elsewhere).get(sound).status_code == 404
    sign_in(elsewhere, "ann@example.org")
    # After the sign-in, the browser shows the page that was requested before the sign-in.
    expect(elsewhere.locator(".st-key-transcript")).to_contain_text("your country", timeout=MINUTE)
    assert requests_session(elsewhere).get(sound).status_code == 200

    bob = visit(browser, contexts, server.url)
    sign_in(bob, "bob@elsewhere.example")
    expect(bob.locator("input[type=file]").first).to_be_attached()
    assert requests_session(bob).get(sound).status_code == 404
    bob.goto(f"{server.url}/transcript?id={generation_id}")
    expect(bob.get_by_text("There is no such transcript", exact=False)).to_be_visible()


def test_email_that_is_not_allowed_or_not_verified_is_refused(browser, contexts, server: Server, provider: Provider):
    for email, verified in (
        ("eve@elsewhere.example", True),
        ("eve@example.org.evil.example", True),
        ("ann@example.org", False),
    ):
        provider.verified = verified
        page = visit(browser, contexts, server.url)
        sign_in(page, email)
        expect(page.get_by_text("has no access to this server")).to_be_visible()
        assert requests_session(page).post(f"{server.url}/upload", data=b"x").status_code == 404
        provider.verified = True


def test_sign_out_applies_to_pages_routes_and_other_tabs(browser, contexts, server: Server):
    page = visit(browser, contexts, server.url)
    sign_in(page, "carol@example.org")
    expect(page.locator("input[type=file]").first).to_be_attached()
    before = requests_session(page)
    # 400 for an empty upload, instead of 404, shows that the visitor may upload.
    assert before.post(f"{server.url}/upload", data=b"").status_code == 400
    other = page.context.new_page()
    other.goto(server.url + "/settings")
    expect(other.get_by_role("heading", name="Settings")).to_be_visible()

    page.goto(server.url + "/account")
    expect(page.get_by_text("carol@example.org")).to_be_visible()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("button", name="Sign in", exact=True)).to_be_visible()
    # The other tab, open during the sign-out, does not restore the sign-in, and the cookies copied before are invalid.
    other.get_by_role("link", name="History").click()
    expect(other.get_by_role("button", name=re.compile("Sign in"))).to_be_visible()
    for program in (before, requests_session(page)):
        assert program.post(f"{server.url}/upload", data=b"").status_code == 404


def sign_out_elsewhere(page: Page, server: Server) -> None:
    """Sign out in another tab of the same browser."""
    tab = page.context.new_page()
    tab.goto(f"{server.url}/account")
    tab.get_by_role("button", name="Sign out").click()
    expect(tab.get_by_role("button", name="Sign in", exact=True)).to_be_visible()


def rows(server: Server, table: str) -> int:
    with sqlite3.connect(server.data / "stt.db") as connection:
        return connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]


def test_open_tab_cannot_act_after_a_sign_out_in_another_tab(browser, contexts, server: Server):
    """Use dialogs, fragments and callbacks, which Streamlit runs without the page's code that checks the sign-in."""
    page = visit(browser, contexts, server.url)
    sign_in(page, "dora@example.org")
    generation_id = make_transcript(page)
    tabs = {}
    for name in ("Share", "Details", "Download", "correct"):
        tabs[name] = page.context.new_page()
        tabs[name].goto(f"{server.url}/transcript?id={generation_id}")
        tabs[name].locator(".stt-word").first.wait_for()
    tabs["Share"].get_by_role("button", name="Share", exact=True).click()
    link = tabs["Share"].get_by_role("button", name="Create link")
    link.wait_for()
    tabs["Details"].get_by_role("button", name="Details").click()
    tabs["Details"].get_by_role("textbox", name="Title").fill("Taken over")
    tabs["Download"].get_by_role("button", name="Download").first.click()
    times = tabs["Download"].get_by_text("With times")
    times.wait_for()
    sign_out_elsewhere(page, server)

    links = rows(server, "shares")
    link.click()
    tabs["Details"].get_by_role("button", name="Save").click()
    times.click()
    tabs["correct"].locator(".stt-words").first.focus()
    tabs["correct"].keyboard.type("Taken over. ")
    for name, tab in tabs.items():
        expect(tab.get_by_role("button", name=re.compile("Sign in")), name).to_be_visible()
        expect(tab.get_by_text("your country"), name).to_have_count(0)
    assert rows(server, "shares") == links
    with sqlite3.connect(server.data / "stt.db") as connection:
        found = connection.execute(
            "SELECT title, text FROM transcriptions JOIN transcripts USING (id) WHERE id = ?", [generation_id]
        ).fetchone()
    assert "Taken over" not in "".join(found)


def test_copied_sign_in_cookies_are_invalid_after_the_sign_out(browser, contexts, server: Server):
    page = visit(browser, contexts, server.url)
    sign_in(page, "emil@example.org")
    expect(page.locator("input[type=file]").first).to_be_attached()
    copied = page.context.cookies()
    thief = visit(browser, contexts, server.url)  # gets only Streamlit's cookies of Emil, who is still signed in
    thief.context.add_cookies([cookie for cookie in copied if cookie["name"].startswith("_streamlit")])
    thief.goto(server.url)
    expect(thief.get_by_role("button", name=re.compile("Sign in"))).to_be_visible()
    sign_out_elsewhere(page, server)
    for cookies in (copied, [cookie for cookie in copied if cookie["name"].startswith("_streamlit")]):
        again = visit(browser, contexts, server.url)
        again.context.add_cookies(cookies)
        again.goto(server.url)
        expect(again.get_by_role("button", name=re.compile("Sign in"))).to_be_visible()
        assert requests_session(again).post(f"{server.url}/upload", data=b"").status_code == 404


def test_planted_visitor_cookie_gives_no_access(browser, contexts, server: Server):
    """Plant Mallory's cookie in Ann's browser, both before and after Ann signs in."""
    mallory = visit(browser, contexts, server.url)
    signed_out = requests_session(mallory)
    sign_in(mallory, "mallory@example.org")
    expect(mallory.locator("input[type=file]").first).to_be_attached()
    signed_in = requests_session(mallory)
    ann = visit(browser, contexts, server.url)
    for known in (signed_out, signed_in):
        plant(ann, known.cookies["stt_visitor"], server)
        sign_in(ann, "ann@example.org")
        expect(ann.locator("input[type=file]").first).to_be_attached()
        assert requests_session(ann).cookies["stt_visitor"] != known.cookies["stt_visitor"]
        plant(ann, known.cookies["stt_visitor"], server)
        ann.goto(server.url)
        expect(ann.get_by_role("button", name=re.compile("Sign in"))).to_be_visible()
        assert owner_at(server, known.cookies["stt_visitor"]) in (None, "user:mallory@example.org")
        ann.context.clear_cookies()
        ann.goto(server.url)


def plant(page: Page, value: str, server: Server) -> None:
    page.context.add_cookies([{"name": "stt_visitor", "value": value, "url": server.url}])


def owner_at(server: Server, cookie: str) -> str | None:
    """Return the user who is signed in with this visitor's cookie, from the server's database, or None."""
    name = URLSafeSerializer("").loads_unsafe(cookie)[1]
    with sqlite3.connect(server.data / "stt.db") as connection:
        return (connection.execute("SELECT owner FROM sign_ins WHERE visitor = ?", [name]).fetchone() or [None])[0]


def test_link_to_the_sign_in_callback_does_not_change_the_cookie(browser, contexts, server: Server):
    page = visit(browser, contexts, server.url)
    sign_in(page, "fay@example.org")
    expect(page.locator("input[type=file]").first).to_be_attached()
    before = requests_session(page).cookies["stt_visitor"]
    for query in ("", "?code=x&state=y", "?error=denied"):
        page.goto(f"{server.url}/oauth2callback{query}")
        assert requests_session(page).cookies["stt_visitor"] == before
    expect(page.locator("input[type=file]").first).to_be_attached()


def test_real_identity_provider_signs_people_in(browser, contexts, tmp_path: Path):
    """Use Canaille: its discovery, its pages for name, password and consent, its tokens, its sign-out."""
    secrets = tmp_path / "secrets.toml"
    environment = {
        "STT_ACCESS": "login",
        "STT_ALLOWED_EMAILS": "example.org",
        "STREAMLIT_SECRETS_FILES": str(secrets),
    }
    server = Server(tmp_path / "data", **environment)
    with Identity(server.url, ["ann@example.org", "eve@elsewhere.example"], tmp_path / "log") as identity:
        secrets.write_text(identity.secrets())
        with server:
            ann = visit(browser, contexts, f"{server.url}/account")
            sign_in_at_canaille(ann, "ann")
            expect(ann.get_by_text("You are signed in as ann@example.org")).to_be_visible()
            # 400 for an empty upload, instead of 404, shows that Ann may upload.
            assert requests_session(ann).post(f"{server.url}/upload", data=b"").status_code == 400
            ann.get_by_role("button", name="Sign out").click()
            expect(ann.get_by_role("button", name="Sign in", exact=True)).to_be_visible()
            assert requests_session(ann).post(f"{server.url}/upload", data=b"").status_code == 404
            eve = visit(browser, contexts, server.url)
            sign_in_at_canaille(eve, "eve")
            expect(eve.get_by_text("has no access to this server")).to_be_visible()
            assert requests_session(eve).post(f"{server.url}/upload", data=b"").status_code == 404


def sign_in_at_canaille(page: Page, name: str) -> None:
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.locator("input[name=login]").fill(name)
    page.locator("button[type=submit], input[type=submit]").first.click()
    page.locator("input[name=password]").fill(PASSWORD)
    page.locator("button[type=submit], input[type=submit]").first.click()


def test_redirect_after_sign_in_never_leads_to_another_site(server: Server):
    from stt.auth.visitors import return_cookie

    for path, query in (
        ("//evil.example/x", ""),
        ("/\\evil.example", ""),
        ("/a/b", ""),
        ("/history", "next=https://evil"),
    ):
        session = requests.Session()
        answer = session.get(
            server.url + path + (f"?{query}" if query else ""), headers={"Accept": "text/html"}, allow_redirects=False
        )
        assert "stt_wanted" not in answer.headers.get("set-cookie", ""), path
        assert return_cookie(path, query) is None
    forged = requests.get(
        f"{server.url}/oauth2callback?code=x&state=y",
        cookies={"stt_wanted": "https://evil.example"},
        allow_redirects=False,
    )
    assert forged.headers["location"] == (f"{PATH}/" if Server.nginx else "/")


def test_other_sites_cannot_sign_a_visitor_in_or_out(browser, contexts, server: Server):
    page = visit(browser, contexts, server.url)
    sign_in(page, "carol@example.org")
    expect(page.locator("input[type=file]").first).to_be_attached()
    carol = requests_session(page)
    before = dict(carol.cookies)
    cross = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Accept": "text/html"}
    for headers in (cross, cross | {"Sec-Fetch-Site": "same-site"}, {"Referer": "https://evil.example/"}, {}):
        answer = carol.get(f"{server.url}/auth/logout", headers=headers, allow_redirects=False)
        assert answer.status_code == 403 and "set-cookie" not in answer.headers
    for address in ("/oauth2callback", "/oauth2callback?code=a&state=b", "/oauth2callback?error=x"):
        answer = carol.get(server.url + address, headers=cross, allow_redirects=False)
        assert "stt_visitor" not in answer.headers.get("set-cookie", "")
    assert dict(carol.cookies) == before and carol.post(f"{server.url}/upload", data=b"").status_code == 400
    logout = carol.get(f"{server.url}/auth/logout", headers={"Sec-Fetch-Site": "same-origin"}, allow_redirects=False)
    assert logout.headers["Clear-Site-Data"] == '"cache"' and logout.headers["Cache-Control"] == "no-store"
    assert carol.post(f"{server.url}/upload", data=b"").status_code == 404


def test_cookie_without_host_prefix_is_ignored_behind_https(browser, contexts, server: Server):
    page = visit(browser, contexts, server.url)
    sign_in(page, "carol@example.org")
    expect(page.locator("input[type=file]").first).to_be_attached()
    value = requests_session(page).cookies["stt_visitor"]
    for name, expected in (("stt_visitor", 404), ("__Host-stt_visitor", 400)):
        headers = {"X-Forwarded-Proto": "https", "Cookie": f"{name}={value}"}
        assert requests.post(f"{server.url}/upload", headers=headers).status_code == expected


def test_login_without_an_identity_provider_fails_at_the_start(tmp_path: Path):
    server = Server(tmp_path / "data", STT_ACCESS="login")
    with pytest.raises(AssertionError, match=r"the server ended: (?s:.*)\[auth\] in \.streamlit/secrets\.toml"), server:
        pass


def test_shared_access_is_one_history_for_all(browser, contexts, tmp_path: Path):
    with Server(tmp_path / "data", STT_ACCESS="shared") as server:
        page = visit(browser, contexts, server.url)
        generation_id = make_transcript(page)
        other = visit(browser, contexts, f"{server.url}/transcript?id={generation_id}")
        expect(other.locator(".st-key-transcript")).to_contain_text("your country")
        assert requests_session(other).get(f"{server.url}/audio/{generation_id}").status_code == 200
