"""What every page has: navigation, style, and who is here."""

from pathlib import Path

import streamlit as st

from pages import visitor

st.set_page_config(page_title="STT Studio", page_icon=":material/graphic_eq:", layout="centered")
st.html(Path(__file__).with_name("widgets") / "style.css")

st.logo(str(Path(__file__).with_name("widgets") / "logo.svg"), size="medium")
page = st.navigation(
    [
        st.Page("transcribe.py", title="Transcribe", default=True, icon=":material/graphic_eq:"),
        st.Page("history.py", title="History", url_path="history", icon=":material/history:"),
        st.Page("transcript.py", title="Transcript", url_path="transcript", visibility="hidden"),
        st.Page("settings.py", title="Settings", url_path="settings", icon=":material/settings:"),
    ],
    position="top",
)
visitor.recognise()
page.run()
