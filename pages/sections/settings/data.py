"""Download or delete all data of the visitor."""

from __future__ import annotations

import streamlit as st

from pages import session
from pages.escape import download_link, plain
from stt.auth import recovery
from stt.guard import base_path
from stt.library import history
from stt.library.retention import delete_everything
from stt.settings import settings


def my_data() -> None:
    """Draw the section of the Settings page."""
    owner = session.owner()
    everybodys = settings().access == "shared"
    st.subheader("Everybody’s data" if everybodys else "Your data", anchor=False)
    if st.session_state.pop("all_deleted", False):
        st.success("Everything was deleted." if everybodys else "Everything of yours was deleted.")
    count = history.totals(owner).count
    what = "1 transcript" if count == 1 else f"{count:,} transcripts"
    plain(f"{what} on this server. The ZIP has each one as text, subtitles and JSON, and all recordings.", "stt-hint")
    with st.container(horizontal=True, vertical_alignment="center"):
        download_link("Download all as one ZIP", base_path.at("/my-data.zip"))
        if st.button("Delete everything", icon=":material/delete_forever:", key="delete-all"):
            _confirm(owner, f"On this server all share one history. {what} of everybody" if everybodys else what)


@session.dialog("Delete everything permanently?")
def _confirm(owner: str, what: str) -> None:
    st.text(
        f"{what}, all audio, the vocabulary, all share links, tokens and recovery codes will be deleted. "
        "This cannot be undone."
    )
    with st.container(horizontal=True, horizontal_alignment="right"):
        if st.button("Keep"):
            st.rerun()
        if st.button("Delete everything", type="primary", key="confirm-delete-all"):
            delete_everything(owner)
            recovery.disconnect_others(owner, session.name())
            st.session_state.all_deleted = True
            st.session_state.pop("chosen", None)
            session.following().clear()
            st.rerun()
