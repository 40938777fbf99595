"""Create, list and revoke the tokens with which programs use this server as the visitor."""

from __future__ import annotations

from contextlib import suppress

import streamlit as st

from pages import session
from pages.escape import markdown, plain, sentence
from pages.format import when
from stt.auth import tokens
from stt.auth.tokens import Token
from stt.errors import SttError


def token_list() -> None:
    """Draw the section of the Settings page. A new token is shown only in the run that created it."""
    st.subheader("Tokens for programs", anchor=False)
    plain("A program with a token sends recordings to this server. Its transcripts appear in your history.", "stt-hint")
    with st.form("token", clear_on_submit=True):
        name = st.text_input("Name of the program", max_chars=tokens.MAX_NAME)
        read_only = st.checkbox("Only reads: it finds and reads transcripts, and changes nothing")
        if st.form_submit_button("Create token"):
            make(name, read_only=read_only)
    for token in tokens.all_of(session.owner()):
        row(token)
    st.page_link("api.py", label="How programs use it", icon=":material/code:")


def make(name: str, *, read_only: bool) -> None:
    try:
        text = tokens.create(name, session.owner(), read_only=read_only)
    except SttError as error:
        st.error(markdown(sentence(error.to_dict())))
        return
    st.success("Copy the token now: it is not shown again.", icon=":material/key:")
    st.code(text, language=None, wrap_lines=True)


def row(token: Token) -> None:
    used = f"last used {when(token.used)}" if token.used else "not used yet"
    with st.container(horizontal=True, vertical_alignment="center"):
        with st.container(gap=None):
            plain(token.name, "stt-title")
            reads = ", only reads" if token.read_only else ""
            plain(f"Made {when(token.created)}, {used}{reads}", "stt-facts")
        if st.button("Revoke", key=f"revoke-{token.id}", help="Programs with this token are refused from now on."):
            revoke(token)


def revoke(token: Token) -> None:
    with suppress(SttError):  # already revoked in another tab
        tokens.revoke(token.id, session.owner())
    st.rerun()
