"""Draw what every page has, navigation and style, and identify the visitor."""

from pathlib import Path

import streamlit as st

from pages import session
from pages.sections import banner, sign_in

WIDE = ("History", "Compare")

# The logo is in the style, and the browser's icon has its own route. With pictures Streamlit imports numpy, which
# delays the first page, and it loads a page's icon from a Google server.
st.set_page_config(page_title="STT Studio")
st.html(Path(__file__).with_name("style.css"))
with session.may_be_away():
    here = session.recognise()
    account = [st.Page(sign_in.account, title="Account", url_path="account")]
    page = st.navigation(
        [
            st.Page("transcribe.py", title="Transcribe", default=True),
            st.Page("history.py", title="History", url_path="history"),
            st.Page("compare.py", title="Compare", url_path="compare"),
            st.Page("transcript.py", title="Transcript", url_path="transcript", visibility="hidden"),
            st.Page("api.py", title="API", url_path="api"),
            st.Page("settings.py", title="Settings", url_path="settings"),
            st.Page("shared.py", title="Shared transcript", url_path="shared", visibility="hidden"),
            *(account if session.signs_in() else []),
        ],
        position="top" if here else "hidden",
    )
    # Only once per run: the browser confuses a second layout with that of the previous run.
    st.set_page_config(layout="wide" if page.title in WIDE else "centered")
    banner.notice()
    banner.full_disk()
    if here or page.url_path == "shared":  # a shared transcript opens without an account
        page.run()
    else:
        sign_in.ask()
