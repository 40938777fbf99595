"""Draw the navigation and style of every page, and identify the visitor."""

from pathlib import Path

import streamlit as st

from stt import late

late.load()  # imports what the first page needs, or waits while another thread imports it

from pages import session
from pages.sections import banner, sign_in
from pages.texts import for_scripts, tr

WIDE = ("history", "compare")

# Do not pass a logo or a favicon to Streamlit: the style sheet has the logo, and a route serves the favicon. For an
# image, Streamlit would import numpy, which delays the first page. For an emoji or the name of an icon, the browser
# would load an image from a Google server.
st.set_page_config(page_title="STT Studio")
st.html(Path(__file__).with_name("style.css"))
for_scripts()
with session.show_database_errors():
    recognised = session.recognise()
    account = [st.Page(sign_in.account, title=tr("Account"), url_path="account")]
    page = st.navigation(
        [
            st.Page("transcribe.py", title=tr("Transcribe"), default=True),
            st.Page("history.py", title=tr("History"), url_path="history"),
            st.Page("compare.py", title=tr("Compare"), url_path="compare"),
            st.Page("transcript.py", title=tr("Transcript"), url_path="transcript", visibility="hidden"),
            st.Page("api.py", title=tr("API"), url_path="api"),
            st.Page("settings.py", title=tr("Settings"), url_path="settings"),
            st.Page("shared.py", title=tr("Shared transcript"), url_path="shared", visibility="hidden"),
            *(account if session.signs_in() else []),
        ],
        position="top" if recognised else "hidden",
    )
    # Set only one layout per run. The browser would mistake a second, different layout for that of the previous run.
    st.set_page_config(layout="wide" if page.url_path in WIDE else "centered")
    banner.connection()
    banner.notice()
    banner.full_disk()
    if recognised or page.url_path == "shared":  # a shared transcript opens without an account
        page.run()
    else:
        sign_in.ask()
