"""Show text from users and providers as plain text. Names, transcripts and errors never become markup."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from html import escape

import streamlit as st

from stt.errors import SttError

JOINER = "\u2060"


def plain(text: str, style: str = "stt-text", *, tag: str = "p", role: str | None = None, fit: bool = False) -> None:
    """Draw `text` unchanged, with the CSS class `style` (see `style.css`).

    With `fit`, the element is as wide as the text, otherwise as wide as the container.
    """
    announced = f' role="{role}"' if role else ""
    st.html(
        f'<{tag} class="{style}" dir="auto"{announced}>{escape(text)}</{tag}>', width="content" if fit else "stretch"
    )


def download_link(label: str, address: str) -> None:
    """Draw a link, styled as a button, that downloads a file from a route of this app."""
    st.html(f'<a class="stt-button" href="{escape(address)}" download>{escape(label)}</a>', width="content")


def download_form(
    label: str, address: str, values: dict[str, str], *, key: str, icon: str, disabled: bool = False
) -> None:
    """Draw a button that downloads a file from the route `address`.

    The button sends `values` as form data in the body of a POST request, because `values` may be too long for a URL.
    """
    hidden = "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">' for name, value in values.items()
    )
    button = (
        f'<button class="stt-button stt-wide" {"disabled" if disabled else ""}>'
        f'<span class="stt-icon" aria-hidden="true">{escape(icon)}</span>{escape(label)}</button>'
    )
    with st.container(key=key):
        st.html(f'<form method="post" action="{escape(address)}">{hidden}{button}</form>')


def markdown(text: str) -> str:
    """Return `text` escaped for a widget that reads Markdown, such as `st.error`.

    Backslashes do not keep URLs and mail addresses from becoming links, so invisible word joiners are inserted too.
    """
    text = re.sub(r"(?<=:)(?=//)|(?<=www)(?=\.)|(?<=@)", JOINER, text, flags=re.IGNORECASE)
    return re.sub(r"([\\`*_{}\[\]()#+.!|~$<>&:-])", r"\\\1", text)


def sentence(error: dict[str, str]) -> str:
    """Return a stored error (`SttError.to_dict`) as the text that users read."""
    message = error["message"]
    return f"{message}{'' if message.endswith(('.', '!', '?', '…')) else '.'} {error['guidance']}"


def show_error(error: SttError) -> None:
    st.error(markdown(sentence(error.to_dict())))


@contextmanager
def show_errors() -> Iterator[None]:
    """Draw an `SttError` that the `with` block raises. Then continue after the block."""
    try:
        yield
    except SttError as error:
        show_error(error)


@contextmanager
def store_error(key: str) -> Iterator[None]:
    """If the `with` block raises an `SttError`, store its text in the session under `key` for `show_stored_error`."""
    try:
        yield
    except SttError as error:
        st.session_state[key] = sentence(error.to_dict())


def show_stored_error(key: str) -> None:
    """Draw the error that `store_error` stored under `key`, if any, and remove it from the session."""
    if key in st.session_state:
        st.error(markdown(st.session_state.pop(key)))


def title_and_facts(title: str, facts: str) -> None:
    """Draw a title and a line of facts below it."""
    with st.container(gap=None):
        plain(title, "stt-title")
        plain(facts, "stt-facts")
