"""Create, list and revoke tokens. A program with a token uses this server in the name of the visitor."""

from __future__ import annotations

from contextlib import suppress

import streamlit as st

from pages import session
from pages.escape import plain, show_errors, title_and_facts
from pages.format import when
from pages.texts import tr
from stt.auth import tokens
from stt.auth.tokens import Token
from stt.errors import SttError


def token_list() -> None:
    """Draw the tokens section of the Settings page. A new token is shown only in the run that created it."""
    st.subheader(tr("Tokens for programs"), anchor=False)
    plain(
        tr("A program with a token sends recordings to this server. Its transcripts appear in your history."),
        "stt-hint",
    )
    with st.form("token", clear_on_submit=True):
        name = st.text_input(tr("Name of the program"), max_chars=tokens.MAX_NAME)
        read_only = st.checkbox(tr("Read-only: the program can find and read transcripts, but change nothing"))
        if st.form_submit_button(tr("Create token")):
            make(name, read_only=read_only)
    for token in tokens.all_of(session.owner()):
        row(token)
    st.page_link("api.py", label=tr("How to use tokens"), icon=":material/code:")


def make(name: str, *, read_only: bool) -> None:
    with show_errors():
        text = tokens.create(name, session.owner(), read_only=read_only)
        st.success(tr("Copy the token now: it is not shown again."), icon=":material/key:")
        st.code(text, language=None, wrap_lines=True)


def row(token: Token) -> None:
    facts = [tr("Created {day}", day=when(token.created))]
    facts.append(tr("last used {day}", day=when(token.used)) if token.used else tr("not used yet"))
    if token.read_only:
        facts.append(tr("read-only"))
    with st.container(horizontal=True, vertical_alignment="center"):
        title_and_facts(token.name, ", ".join(facts))
        if st.button(
            tr("Revoke"), key=f"revoke-{token.id}", help=tr("Programs with this token are refused from now on.")
        ):
            revoke(token)


def revoke(token: Token) -> None:
    with suppress(SttError):  # the token was already revoked in another tab
        tokens.revoke(token.id, session.owner())
    st.rerun()
