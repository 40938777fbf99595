"""Download a recording behind a link, from the public internet only.

The IP address of the host is checked again when connecting, and the connection uses exactly the checked address.
Otherwise a host name that resolves to another address the second time (DNS rebinding) could bypass the check.
"""

from __future__ import annotations

import errno
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urljoin, urlsplit
from uuid import uuid4

import idna
import requests
from requests.utils import requote_uri
from urllib3.exceptions import HTTPError

from stt.compat.requests import redirect_of, session_to
from stt.errors import BadLink, DiskFull, TooLarge
from stt.files import names, paths
from stt.links import addresses, web_pages
from stt.links.deadline import Deadline

REDIRECTS = 10  # maximum number of redirects followed
LONGEST = 4096  # maximum length of a link, characters; signed links of object stores have up to 2,000
_CONNECT, _QUIET = 15, 30  # timeouts for connecting and for the wait between two bytes, seconds
_BLOCK = 1 << 16  # size of a block that is read at once, bytes
_PORTS = (80, 443)  # the only allowed ports below 1024, because other such ports serve mail, files or remote shells
_WHOLE = (200, 203, 206)  # accepted HTTP statuses; some servers send 206 for the whole file without a range request
_RANGE = re.compile(r"bytes\s+(\d{1,18})-\d{1,18}/(\d{1,18}|\*)")
_ONLY_A_PART = "The site behind this link sent only a part of the recording."
_ANSWERS = {
    401: web_pages.SIGN_IN,
    403: "The site behind this link does not let this server read it.",
    404: "There is nothing at this address (404).",
    410: "The recording was taken down from this address (410).",
    429: "The site behind this link refuses for now: too many requests.",
}
Progress = Callable[[int, int | None], None]  # receives the bytes downloaded so far and the total (None if unknown)


class Fetched(NamedTuple):
    """The path of a downloaded file, and the name under which the recording is shown."""

    path: Path
    name: str


def well_formed(url: str) -> str:
    """Return a link in the form that browsers request, without its fragment. Makes no DNS look-up.

    Raises BadLink if the link is too long, is not http or https, is not a complete address, or contains control
    characters, a user name or a password.
    """
    url = url.strip()
    if len(url) > LONGEST:
        raise BadLink(f"A link has at most {LONGEST:,} characters.")
    if re.search(r"[\x00-\x1f\x7f]", url):
        raise BadLink("The link contains invalid characters.")
    try:
        parts = urlsplit(url)
        if not parts.netloc.isascii():  # as browsers do, encode ü as punycode, and 127。0。0。① as 127.0.0.1
            name, colon, number = parts.netloc.partition(":")
            parts = parts._replace(netloc=idna.encode(name, uts46=True).decode() + colon + number)
        parts = urlsplit(requote_uri(parts.geturl()))  # percent-encode characters such as spaces in pasted links
        port = parts.port
    except (ValueError, UnicodeError) as error:
        raise BadLink("This is not a complete address.") from error
    if parts.scheme not in ("http", "https"):
        raise BadLink("Only addresses that begin with http:// or https:// can be opened.")
    if "@" in parts.netloc:
        raise BadLink("Addresses with a user name or a password in them are not opened.")
    if not parts.hostname or port == 0:
        raise BadLink("This is not a complete address.")
    return parts._replace(fragment="").geturl()


def acceptable(url: str, *, allow_private: bool = False) -> str:
    """Return the link in the form of `well_formed` if nothing in its text forbids opening it. Makes no DNS look-up.

    Raises BadLink for the reasons of `well_formed`. Unless `allow_private` is True, it also raises BadLink for a
    forbidden port, for localhost, and for a numeric address that is not public.
    """
    url = well_formed(url)
    parts = urlsplit(url)
    host, port = _target(url)
    if allow_private:
        return url
    if port not in _PORTS and port < 1024:
        raise BadLink(f"Links to port {parts.port} are not opened, only to 80, 443 and those from 1024 on.")
    addresses.check_text(host)
    return url


