"""Test links to web pages: a rule for the site gives the recording, or the error says how to download it."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stt.audio import decoder
from stt.errors import BadLink, NotSound
from stt.links import download, web_pages
from tests import audio

SOUND = audio.JFK.read_bytes()
ID = "1AbC-dEf_GhIjKlMnOpQrStUvWxYz01234"
DRIVE = f"https://drive.usercontent.google.com/download?id={ID}&export=download&confirm=t"
TOKEN = "AbCdEfGhIjKlMn1"

DIRECT = {
    "Dropbox": {
        "https://www.dropbox.com/s/abc123/talk.mp3?dl=0": "https://www.dropbox.com/s/abc123/talk.mp3?dl=1",
        "https://www.dropbox.com/s/abc123/talk.mp3": "https://www.dropbox.com/s/abc123/talk.mp3?dl=1",
        "https://dropbox.com/s/abc123/talk.mp3?raw=1": "https://dropbox.com/s/abc123/talk.mp3?dl=1",
        "https://www.dropbox.com/scl/fi/x1/talk%20one.mp3?rlkey=k2&st=z&dl=0": "https://www.dropbox.com/scl/fi/x1/talk%20one.mp3?rlkey=k2&st=z&dl=1",
        "https://www.dropbox.com/s/abc123/talk.mp3?dl=1": "https://www.dropbox.com/s/abc123/talk.mp3?dl=1",
    },
    "Google Drive": {
        f"https://drive.google.com/file/d/{ID}/view?usp=sharing": DRIVE,
        f"https://drive.google.com/file/d/{ID}/edit": DRIVE,
        f"https://drive.google.com/file/d/{ID}": DRIVE,
        f"https://drive.google.com/file/u/1/d/{ID}/preview": DRIVE,
        f"https://drive.google.com/open?id={ID}": DRIVE,
        f"https://drive.google.com/uc?export=open&id={ID}": DRIVE,
        f"https://docs.google.com/uc?id={ID}&export=download": DRIVE,
        f"https://drive.google.com/a/example.org/file/d/{ID}/view": DRIVE,
        f"https://drive.google.com/file/d/{ID}/view?resourcekey=0-xyz": DRIVE + "&resourcekey=0-xyz",
    },
    "OneDrive": {
        "https://1drv.ms/u/s!AbCdEf?e=xyz": "https://1drv.ms/u/s!AbCdEf?e=xyz&download=1",
        "https://1drv.ms/v/c/abc/EdEf": "https://1drv.ms/v/c/abc/EdEf?download=1",
        "https://onedrive.live.com/redir?resid=A1%21104&authkey=%21Bc": "https://onedrive.live.com/download?authkey=%21Bc&resid=A1%21104",
        "https://onedrive.live.com/?cid=A1&id=A1%21104&authkey=%21Bc": "https://onedrive.live.com/download?cid=A1&authkey=%21Bc&resid=A1%21104",
        "https://onedrive.live.com/embed?resid=A1%21104": "https://onedrive.live.com/download?resid=A1%21104",
        "https://onedrive.live.com/:v:/g/personal/abc/EdEf?e=1": "https://onedrive.live.com/:v:/g/personal/abc/EdEf?e=1&download=1",
    },
    "SharePoint": {
        "https://firm.sharepoint.com/:v:/s/Team/EdEf?e=1": "https://firm.sharepoint.com/:v:/s/Team/EdEf?e=1&download=1",
        "https://firm-my.sharepoint.com/:u:/g/personal/a_b/EdEf": "https://firm-my.sharepoint.com/:u:/g/personal/a_b/EdEf?download=1",
        "https://firm-my.sharepoint.com/:v:/r/personal/a_b/x.mp4?csf=1&web=1": "https://firm-my.sharepoint.com/:v:/r/personal/a_b/x.mp4?csf=1&download=1",
        "https://firm.sharepoint.com/:a:/s/Team/EdEf": "https://firm.sharepoint.com/:a:/s/Team/EdEf?download=1",
        "https://firm.sharepoint.com/:v:/s/Team/EdEf?download=1": "https://firm.sharepoint.com/:v:/s/Team/EdEf?download=1",
    },
    "Nextcloud": {
        f"https://cloud.example/s/{TOKEN}": f"https://cloud.example/s/{TOKEN}/download",
        f"https://cloud.example/s/{TOKEN}/": f"https://cloud.example/s/{TOKEN}/download",
        f"https://cloud.example/index.php/s/{TOKEN}": f"https://cloud.example/index.php/s/{TOKEN}/download",
        f"https://example.org/nextcloud/index.php/s/{TOKEN}": f"https://example.org/nextcloud/index.php/s/{TOKEN}/download",
        f"http://cloud.example:8080/s/{TOKEN}?path=/a&files=b.mp3": f"http://cloud.example:8080/s/{TOKEN}/download?path=/a&files=b.mp3",
        f"https://cloud.example/s/{TOKEN}/download": f"https://cloud.example/s/{TOKEN}/download",
    },
    "Seafile": {
        "https://files.example/f/0123456789abcdef0123/": "https://files.example/f/0123456789abcdef0123/?dl=1",
        "https://files.example/f/0123456789abcdef0123": "https://files.example/f/0123456789abcdef0123?dl=1",
        "https://example.org/seafile/f/0123456789abcdef0123/": "https://example.org/seafile/f/0123456789abcdef0123/?dl=1",
        "https://files.example/d/0123456789abcdef0123/files/?p=%2Fa.mp3": "https://files.example/d/0123456789abcdef0123/files/?p=%2Fa.mp3&dl=1",
        "https://files.example/f/0123456789abcdef0123/?dl=1": "https://files.example/f/0123456789abcdef0123/?dl=1",
    },
    "code": {
        "https://github.com/o/r/blob/main/a/b.mp3": "https://github.com/o/r/raw/main/a/b.mp3",
        "https://github.com/o/r/blob/v1.2/b.wav?raw=true": "https://github.com/o/r/raw/v1.2/b.wav",
        "https://gitlab.com/g/sub/r/-/blob/main/b.mp3?ref_type=heads": "https://gitlab.com/g/sub/r/-/raw/main/b.mp3",
        "https://git.example/g/r/-/blob/main/b.mp3": "https://git.example/g/r/-/raw/main/b.mp3",
        "https://codeberg.org/o/r/src/branch/main/b.mp3": "https://codeberg.org/o/r/raw/branch/main/b.mp3",
        "https://bitbucket.org/o/r/src/main/b.mp3": "https://bitbucket.org/o/r/raw/main/b.mp3",
        "https://huggingface.co/datasets/o/r/blob/main/b.flac": "https://huggingface.co/datasets/o/r/resolve/main/b.flac",
    },
    "archives": {
        "https://archive.org/details/item/a.mp3": "https://archive.org/download/item/a.mp3",
        "https://www.archive.org/details/item/disc%201/a.mp3": "https://www.archive.org/download/item/disc%201/a.mp3",
        "https://archive.org/details/item/a.flac?autoplay=1": "https://archive.org/download/item/a.flac",
        "https://commons.wikimedia.org/wiki/File:Talk.ogg": "https://commons.wikimedia.org/wiki/Special:FilePath/Talk.ogg",
        "https://en.wikipedia.org/wiki/File:Talk.webm": "https://en.wikipedia.org/wiki/Special:FilePath/Talk.webm",
    },
    "nothing to change": {url: url for url in [
        "https://example.org/talk.mp3", "https://example.org/s/short", "https://example.org/s/abc/talk.mp3", "https://dl.dropboxusercontent.com/s/a/b.mp3",
        "https://example.org/f/talk", "https://notdropbox.com/s/abc/talk.mp3", "https://dropbox.com.example.org/s/abc/talk.mp3",
        "https://example.org/blob/main/a.mp3", "https://drive.google.com/file/d/x/view", "https://raw.githubusercontent.com/o/r/main/b.mp3",
        "https://github.com/o/r/releases/download/v1/b.mp3", "https://app.box.com/shared/static/abc.mp3", "https://archive.org/download/item/a.mp3",
    ]},
}  # fmt: skip


@pytest.mark.parametrize(("url", "expected"), [pair for kind in DIRECT.values() for pair in kind.items()])
def test_a_page_gives_the_address_of_its_recording(url: str, expected: str):
    assert web_pages.direct(url) == expected
    assert web_pages.direct(expected) == expected
    web_pages.check(url)


HOW_TO = {
    "YouTube": ["https://www.youtube.com/watch?v=x", "https://youtu.be/x", "https://m.youtube.com/live/x", "https://youtube.com/shorts/x", "https://music.youtube.com/watch?v=x"],
    "Spotify": ["https://open.spotify.com/episode/x", "https://open.spotify.com/show/x", "https://spotify.link/x", "https://open.spotify.com/intl-de/track/x", "https://open.spotify.com/embed/episode/x"],
    "Zoom": ["https://zoom.us/rec/share/x.y", "https://us02web.zoom.us/rec/play/x", "https://firm.zoom.us/rec/share/x?startTime=1", "https://zoom.us/j/123", "https://firm.zoom.com/rec/play/x"],
    "Teams": ["https://teams.microsoft.com/l/meetup-join/x", "https://teams.live.com/meet/x", "https://teams.microsoft.com/l/message/x", "https://teams.microsoft.com/v2/", "https://teams.microsoft.com"],
    "Google Photos": ["https://photos.google.com/share/x", "https://photos.app.goo.gl/x", "https://photos.google.com/photo/x", "https://photos.google.com/u/0/album/x", "https://photos.google.com/"],
    "WeTransfer": ["https://we.tl/t-x", "https://wetransfer.com/downloads/x/y", "https://firm.wetransfer.com/downloads/x", "https://www.wetransfer.com/", "https://we.tl/x"],
    "Box": ["https://app.box.com/s/abc", "https://firm.app.box.com/s/abc", "https://firm.box.com/v/talk", "https://app.box.com/file/123", "https://app.box.com/folder/1"],
    "Dropbox": ["https://www.dropbox.com/sh/a/b?dl=0", "https://www.dropbox.com/scl/fo/a/b?rlkey=c", "https://www.dropbox.com/home/talk.mp3", "https://dropbox.com/sh/a", "https://www.dropbox.com/transfer/x"],
    "OneDrive": ["https://1drv.ms/f/s!x", "https://firm.sharepoint.com/:f:/s/x", "https://onedrive.live.com/:f:/g/x", "https://firm-my.sharepoint.com/:f:/g/personal/a/b", "https://1drv.ms/f/c/x/y"],
    "Google Drive": ["https://drive.google.com/drive/folders/x", "https://drive.google.com/drive/u/0/my-drive", "https://drive.google.com/drive/home", "https://drive.google.com/drive/u/1/folders/x", "https://drive.google.com/drive/shared-with-me"],
    "the Internet Archive": ["https://archive.org/details/item", "https://archive.org/details/item?q=x", "https://www.archive.org/details/item/", "https://archive.org/details/item/notes.txt", "https://archive.org/details/a.b"],
    "": ["https://vimeo.com/123", "https://soundcloud.com/a/b", "https://podcasts.apple.com/us/podcast/x", "https://mega.nz/file/x#y", "https://www.loom.com/share/x", "https://www.icloud.com/iclouddrive/x", "https://www.tiktok.com/@a/video/1", "https://x.com/a/status/1", "https://u.pcloud.link/publink/show?code=x", "https://disk.yandex.ru/d/x", "https://www.twitch.tv/videos/1"],
}  # fmt: skip


@pytest.mark.parametrize(("site", "url"), [(site, url) for site, urls in HOW_TO.items() for url in urls])
def test_site_without_a_public_rule_gives_instructions(data, site: str, url: str):
    for use in (web_pages.check, lambda url: download.download(url, data, limit_bytes=10, timeout_seconds=5)):
        with pytest.raises(BadLink, match="This is a page, not a recording") as refused:
            use(url)
        assert f"On {site}" in refused.value.guidance and len(refused.value.guidance) < 120


@given(st.text(max_size=60), st.sampled_from([url for kind in DIRECT.values() for url in kind]))
def test_any_address_is_handled_and_a_rewritten_one_is_stable(odd: str, url: str):
    for address in (f"https://example.org/{odd}", url + odd):
        try:
            good = download.well_formed(address)
        except BadLink:
            continue
        assert web_pages.direct(web_pages.direct(good)) == web_pages.direct(good)
        download.name_of(good)


@pytest.mark.parametrize(
    "path", ["/s/" + "a" * 9999, "/a" * 2000 + "/s/" + TOKEN, "/blob/" * 900, "/-/blob" * 900, "/d" * 3000]
)
def test_long_address_is_rewritten_quickly(path: str):
    began = time.thread_time()  # processor time, because a busy machine may stop this process meanwhile
    for host in ("example.org", "drive.google.com", "github.com", "archive.org"):
        web_pages.direct(f"https://{host}{path}")
    assert time.thread_time() - began < 0.5


# Web pages with different beginnings. Each is recognised as a page by its content.
PAGES = [
    "<!DOCTYPE html><html><body>Sign in</body></html>",
    "\ufeff\n\n  <!doctype html>\n<title>x</title>",
    "<html lang=en>",
    "<!-- made by hand --><html>",
    "<?xml version='1.0'?>\n<!-- x -->\n<html xmlns='http://www.w3.org/1999/xhtml'>",
    "<head><meta charset=utf-8>",
    "<script>location = 'https://example.org'</script>",
    "<meta http-equiv=refresh content='0; url=/login'>",
    "<p>Hello",
    "<H1>It works!</H1>",
]


@pytest.mark.parametrize(
    "kind", ["text/html", "text/html; charset=utf-8", "application/octet-stream", "audio/mpeg", "", "text/plain"]
)
@pytest.mark.parametrize("page", PAGES)
def test_page_is_recognised_by_its_content(httpserver, fetch, tmp_path, page: str, kind: str):
    httpserver.expect_request("/a.mp3").respond_with_data(page.encode(), headers={"Content-Type": kind})
    with pytest.raises(BadLink, match="a web page, not to a recording") as refused:
        fetch(httpserver.url_for("/a.mp3"))
    assert refused.value.guidance == web_pages.LOOK and list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "content",
    [
        b"Hello, not signed in.",
        "Bitte melden Sie sich an für Größeres".encode("latin-1"),
        b"403",
        "日本語".encode() * 999,
        "<html>".encode("utf-16"),
    ],
)
def test_text_with_the_content_type_of_a_page_is_a_page(httpserver, fetch, content: bytes):
    httpserver.expect_request("/a.mp3").respond_with_data(content, content_type="text/html")
    with pytest.raises(BadLink, match="a web page"):
        fetch(httpserver.url_for("/a.mp3"))


@pytest.mark.parametrize(
    "content",
    [
        "#EXTM3U\n#EXTINF:1\na.ts",
        "[playlist]\nFile1=a.mp3",
        "<?xml version='1.0'?><rss version='2.0'>",
        "<feed xmlns='x'>",
        "<asx version='3'>",
    ],
)
def test_list_of_recordings_is_recognised(httpserver, fetch, content: str):
    httpserver.expect_request("/a.mp3").respond_with_data(content.encode(), content_type="audio/mpeg")
    with pytest.raises(BadLink, match="a list of recordings"):
        fetch(httpserver.url_for("/a.mp3"))


SOUNDS = [".flac", ".wav", ".mp3", ".m4a", ".ogg", ".webm"]
CONTENT_TYPES = [
    "text/html",
    "text/html; charset=utf-8",
    "application/octet-stream",
    "text/plain",
    "application/json",
    "binary/octet-stream",
    "",
    "garbage",
]


@pytest.mark.parametrize("status", [200, 203, 206])
@pytest.mark.parametrize("kind", CONTENT_TYPES)
def test_sound_is_accepted_with_any_content_type(httpserver, fetch, kind: str, status: int):
    httpserver.expect_request("/a").respond_with_data(SOUND, status=status, headers={"Content-Type": kind})
    assert decoder.probe(fetch(httpserver.url_for("/a"))).kind == "FLAC"


@pytest.mark.parametrize("extension", SOUNDS)
def test_every_sound_format_is_accepted_with_the_content_type_of_a_page(httpserver, fetch, tmp_path, extension: str):
    sound = audio.write(tmp_path / f"a{extension}", audio.noise(1.0))
    httpserver.expect_request("/a").respond_with_data(sound.read_bytes(), content_type="text/html")
    assert fetch(httpserver.url_for("/a")).read_bytes() == sound.read_bytes()


def test_response_in_single_bytes_is_recognised(httpserver, fetch):
    from werkzeug import Response

    httpserver.expect_request("/a").respond_with_handler(
        lambda _: Response((bytes([b]) for b in b" <!doctype html><p>"), content_type="audio/wav")
    )
    httpserver.expect_request("/b").respond_with_handler(
        lambda _: Response((SOUND[at : at + 1] for at in range(3000)), content_type="text/html")
    )
    with pytest.raises(BadLink, match="a web page"):
        fetch(httpserver.url_for("/a"))
    assert fetch(httpserver.url_for("/b")).read_bytes() == SOUND[:3000]


@pytest.mark.parametrize(
    ("content_range", "words"),
    [
        (f"bytes 0-{len(SOUND) - 1}/{len(SOUND)}", None),
        (f"bytes 0-{len(SOUND) - 1}/*", None),
        ("nonsense", None),
        ("bytes 0-999/1000000000", "only a part"),
        ("bytes 500-999/1000", "only a part"),
    ],
)
def test_partial_response_is_never_accepted_as_the_whole(
    httpserver, fetch, tmp_path, content_range: str, words: str | None
):
    httpserver.expect_request("/a").respond_with_data(SOUND, status=206, headers={"Content-Range": content_range})
    if words is None:
        assert fetch(httpserver.url_for("/a")).read_bytes() == SOUND
        return
    with pytest.raises(BadLink, match=words):
        fetch(httpserver.url_for("/a"))
    assert list(tmp_path.iterdir()) == []


CLOUDS = {
    "Nextcloud": (f"/s/{TOKEN}", f"/s/{TOKEN}/download", None),
    "ownCloud": (f"/owncloud/index.php/s/{TOKEN}", f"/owncloud/index.php/s/{TOKEN}/download", None),
    "Seafile": ("/f/0123456789abcdef0123/", "/f/0123456789abcdef0123/", "dl=1"),
    "GitLab": ("/g/r/-/blob/main/a.flac", "/g/r/-/raw/main/a.flac", None),
    "Gitea": ("/o/r/src/branch/main/a.flac", "/o/r/raw/branch/main/a.flac", None),
}


@pytest.mark.parametrize("cloud", CLOUDS)
def test_share_page_of_a_server_gives_its_recording(httpserver, fetch, cloud: str):
    page, file, query = CLOUDS[cloud]
    httpserver.expect_request(file, query_string=query).respond_with_data(SOUND)
    httpserver.expect_request(page).respond_with_data("<!doctype html>a page", content_type="text/html")
    httpserver.expect_request("/short").respond_with_data(status=302, headers={"Location": page})
    assert fetch(httpserver.url_for(page)).read_bytes() == SOUND
    assert fetch(httpserver.url_for("/short")).read_bytes() == SOUND  # the rules apply to redirect targets


@pytest.mark.parametrize(
    "url",
    [
        "https://youtu.be/x",
        "https://open.spotify.com/episode/x",
        "https://zoom.us/rec/share/x",
        "https://we.tl/t-x",
        "https://photos.app.goo.gl/x",
    ],
)
def test_short_link_to_a_page_is_refused_like_the_page(httpserver, fetch, url: str):
    httpserver.expect_request("/short").respond_with_data(status=301, headers={"Location": url})
    with pytest.raises(BadLink, match="This is a page, not a recording"):
        fetch(httpserver.url_for("/short"))


@pytest.mark.parametrize(
    "host",
    ["accounts.google.com", "login.microsoftonline.com", "login.live.com", "account.box.com", "firm.login.live.com"],
)
def test_redirect_to_a_sign_in_is_reported_as_not_public(httpserver, fetch, host: str):
    httpserver.expect_request(f"/s/{TOKEN}/download").respond_with_data(
        status=302, headers={"Location": f"https://{host}/login?continue=x"}
    )
    with pytest.raises(BadLink, match="requires signing in") as refused:
        fetch(httpserver.url_for(f"/s/{TOKEN}"))
    assert "let anyone who has the link see the file" in refused.value.guidance


@pytest.mark.parametrize(
    ("url", "site"),
    [
        ("https://www.dropbox.com/s/a/b.mp3", "Dropbox"),
        (f"https://drive.google.com/file/d/{ID}/view", "Google Drive"),
        ("https://1drv.ms/u/s!x", "OneDrive"),
        ("https://firm.sharepoint.com/:v:/s/x", "SharePoint"),
        (f"https://cloud.example/s/{TOKEN}", "that cloud"),
    ],
)
def test_each_sharing_site_has_its_advice(url: str, site: str):
    assert web_pages.advice_for(url) == f"On {site}, {web_pages.OPEN_TO_ALL}"
    assert web_pages.advice_for("https://example.org/s/x") == ""


@pytest.mark.parametrize(
    "path",
    [
        f"/s/{TOKEN}",
        "/g/r/-/blob/main/a.mp3",
        "/f/0123456789abcdef0123/",
        "/o/r/src/branch/main/a",
        f"/index.php/s/{TOKEN}",
    ],
)
@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "169.254.169.254", "10.0.0.1", "[::1]"])
def test_rewritten_address_in_a_private_network_is_refused(tmp_path, host: str, path: str):
    with pytest.raises(BadLink, match="private network"):
        download.download(f"http://{host}{path}", tmp_path, limit_bytes=10, timeout_seconds=5)


NAMED = [
    ({"Content-Disposition": 'attachment; filename="1.1 Lesson.mp3"'}, "1.1 Lesson.mp3"),
    (
        {"Content-Disposition": "attachment; filename=\"x.mp3\"; filename*=UTF-8''M%C3%BCnchen%2012.05.2024.mp3"},
        "München 12.05.2024.mp3",
    ),
    ({"Content-Disposition": 'inline; filename="=?UTF-8?B?TcO8bmNoZW4ubXAz?="'}, "München.mp3"),
    ({"Content-Disposition": 'attachment; filename="M\xfcnchen.mp3"'}, "München.mp3"),
    ({"Content-Disposition": 'attachment; filename="../../etc/\u00ad.talk.mp3"'}, ".talk.mp3"),
    ({"Content-Disposition": "attachment"}, "talk.flac"),
    ({"Content-Disposition": 'attachment; filename=""'}, "talk.flac"),
    ({}, "talk.flac"),
]


@pytest.mark.parametrize(("headers", "name"), NAMED)
def test_a_link_takes_its_name_from_the_server_else_from_the_address(
    httpserver, tmp_path, headers: dict[str, str], name: str
):
    httpserver.expect_request("/talk.flac").respond_with_data(SOUND, headers=headers)
    options = {"limit_bytes": 10_000_000, "timeout_seconds": 20, "allow_private": True}
    assert download.download(httpserver.url_for("/talk.flac"), tmp_path, **options).name == name


@pytest.mark.parametrize(
    ("requested", "target", "name"),
    [
        ("/short", "/talks/Episode%2010.mp3", "Episode 10.mp3"),
        ("/talk.mp3", "/blob/3f2a9c", "talk.mp3"),
        ("/talk.mp3", "/other.mp3", "talk.mp3"),
        ("/short", "/blob/3f2a9c", "short"),
        (f"/s/{TOKEN}", "/remote/talk.ogg", "talk.ogg"),
    ],
)
def test_name_after_redirects_is_the_one_of_a_sound_file(httpserver, tmp_path, requested: str, target: str, name: str):
    from urllib.parse import unquote

    httpserver.expect_request(requested if requested != f"/s/{TOKEN}" else f"{requested}/download").respond_with_data(
        status=302, headers={"Location": target}
    )
    httpserver.expect_request(unquote(target)).respond_with_data(SOUND)
    fetched = download.download(
        httpserver.url_for(requested), tmp_path, limit_bytes=10_000_000, timeout_seconds=20, allow_private=True
    )
    assert fetched.name == name


def test_plain_text_that_is_no_page_is_refused_as_no_recording(httpserver, fetch):
    httpserver.expect_request("/a.mp3").respond_with_data("just words", content_type="text/plain")
    with pytest.raises(NotSound):
        decoder.probe(fetch(httpserver.url_for("/a.mp3")))
