"""Text from outside, shown as text: names, transcripts and errors never become markup."""

from __future__ import annotations

import re
from html import escape

import streamlit as st

JOINER = "\u2060"


def plain(text: str, style: str = "stt-text", *, tag: str = "p", role: str | None = None, fit: bool = False) -> None:
    """Draw `text` as it is, in the style of that CSS class (see `style.css`); `fit` takes no more room than it
    needs.
    """
    announced = f' role="{role}"' if role else ""
    st.html(
        f'<{tag} class="{style}" dir="auto"{announced}>{escape(text)}</{tag}>', width="content" if fit else "stretch"
    )


def download_link(label: str, address: str) -> None:
    """A link to a file that a route of ours makes, in the shape of a button."""
    st.html(f'<a class="stt-button" href="{escape(address)}" download>{escape(label)}</a>', width="content")


def download_form(
    label: str, address: str, values: dict[str, str], *, key: str, icon: str, disabled: bool = False
) -> None:
    """A button for a file that a route of ours makes of `values`, which are too many for an address."""
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
    """`text` for a widget that reads Markdown, such as `st.error`, so that it comes out as it is.

    Addresses do not become links: an unseen word joiner breaks them. Escapes do not keep links from being made.
    """
    text = re.sub(r"(?<=:)(?=//)|(?<=www)(?=\.)|(?<=@)", JOINER, text, flags=re.IGNORECASE)
    return re.sub(r"([\\`*_{}\[\]()#+.!|~$<>&:-])", r"\\\1", text)


def sentence(error: dict[str, str]) -> str:
    """An error as it was recorded (`SttError.to_dict`) in the words that the user reads."""
    message = error["message"]
    return f"{message}{'' if message.endswith(('.', '!', '?', '…')) else '.'} {error['guidance']}"
