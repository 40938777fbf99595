"""Sign in and out with the organisation's identity provider (`STT_ACCESS=login`)."""

from __future__ import annotations

import streamlit as st

from pages.escape import plain
from pages.texts import tr


def ask() -> None:
    """Draw the page for people who have not signed in, or whose account has no access to this server."""
    with st.container(key="sign-in"):
        st.title("STT Studio", anchor=False)
        if getattr(st.user, "is_logged_in", False):
            _access_denied()
            return
        plain(tr("Turn speech into text. This server is for people of one organisation: sign in to continue."))
        if not st.context.cookies:
            st.warning(tr("Signing in needs cookies. Allow them for this site, then reload."))
        if st.button(tr("Sign in"), type="primary", icon=":material/login:"):
            st.login()


def _access_denied() -> None:
    plain(
        tr(
            "You have signed in as {name}, but this account has no access to this server, or you have signed "
            "out since then.",
            name=_name(),
        )
    )
    plain(tr("Sign in with another account, or ask the person who runs this server for access."))
    if st.button(tr("Sign in with another account"), type="primary", icon=":material/login:"):
        st.logout()


def account() -> None:
    """Draw the page that shows who is signed in."""
    st.title(tr("Account"), anchor=False)
    plain(
        tr(
            "You are signed in as {name}. Your transcripts are available in every browser where you sign in.",
            name=_name(),
        )
    )
    if st.button(tr("Sign out"), icon=":material/logout:"):
        st.logout()


def _name() -> str:
    claims = st.user.to_dict()
    return str(claims.get("email") or claims.get("name") or claims.get("sub") or tr("somebody"))
