"""Create recovery codes and use them in another browser, to keep a history (`STT_ACCESS` is `private`)."""

from __future__ import annotations

from contextlib import suppress

import streamlit as st

from pages import session
from pages.components.recovery import recovery_link
from pages.escape import markdown, plain, sentence
from pages.format import when
from stt.auth import recovery
from stt.auth.recovery import Code, Offer
from stt.errors import SttError
from stt.recorder import live_recordings
from stt.settings import settings

OFFERED = "recovery_code"  # session key: a code that was entered or in a link, until it is used or declined


def keep_history() -> None:
    """Draw the section of the Settings page; nothing if people sign in or share one history."""
    name = session.name()
    if settings().access != "private":
        return
    st.subheader("Keep your history", anchor=False)
    if not name:
        plain("This browser keeps no cookies for this site, so its history ends with this tab.", "stt-hint")
        return
    plain(
        "Your history belongs to this browser. With a recovery code you open it in another one, or get it back after "
        "cookies were deleted.",
        "stt-hint",
    )
    if st.session_state.pop(session.RECOVERED, False):
        st.success("This browser has that history now.", icon=":material/check:")
    if linked := recovery_link():
        st.session_state[OFFERED] = linked
    if OFFERED in st.session_state:
        _confirm(st.session_state[OFFERED], name)
    owner = session.owner()
    if st.button("Create a recovery code", key="recovery-create"):
        _create(owner)
    for code in recovery.codes_of(owner):
        _row(code, owner)
    _browsers(owner, name)
    with st.form("recovery", clear_on_submit=True):
        typed = st.text_input(
            "Code from another browser", max_chars=200, autocomplete="off", placeholder="XXXXX-XXXXX-…"
        )
        if st.form_submit_button("Continue") and typed.strip():
            st.session_state[OFFERED] = typed.strip()
            st.rerun()


def hint() -> None:
    """Draw the hint that a history can be kept, once there is one to lose."""
    if settings().access != "private" or not session.name() or not recovery.is_worth_a_hint(session.owner()):
        return
    with st.container(horizontal=True, vertical_alignment="center", key="keep-hint"):
        plain("This history belongs to this browser. A recovery code keeps it.", "stt-hint", fit=True)
        st.page_link("settings.py", label="Keep it", icon=":material/key:")
        if st.button("Dismiss", type="tertiary", key="keep-dismiss"):
            recovery.dismiss_hint(session.owner())
            st.rerun()


def _create(owner: str) -> None:
    try:
        text = recovery.create(owner)
    except SttError as error:
        st.error(markdown(sentence(error.to_dict())))
        return
    st.success("Write the code down, or save the link. They are not shown again.", icon=":material/key:")
    st.code(text, language=None, wrap_lines=True)
    st.code(f"{session.server_address()}/settings{recovery.LINK}{text}", language=None, wrap_lines=True)
    plain("Anybody who has it can open this history.", "stt-hint")


def _row(code: Code, owner: str) -> None:
    used = f"last used {when(code.used)}" if code.used else "not used yet"
    with st.container(horizontal=True, vertical_alignment="center"):
        with st.container(gap=None):
            plain("Recovery code", "stt-title")
            plain(f"Created {when(code.created)}, {used}", "stt-facts")
        if st.button("Revoke", key=f"revoke-{code.id}", help="The code opens nothing from now on."):
            with suppress(SttError):  # already deleted in another tab
                recovery.revoke(code.id, owner)
            st.rerun()


def _browsers(owner: str, name: str) -> None:
    """Draw which other browsers have this history, and a way back if it came from elsewhere."""
    since, others = recovery.has_left_its_own(name), recovery.others(owner, name)
    if since is not None:
        with st.container(horizontal=True, vertical_alignment="center"):
            plain(f"This browser has used another browser’s history since {when(since)}.", "stt-facts", fit=True)
            if st.button("Leave it", key="recovery-leave", help="This browser has its own history again."):
                recovery.leave(name)
                st.rerun()
    if others:
        with st.container(horizontal=True, vertical_alignment="center"):
            what = "Another browser has" if others == 1 else f"{others} other browsers have"
            plain(f"{what} got this history with a code.", "stt-facts", fit=True)
            if st.button("Disconnect", key="recovery-disconnect", help="They have their own histories again."):
                recovery.disconnect_others(owner, name)
                st.rerun()


def _confirm(code: str, name: str) -> None:
    """Ask for confirmation first, because the link may be somebody else's, or opened by mistake."""
    try:
        offer = recovery.offer(code, name, session.address())
    except SttError as error:
        st.session_state.pop(OFFERED)
        st.error(markdown(sentence(error.to_dict())))
        return
    if offer.owner == session.owner():
        st.session_state.pop(OFFERED)
        st.info("This browser has that history already.")
        return
    with st.container(border=True, key="recovery-confirm"):
        plain(f"This code opens a history with {_transcripts(offer.transcripts)}.", "stt-title")
        plain("Use only a code of your own: whoever has that history sees what you make from now on.", "stt-hint")
        add = _add_mine(offer)
        with st.container(horizontal=True):
            if st.button("Bring this history to this browser", type="primary", key="recovery-use"):
                _use(code, name, add)
            if st.button("Cancel", key="recovery-cancel"):
                st.session_state.pop(OFFERED)
                st.rerun()


def _add_mine(offer: Offer) -> bool:
    """Ask whether to add this browser's history to the other one. The default is no, because that may be anybody's."""
    if not offer.anything:
        return False
    count = f" ({_transcripts(offer.mine)})" if offer.mine else ""
    chosen = st.checkbox(f"Add what this browser has so far to it{count}", key="recovery-add")
    plain("If not, it is kept, and is back when this browser leaves that history.", "stt-hint")
    return chosen


def _use(code: str, name: str, add_mine: bool) -> None:
    if live_recordings.take_up(session.owner(), name)[1]:
        st.error("A recording is being made in this browser. Stop it first.")
        return
    try:
        recovery.use(code, name, add_mine=add_mine)
    except SttError as error:
        st.error(markdown(sentence(error.to_dict())))
    else:
        st.session_state[session.RECOVERED] = True
    st.session_state.pop(OFFERED)
    st.rerun()


def _transcripts(count: int) -> str:
    return "1 transcript" if count == 1 else f"{count:,} transcripts"