def check(url: str, *, allow_private: bool = False, check_cancelled: Callable[[], None] = lambda: None) -> str:
    """Return the link in the form of `well_formed` if it may be opened.

    This makes a DNS look-up, which may take seconds, so do not call it in the handler of a web request.
    `check_cancelled` is called several times a second during the look-up and may raise an exception to stop it. Raises
    BadLink for the reasons of `acceptable`, for a host that does not exist or whose look-up takes too long, and, unless
    `allow_private` is True, for an address that is not public.
    """
    url = acceptable(url, allow_private=allow_private)
    addresses.of(*_target(url), allow_private=allow_private, check_cancelled=check_cancelled)
    return url


def _target(url: str) -> tuple[str, int]:
    parts = urlsplit(url)
    assert parts.hostname
    return parts.hostname, parts.port or (443 if parts.scheme == "https" else 80)


def name_of(url: str) -> str:
    """Return a display name for the recording behind a link: the end of the link's path, or else the host."""
    parts = urlsplit(url := url.strip())
    last = names.of_path(parts.path)
    if web_pages.direct(url) != url and not names.split(last)[1]:
        last = ""  # the path of a share page ends in a word such as "view", which is not a file name
    return last or parts.hostname or "Link"


def _name(answer: requests.Response, first: str) -> str:
    """Return the file's name: from the Content-Disposition header, or else from an address.

    The address is the link `first`, or the address after redirects if only that gives a name with an extension.
    """
    sent = names.disposition(answer.headers.get("content-disposition", "")).get("filename", "")
    if sent and (name := names.clean(sent)) != names.UNNAMED:
        return name
    both = [name_of(first), name_of(answer.url)]
    return next((name for name in both if names.split(name)[1]), both[0])


