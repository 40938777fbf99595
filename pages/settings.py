"""Settings: what this server runs on."""

import streamlit as st

from stt.settings import settings

st.title("Settings", anchor=False)
st.subheader("This server", anchor=False)
st.text(f"Whisper base on this machine does the work, {settings().stt_jobs_at_once} recordings at once.")
st.text(f"Uploads may be up to {settings().stt_upload_limit_mb:,} MB each.")
