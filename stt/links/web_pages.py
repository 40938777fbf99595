"""Distinguish links to web pages from links to recordings, by address and by content.

For sites where the address of the recording follows from the address of its page, `direct` rewrites the address without
sending a request. The new address is checked like any other address (see `stt.links.download`).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import SplitResult, parse_qsl, unquote, urlencode, urlsplit

from stt.errors import BadLink
from stt.files import names

# A function from the address of a page to the address of its recording, or to None if the rule does not apply.
Rule = Callable[[SplitResult], SplitResult | None]
HEAD = 1024  # number of bytes at the start of a response that suffice to recognise a web page
_ID = r"[\w-]{10,100}"
_TAGS = (
    rb"!doctype\s+html|html|head|body|script|style|title|meta|link|iframe|h[1-6]|div|span|font|table|center|main|section|header"
    rb"|noscript|form|svg|a|b|p|br|hr|pre|ul"
)
# What may precede the first tag. A comment ends at the first "-->": if it could extend over several comments, matching a
# run of comments would take exponential time.
_BEFORE = rb"(?:\s|<\?xml[^>]*>|<!--(?:(?!-->).)*-->)*"
_HTML = re.compile(rb"(?:\xef\xbb\xbf)?" + _BEFORE + rb"<(?:(?:" + _TAGS + rb")[\s>/]|!--)", re.IGNORECASE | re.DOTALL)
_LIST = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*+(?:#EXTM3U|\[playlist\]|" + _BEFORE + rb"<(?:rss|feed|asx|smil|opml)[\s>])",
    re.IGNORECASE | re.DOTALL,
)
_BINARY = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")

PAGE = "This is a page, not a recording."
SIGN_IN = "The site behind this link requires signing in."
OPEN_TO_ALL = "let anyone who has the link see the file, then add the link again."
LOOK = "Look for a download button on that page, and copy the address that it leads to."
_FILE = "choose Download, then add the file here."

# Pages that are never recordings: (hosts, beginnings of the path separated by "|", name of the site, advice to users).
_PAGES: list[tuple[str, str, str, str]] = [
    ("youtube.com youtu.be youtube-nocookie.com", "/", "YouTube", "download your own video in YouTube Studio, then add the file here."),
    ("open.spotify.com spotify.link", "/", "Spotify", "nothing can be downloaded as a file: look for the podcast’s own site."),
    ("podcasts.apple.com", "/", "Apple Podcasts", "nothing can be downloaded as a file: look for the podcast’s own site."),
    ("zoom.us zoom.com", "/rec/share|/rec/play", "Zoom", "choose Download above the recording, then add the file here."),
    ("zoom.us zoom.com", "/j/|/my/|/s/", "Zoom", "open Recordings, " + _FILE),
    ("teams.microsoft.com teams.live.com", "/", "Teams", "open the recording in OneDrive or SharePoint, " + _FILE),
    ("microsoftstream.com", "/", "Microsoft Stream", "open the video’s menu, " + _FILE),
    ("photos.google.com photos.app.goo.gl", "/", "Google Photos", "open the video’s menu, " + _FILE),
    ("meet.google.com", "/", "Google Meet", "open the recording in Google Drive, " + _FILE),
    ("wetransfer.com we.tl", "/", "WeTransfer", _FILE),
    ("mega.nz mega.io", "/", "MEGA", "the file is encrypted: " + _FILE),
    ("icloud.com", "/", "iCloud", _FILE),
    ("disk.yandex.com disk.yandex.ru yadi.sk", "/", "Yandex Disk", _FILE),
    ("pcloud.link pcloud.com", "/publink", "pCloud", _FILE),
    ("soundcloud.com", "/", "SoundCloud", "choose Download file in the track’s menu where it is offered, then add the file here."),
    ("vimeo.com", "/", "Vimeo", "choose Download below the video where it is offered, then add the file here."),
    ("loom.com", "/share|/embed", "Loom", _FILE),
    ("twitch.tv", "/", "Twitch", "download your own video in the Video Producer, then add the file here."),
    ("facebook.com fb.watch instagram.com tiktok.com x.com twitter.com", "/", "this site", "save your own video as a file, then add it here."),
    ("drive.google.com", "/drive", "Google Drive", "open the recording in the folder, and copy the link of that."),
    ("docs.google.com", "/document|/presentation|/spreadsheets|/forms", "Google Docs", "there are no recordings. Copy the link of one from Google Drive."),
    ("dropbox.com", "/sh/|/scl/fo/|/home", "Dropbox", "open the recording in the folder, and copy the link of that."),
    ("dropbox.com", "/transfer|/t/", "Dropbox Transfer", _FILE),
    ("1drv.ms", "/f/", "OneDrive", "open the recording in the folder, and copy the link of that."),
    ("sharepoint.com onedrive.live.com", "/:f:/", "OneDrive", "open the recording in the folder, and copy the link of that."),
    ("box.com", "/s/|/v/|/file/|/folder/", "Box", "copy the direct link from the link’s settings, or choose Download and add the file here."),
    ("archive.org", "/details/", "the Internet Archive", "copy the address of one of the files under Download options."),
]  # fmt: skip
# Sites that respond with a web page if the recording is not shared publicly: hosts -> name of the site.
_SHARING = {
    "drive.google.com drive.usercontent.google.com docs.google.com": "Google Drive",
    "dropbox.com": "Dropbox",
    "1drv.ms onedrive.live.com": "OneDrive",
    "sharepoint.com": "SharePoint",
    "box.com": "Box",
}
_SIGN_INS = "accounts.google.com login.microsoftonline.com login.live.com account.box.com"


def check(url: str, first: str = "") -> None:
    """Raise BadLink if `url` is a page that is never a recording, or a sign-in page.

    `first` is the link that the user gave, from which redirects led to `url`.
    """
    parts = urlsplit(url)
    if direct(url) == url and (found := _page(parts)):
        site, advice = found
        raise BadLink(PAGE, guidance=f"On {site}, {advice}")
    if _is_on(parts, _SIGN_INS):
        raise BadLink(SIGN_IN, guidance=advice_for(first) or None)


def advice_for(url: str) -> str:
    """Return advice on how to share a recording on the site of `url` publicly, or "" if the site is unknown."""
    parts = urlsplit(url)
    site = next((name for hosts, name in _SHARING.items() if _is_on(parts, hosts)), "")
    if not site and _NEXTCLOUD.search(parts.path.removesuffix("/download")):
        site = "that cloud"
    return f"On {site}, {OPEN_TO_ALL}" if site else ""


def kind_of(head: bytes, *, says_html: bool, whole: bool) -> str | None:
    """Return "page" for a web page, "list" for a playlist or feed, else None.

    `head` has the first bytes of a response. `says_html` tells whether the Content-Type of the response is HTML; this
    is ignored if the content is not text. `whole` is False as long as more of the first HEAD bytes may arrive.
    """
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        head = head.decode("utf-16", "ignore").encode()
    if _LIST.match(head):
        return "list"
    if _HTML.match(head) or (says_html and whole and head and not _BINARY.search(head) and _is_text(head)):
        return "page"
    return None


def _is_text(head: bytes) -> bool:
    try:
        head[: HEAD - 4].decode()  # leave out the last bytes, because the last character may be incomplete
    except UnicodeDecodeError:
        return not re.search(rb"[\x7f-\x9f]", head)  # in Latin-1, these bytes are control characters, which no text has
    return True


def direct(url: str) -> str:
    """Return the address of the recording if a rule in `_RULES` derives it from the page `url`, else `url`."""
    parts = urlsplit(url)
    for hosts, rule in _RULES:
        if (_is_on(parts, hosts) if hosts else not _page(parts)) and (found := rule(parts)):
            return found.geturl()
    return url


def _is_on(parts: SplitResult, hosts: str) -> bool:
    host = (parts.hostname or "").rstrip(".")
    return any(host == name or host.endswith(f".{name}") for name in hosts.split())


def _page(parts: SplitResult) -> tuple[str, str] | None:
    for hosts, paths, site, advice in _PAGES:
        if _is_on(parts, hosts) and ((parts.path or "/").startswith(tuple(paths.split("|")))):
            return site, advice
    return None


def _with_query(parts: SplitResult, *without: str, **values: str) -> SplitResult:
    """Return the address with the query parameters `values` set, and the parameters named in `without` removed."""
    others = [
        (name, value)
        for name, value in parse_qsl(parts.query, keep_blank_values=True)
        if name not in (*values, *without)
    ]
    return parts._replace(query=urlencode([*others, *values.items()]))


def _dropbox(parts: SplitResult) -> SplitResult | None:
    if not parts.path.startswith(("/s/", "/scl/fi/")):
        return None
    return _with_query(parts, "raw", dl="1")


def _google_drive(parts: SplitResult) -> SplitResult | None:
    query = dict(parse_qsl(parts.query))
    found = re.match(rf"(?:/a/[^/]+)?(?:/file)?(?:/u/\d+)?(?:/file)?/d/({_ID})(?:/|$)", parts.path)
    name = found[1] if found and "/file" in parts.path else ""
    if re.fullmatch(r"(?:/a/[^/]+)?(?:/u/\d+)?/(?:open|uc)", parts.path):
        name = query.get("id", "")
    if not re.fullmatch(_ID, name):
        return None
    key = {"resourcekey": query["resourcekey"]} if "resourcekey" in query else {}
    new_query = urlencode({"id": name, "export": "download", "confirm": "t", **key})
    return SplitResult("https", "drive.usercontent.google.com", "/download", new_query, "")


def _onedrive(parts: SplitResult) -> SplitResult | None:
    query = dict(parse_qsl(parts.query))
    name = query.get("resid") or query.get("id")
    if name and parts.path in ("", "/", "/redir", "/redir.aspx", "/embed", "/view.aspx"):
        return _with_query(parts._replace(path="/download"), "id", "resid", resid=name)
    return _sharepoint(parts)


def _short_onedrive(parts: SplitResult) -> SplitResult | None:
    return None if parts.path.startswith("/f/") or len(parts.path) < 4 else _with_query(parts, download="1")


def _sharepoint(parts: SplitResult) -> SplitResult | None:
    return _with_query(parts, "web", download="1") if re.match(r"/:(?!f:)[a-z]:/", parts.path) else None


# A path such as /nextcloud/index.php/s/<token>. The part before /s/ is optional; the token has 15 letters or digits.
_NEXTCLOUD = re.compile(r"^(?:/[\w.-]+){0,3}?/s/[A-Za-z0-9]{15}/?$")


def _nextcloud(parts: SplitResult) -> SplitResult | None:
    found = _NEXTCLOUD.search(parts.path)
    return parts._replace(path=parts.path.rstrip("/") + "/download") if found else None


def _seafile(parts: SplitResult) -> SplitResult | None:
    file = re.fullmatch(r"(?:/[\w.-]+)?/f/[0-9a-f]{10,20}/?", parts.path)
    in_folder = re.fullmatch(r"(?:/[\w.-]+)?/d/[0-9a-f]{10,20}/files/?", parts.path) and "p=" in parts.query
    return _with_query(parts, dl="1") if file or in_folder else None


def _rewrite(start: str, new: str, *, of_recordings: bool = False) -> Rule:
    """Return a rule that replaces a match of the pattern `start` at the beginning of a path by `new`.

    The rule also removes the query of the address. With `of_recordings`, it applies only to paths that end in the
    extension of a recording.
    """

    def rule(parts: SplitResult) -> SplitResult | None:
        path, count = re.subn(f"^{start}", new, parts.path, count=1)
        applies = count and (not of_recordings or names.split(unquote(parts.path))[1])
        return parts._replace(path=path, query="") if applies else None

    return rule


# (hosts, rule for their addresses). The first rule that applies wins. "" means all hosts whose pages `_PAGES` does not
# list: self-hosted software may run on any host.
_RULES: list[tuple[str, Rule]] = [
    ("dropbox.com", _dropbox),
    ("drive.google.com docs.google.com", _google_drive),
    ("1drv.ms", _short_onedrive),
    ("onedrive.live.com", _onedrive),
    ("sharepoint.com", _sharepoint),
    ("github.com", _rewrite(r"(/[^/]+/[^/]+)/blob/", r"\1/raw/")),
    ("bitbucket.org", _rewrite(r"(/[^/]+/[^/]+)/src/(?=[^/]+/.)", r"\1/raw/")),
    ("huggingface.co", _rewrite(r"((?:/datasets|/spaces)?/[^/]+/[^/]+)/blob/", r"\1/resolve/")),
    ("archive.org", _rewrite(r"/details/(?=[^/]+/.)", "/download/", of_recordings=True)),
    ("wikimedia.org wikipedia.org", _rewrite(r"/wiki/(?:File|Media):", "/wiki/Special:FilePath/", of_recordings=True)),
    ("", _nextcloud),
    ("", _seafile),
    # The next rule is for GitLab; the last one is for Gitea and Forgejo.
    ("", _rewrite(r"(/[^/]+/.+)/-/blob/", r"\1/-/raw/")),
    ("", _rewrite(r"(/[^/]+/[^/]+)/src/(?=(?:branch|tag|commit)/[^/]+/.)", r"\1/raw/")),
]