def download(
    url: str,
    folder: Path,
    *,
    limit_bytes: int,
    timeout_seconds: float,
    allow_private: bool = False,
    on_progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Fetched:
    """Download the file behind a link into a new file with a random name in `folder`.

    Whether the content is audio is not checked here: the caller must check it with `decoder.probe`. If the link is the
    share page of a known site, the recording that the page shows is downloaded (see `stt.links.web_pages`).

    `on_progress` receives the bytes downloaded so far and the total bytes (None if unknown). `cancelled` is called
    several times a second, also from another thread, and returns whether the download must end. After an error, the
    incomplete file is deleted.

    Raises BadLink if the link must not be opened, leads to no recording, or is not downloaded in `timeout_seconds`;
    TooLarge if the file has more than `limit_bytes`; Cancelled after `cancelled` has returned True; DiskFull if the
    disk has too little room.
    """
    path = folder / uuid4().hex
    too_slow = BadLink("The recording behind this link downloads too slowly.")
    with Deadline(timeout_seconds, too_slow, cancelled) as deadline, _session(allow_private, deadline) as session:
        try:
            with _errors_in_words(deadline), _answer(session, url, allow_private, deadline) as answer:
                _save(answer, url, path, limit_bytes, deadline, on_progress)
                name = _name(answer, url)
        except BaseException:
            path.unlink(missing_ok=True)
            raise
    return Fetched(path, name)


@contextmanager
def _answer(
    session: requests.Session, first: str, allow_private: bool, deadline: Deadline
) -> Iterator[requests.Response]:
    """Yield the response after at most REDIRECTS redirects. The target of each redirect is checked like the link."""
    url = first
    for _ in range(REDIRECTS + 1):
        web_pages.check(url := web_pages.direct(well_formed(url)), first)
        url = check(url, allow_private=allow_private, check_cancelled=deadline.check)
        answer = session.get(url, stream=True, allow_redirects=False, timeout=(_CONNECT, _QUIET))
        if answer.is_redirect:
            answer.close()
            try:
                url = urljoin(url, redirect_of(session, answer))
            except ValueError as error:
                raise BadLink("This link redirects to an invalid address.") from error
            continue
        try:
            if answer.status_code not in _WHOLE:
                problem = f"The site behind this link answered with error {answer.status_code}."
                raise BadLink(_ANSWERS.get(answer.status_code, problem), guidance=web_pages.advice_for(first) or None)
            yield answer
        finally:
            answer.close()
        return
    raise BadLink("Too many redirects.")


def _save(
    answer: requests.Response, first: str, path: Path, limit: int, deadline: Deadline, on_progress: Progress | None
) -> None:
    length = answer.headers.get("content-length", "")
    total = int(length) if length.isdecimal() and "content-encoding" not in answer.headers else None
    says_html = "html" in answer.headers.get("content-type", "").partition(";")[0].lower()
    part = _RANGE.match(answer.headers.get("content-range", "")) if answer.status_code == 206 else None
    if part and int(part[1]):
        raise BadLink(_ONLY_A_PART)
    too_large = TooLarge(f"The recording behind this link is larger than the limit of {limit / 1024**2:,.0f} MB.")
    if total is not None and total > limit:
        raise too_large
    paths.check_room(path.parent, total or 0)
    done, head = 0, b""
    with open(path, "xb") as file:
        for block in answer.iter_content(_BLOCK):
            deadline.check()
            if len(head) < web_pages.HEAD:  # detect web pages by the content, because the declared type may be wrong
                head += block[: web_pages.HEAD - len(head)]
                _refuse_page(head, says_html, len(head) == web_pages.HEAD, first)
            if (done + len(block)) // paths.CHECKED > done // paths.CHECKED:
                paths.check_room(path.parent)
            done += len(block)
            if done > limit:
                raise too_large
            file.write(block)
            if on_progress:
                on_progress(done, total)
    deadline.check()  # raise an error if the deadline closed the connection, which looks like the end of the response
    if not done:
        raise BadLink("There is nothing behind this link: 0 bytes.")
    _refuse_page(head, says_html, True, first)
    if part and part[2].isdecimal() and done < int(part[2]):
        raise BadLink(_ONLY_A_PART)


def _refuse_page(head: bytes, says_html: bool, whole: bool, first: str) -> None:
    kind = web_pages.kind_of(head, says_html=says_html, whole=whole)
    if kind == "page":
        advice = web_pages.advice_for(first) or web_pages.LOOK
        raise BadLink("This link leads to a web page, not to a recording.", guidance=advice)
    if kind == "list":
        raise BadLink(
            "This link leads to a list of recordings, not to one.", guidance="Copy the address of one of them."
        )


def _kinds(error: BaseException) -> str:
    """Return the types of an error and its causes for the log, without messages, which may contain the private link."""
    kinds: list[str] = []
    reason: BaseException | None = error
    while reason is not None and len(kinds) < 5:
        kinds.append(type(reason).__name__)
        reason = reason.__cause__ or reason.__context__
    return " by ".join(kinds)


@contextmanager
def _errors_in_words(deadline: Deadline) -> Iterator[None]:
    """Convert network errors to errors of `stt.errors`, whose messages are for users."""
    try:
        yield
    except requests.exceptions.SSLError as error:
        deadline.check()
        raise BadLink("The site behind this link has no valid certificate.", detail=_kinds(error)) from error
    except requests.exceptions.Timeout as error:
        deadline.check()
        raise BadLink("The site behind this link does not answer.", detail=_kinds(error)) from error
    except (requests.RequestException, HTTPError, UnicodeError) as error:
        deadline.check()
        raise BadLink("The connection to the site behind this link failed.", detail=_kinds(error)) from error
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise DiskFull("There is no room left for the recording behind this link.") from error
        raise


def _session(allow_private: bool, deadline: Deadline) -> requests.Session:
    """Return a session that connects only to checked IP addresses. It ignores proxies set in the environment."""

    def checked(host: str, port: int) -> Iterator[str]:
        for address in addresses.of(host, port, allow_private=allow_private, check_cancelled=deadline.check):
            deadline.check()
            yield address

    session = session_to(checked, deadline.add)
    session.headers.update({"User-Agent": "STT-Studio", "Accept": "audio/*, video/*, */*"})
    session.headers["Accept-Encoding"] = "identity"  # without compression, Content-Length is the size of the file
    return session
