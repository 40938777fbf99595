"""Show text from outside as plain text: names, transcripts and errors never become markup."""

from __future__ import annotations

import re
from html import escape

import streamlit as st

JOINER = "\u2060"


def plain(text: str, style: str = "stt-text", *, tag: str = "p", role: str | None = None, fit: bool = False) -> None:
    """Draw `text` unchanged in the style of a CSS class (see `style.css`). With `fit` it is only as wide as needed."""
    announced = f' role="{role}"' if role else ""
    st.html(
        f'<{tag} class="{style}" dir="auto"{announced}>{escape(text)}</{tag}>', width="content" if fit else "stretch"
    )


def download_link(label: str, address: str) -> None:
    """Draw a link, styled as a button, to a file from one of our routes."""
    st.html(f'<a class="stt-button" href="{escape(address)}" download>{escape(label)}</a>', width="content")


def download_form(
    label: str, address: str, values: dict[str, str], *, key: str, icon: str, disabled: bool = False
) -> None:
    """Draw a button for a file from a route that takes `values`, which may be too many for an address."""
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

    An invisible word joiner keeps addresses from becoming links, which escapes do not prevent.
    """
    text = re.sub(r"(?<=:)(?=//)|(?<=www)(?=\.)|(?<=@)", JOINER, text, flags=re.IGNORECASE)
    return re.sub(r"([\\`*_{}\[\]()#+.!|~$<>&:-])", r"\\\1", text)


def sentence(error: dict[str, str]) -> str:
    """Return a stored error (`SttError.to_dict`) as the text that users read."""
    message = error["message"]
    return f"{message}{'' if message.endswith(('.', '!', '?', '…')) else '.'} {error['guidance']}"
