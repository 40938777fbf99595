"""Text from outside, shown as text: names, transcripts and errors never become markup."""

from __future__ import annotations

import re
from html import escape

import streamlit as st


def plain(text: str, style: str = "stt-text", *, tag: str = "p", role: str | None = None, fit: bool = False) -> None:
    """Draw `text` as it is, in the style of that CSS class (see `style.css`); `fit` takes no more room than it needs."""
    announced = f' role="{role}"' if role else ""
    st.html(f'<{tag} class="{style}" dir="auto"{announced}>{escape(text)}</{tag}>', width="content" if fit else "stretch")


def download_link(label: str, address: str) -> None:
    """A link to a file that a route of ours makes, in the shape of a button."""
    st.html(f'<a class="stt-button" href="{escape(address)}" download>{escape(label)}</a>', width="content")


def markdown(text: str) -> str:
    """`text` for a widget that reads Markdown, such as `st.error`, so that it comes out as it is."""
    return re.sub(r"([\\`*_{}\[\]()#+.!|~$<>&:-])", r"\\\1", text)


def sentence(error: dict[str, str]) -> str:
    """An error as it was recorded (`SttError.to_dict`) in the words that the user reads."""
    message = error["message"]
    return f"{message}{'' if message.endswith(('.', '!', '?', '…')) else '.'} {error['guidance']}"
