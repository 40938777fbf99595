"""What every page has: navigation, style, and who is here."""

from pathlib import Path

import streamlit as st

from pages import visitor
from pages.widgets import sign_in, trouble
from pages.widgets.notice import notice

WIDE = ("History", "Compare")

# A picture of our own: a material symbol as page icon is fetched from a server of Google's.
st.set_page_config(page_title="STT Studio", page_icon=str(Path(__file__).with_name("widgets") / "icon.svg"))
st.html(Path(__file__).with_name("widgets") / "style.css")

st.logo(str(Path(__file__).with_name("widgets") / "logo.svg"), size="medium")
with trouble.may_be_away():
    here = visitor.recognise()
    account = [st.Page(sign_in.account, title="Account", url_path="account", icon=":material/person:")]
    page = st.navigation(
        [
            st.Page("transcribe.py", title="Transcribe", default=True, icon=":material/graphic_eq:"),
            st.Page("history.py", title="History", url_path="history", icon=":material/history:"),
            st.Page("compare.py", title="Compare", url_path="compare", icon=":material/compare_arrows:"),
            st.Page("transcript.py", title="Transcript", url_path="transcript", visibility="hidden"),
            st.Page("api.py", title="API", url_path="api", icon=":material/code:"),
            st.Page("settings.py", title="Settings", url_path="settings", icon=":material/settings:"),
            st.Page("shared.py", title="Shared transcript", url_path="shared", visibility="hidden"),
            *(account if visitor.signs_in() else []),
        ],
        position="top" if here else "hidden",
    )
    # Once, and here: the browser mixes up a second layout of the same run with that of the run before.
    st.set_page_config(layout="wide" if page.title in WIDE else "centered")
    notice()
    trouble.full_disk()
    if here or page.url_path == "shared":  # a shared transcript opens without an account
        page.run()
    else:
        sign_in.ask()
