"""Download or delete all data of the visitor."""

from __future__ import annotations

import streamlit as st

from pages import session
from pages.escape import download_link, plain
from pages.texts import tr, trn
from stt.auth import recovery
from stt.guard import base_path
from stt.library import history
from stt.library.retention import delete_everything
from stt.settings import settings


def my_data() -> None:
    """Draw the section of the Settings page that downloads and deletes the visitor's data."""
    owner = session.owner()
    everybodys = settings().access == "shared"
    st.subheader(tr("Everybody’s data") if everybodys else tr("Your data"), anchor=False)
    if st.session_state.pop("all_deleted", False):
        st.success(tr("Everything was deleted.") if everybodys else tr("Everything of yours was deleted."))
    count = history.totals(owner).count
    there = trn("{count:,} transcript on this server.", "{count:,} transcripts on this server.", count)
    content = tr("The ZIP has each transcript as text, subtitles and JSON, and all recordings.")
    plain(f"{there} {content}", "stt-hint")
    with st.container(horizontal=True, vertical_alignment="center"):
        download_link(tr("Download all as one ZIP"), base_path.at("/my-data.zip"))
        if st.button(tr("Delete everything"), icon=":material/delete_forever:", key="delete-all"):
            _confirm(owner, count, everybodys=everybodys)


@session.dialog(lambda: tr("Delete everything permanently?"))
def _confirm(owner: str, count: int, *, everybodys: bool) -> None:
    st.text(
        trn(
            "All users of this server share one history. {count:,} transcript of all users with its notes, all "
            "recordings, share links, tokens and recovery codes, the vocabulary, the known voices and the webhook will "
            "be deleted. This cannot be undone.",
            "All users of this server share one history. {count:,} transcripts of all users with their notes, all "
            "recordings, share links, tokens and recovery codes, the vocabulary, the known voices and the webhook will "
            "be deleted. This cannot be undone.",
            count,
        )
        if everybodys
        else trn(
            "{count:,} transcript with its notes, all recordings, share links, tokens and recovery codes, the "
            "vocabulary, the known voices and the webhook will be deleted. This cannot be undone.",
            "{count:,} transcripts with their notes, all recordings, share links, tokens and recovery codes, the "
            "vocabulary, the known voices and the webhook will be deleted. This cannot be undone.",
            count,
        )
    )
    with st.container(horizontal=True, horizontal_alignment="right"):
        if st.button(tr("Keep")):
            st.rerun()
        if st.button(tr("Delete everything"), type="primary", key="confirm-delete-all"):
            recovery.disconnect_others(owner, session.name())  # first, so that they add nothing meanwhile
            delete_everything(owner)
            st.session_state.all_deleted = True
            st.session_state.pop("chosen", None)
            session.following().clear()
            st.rerun()
