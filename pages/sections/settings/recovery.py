"""Create recovery codes and use them, to open a history in another browser (if `STT_ACCESS` is `private`)."""

from __future__ import annotations

from contextlib import suppress

import streamlit as st

from pages import session
from pages.components.recovery import recovery_link
from pages.escape import plain, show_error, show_errors, title_and_facts
from pages.format import when
from pages.texts import tr, trn
from stt.auth import recovery
from stt.auth.recovery import Code, Offer
from stt.errors import SttError
from stt.recorder import live_recordings
from stt.settings import settings

OFFERED = "recovery_code"  # session state key of a code from the form or a link, while the visitor is asked about it


def keep_history() -> None:
    """Draw the recovery section of the Settings page; nothing if visitors sign in, or all share one history."""
    name = session.name()
    if settings().access != "private":
        return
    st.subheader(tr("Keep your history"), anchor=False)
    if not name:
        plain(
            tr("This browser does not store cookies for this site, so your history is lost when you close this tab."),
            "stt-hint",
        )
        return
    plain(
        tr(
            "Your history belongs to this browser. With a recovery code you can open it in another browser, or "
            "restore it after cookies were deleted."
        ),
        "stt-hint",
    )
    if st.session_state.pop(session.RECOVERED, False):
        st.success(tr("This browser now uses the history that the code belongs to."), icon=":material/check:")
    if linked := recovery_link():
        st.session_state[OFFERED] = linked
    if OFFERED in st.session_state:
        _confirm(st.session_state[OFFERED], name)
    owner = session.owner()
    if st.button(tr("Create a recovery code"), key="recovery-create"):
        _create(owner)
    for code in recovery.codes_of(owner):
        _row(code, owner)
    _browsers(owner, name)
    with st.form("recovery", clear_on_submit=True):
        typed = st.text_input(
            tr("Code from another browser"), max_chars=200, autocomplete="off", placeholder="XXXXX-XXXXX-…"
        )
        if st.form_submit_button(tr("Continue")) and typed.strip():
            st.session_state[OFFERED] = typed.strip()
            st.rerun()


def hint() -> None:
    """Draw the hint that a recovery code can restore this history, if `recovery.is_worth_a_hint` says so."""
    if settings().access != "private" or not session.name() or not recovery.is_worth_a_hint(session.owner()):
        return
    with st.container(horizontal=True, vertical_alignment="center", key="keep-hint"):
        plain(
            tr("This history belongs to this browser. With a recovery code you can restore it."), "stt-hint", fit=True
        )
        st.page_link("settings.py", label=tr("Keep this history"), icon=":material/key:")
        if st.button(tr("Dismiss"), type="tertiary", key="keep-dismiss"):
            recovery.dismiss_hint(session.owner())
            st.rerun()


def _create(owner: str) -> None:
    with show_errors():
        text = recovery.create(owner)
        st.success(tr("Write the code down, or save the link. They are not shown again."), icon=":material/key:")
        st.code(text, language=None, wrap_lines=True)
        st.code(f"{session.server_address()}/settings{recovery.LINK}{text}", language=None, wrap_lines=True)
        plain(tr("Anybody who has the code can open this history."), "stt-hint")


def _row(code: Code, owner: str) -> None:
    used = tr("last used {day}", day=when(code.used)) if code.used else tr("not used yet")
    with st.container(horizontal=True, vertical_alignment="center"):
        title_and_facts(tr("Recovery code"), tr("Created {day}", day=when(code.created)) + f", {used}")
        if st.button(tr("Revoke"), key=f"revoke-{code.id}", help=tr("The code will no longer work.")):
            with suppress(SttError):  # the code was already revoked in another tab
                recovery.revoke(code.id, owner)
            st.rerun()


def _browsers(owner: str, name: str) -> None:
    """Draw the number of other browsers that use this history through a code, with a button to disconnect them.

    If this browser itself uses the history of another browser, also draw a button to leave that history.
    """
    since, others = recovery.uses_other_since(name), recovery.others(owner, name)
    if since is not None:
        with st.container(horizontal=True, vertical_alignment="center"):
            fact = tr("This browser has used another browser’s history since {day}.", day=when(since))
            plain(fact, "stt-facts", fit=True)
            if st.button(
                tr("Leave this history"), key="recovery-leave", help=tr("Return to this browser’s own history.")
            ):
                recovery.leave(name)
                st.rerun()
    if others:
        with st.container(horizontal=True, vertical_alignment="center"):
            fact = trn(
                "Another browser uses this history with a code.",
                "{count} other browsers use this history with a code.",
                others,
            )
            plain(fact, "stt-facts", fit=True)
            if st.button(
                tr("Disconnect"), key="recovery-disconnect", help=tr("Those browsers return to their own histories.")
            ):
                recovery.disconnect_others(owner, name)
                st.rerun()


def _confirm(code: str, name: str) -> None:
    """Ask whether to open the history that the recovery code belongs to.

    The visitor may have opened a link with somebody else's code, or may have opened the link by mistake.
    """
    try:
        offer = recovery.offer(code, name, session.address())
    except SttError as error:
        st.session_state.pop(OFFERED)
        show_error(error)
        return
    if offer.owner == session.owner():
        st.session_state.pop(OFFERED)
        st.info(tr("This browser already uses the history that the code belongs to."))
        return
    with st.container(border=True, key="recovery-confirm"):
        opens = trn(
            "This code opens a history with {count:,} transcript.",
            "This code opens a history with {count:,} transcripts.",
            offer.transcripts,
        )
        plain(opens, "stt-title")
        plain(
            tr("Use only your own code: everyone with access to that history can see what you transcribe from now on."),
            "stt-hint",
        )
        add = _ask_to_add_history(offer)
        with st.container(horizontal=True):
            if st.button(tr("Use this history"), type="primary", key="recovery-use"):
                _use(code, name, add)
            if st.button(tr("Cancel"), key="recovery-cancel"):
                st.session_state.pop(OFFERED)
                st.rerun()


def _ask_to_add_history(offer: Offer) -> bool:
    """Ask whether to add this browser's history to the history that the code opens.

    The default is no, because the code may open a stranger's history.
    """
    if not offer.anything:
        return False
    label = (
        trn(
            "Add this browser’s present history to that history ({count:,} transcript)",
            "Add this browser’s present history to that history ({count:,} transcripts)",
            offer.mine,
        )
        if offer.mine
        else tr("Add this browser’s present history to that history")
    )
    chosen = st.checkbox(label, key="recovery-add")
    plain(tr("Otherwise this browser’s history is kept, and is restored when you leave the other history."), "stt-hint")
    return chosen


def _use(code: str, name: str, add_history: bool) -> None:
    if live_recordings.take_up(session.owner(), name)[1]:
        st.error(tr("A recording is being made in this browser. Stop it first."))
        return
    with show_errors():
        recovery.use(code, name, add_history=add_history)
        st.session_state[session.RECOVERED] = True
    st.session_state.pop(OFFERED)
    st.rerun()
