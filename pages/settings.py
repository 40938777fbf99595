"""Draw the Settings page: the key for the AI/ML API, the visitor's settings, and facts about this server."""

import streamlit as st

from pages import session
from pages.escape import plain, show_stored_error, store_error
from pages.sections.settings.data import my_data
from pages.sections.settings.keys import player_keys
from pages.sections.settings.limits import limits_view
from pages.sections.settings.models import model_list
from pages.sections.settings.recovery import keep_history
from pages.sections.settings.tokens import token_list
from pages.sections.settings.vocabulary import my_vocabulary
from pages.sections.settings.voices import known_voices
from pages.sections.settings.webhooks import webhooks
from pages.texts import tr, trn
from stt.aiml.client import Client
from stt.auth import keys
from stt.settings import settings

state = st.session_state


def key_form() -> None:
    """Draw the form for the visitor's key for the AI/ML API, or, if a key is in use, a button that removes it.

    A key is checked with the provider, stored for this browser session, and never shown again.
    """
    if session.key() is not None:
        st.success(tr("Your key is used until you remove it or close this tab."), icon=":material/key:")
        if st.button(tr("Remove the key")):
            state.pop("api_key")
            st.rerun()
        return
    if keys.server_key() is not None:
        st.info(tr("This server has its own key. If you enter your own key here, your transcriptions use it instead."))
    with st.form("key", clear_on_submit=True):
        typed = st.text_input(
            tr("AI/ML API key"),
            type="password",
            autocomplete="off",
            max_chars=keys.LONGEST,
            help=tr(
                "The key is checked with the provider, then kept in memory for this browser session. "
                "You can create a key at aimlapi.com."
            ),
        )
        if st.form_submit_button(tr("Check and use"), type="primary") and typed.strip():
            use(typed)


def use(typed: str) -> None:
    with st.spinner(tr("Checking the key with the provider")):
        with store_error("key_notice"):
            key = keys.from_input(typed)
            Client(settings().aiml_base_url, key).check_key()
            state.api_key = key
    st.rerun()


st.title(tr("Settings"), anchor=False)
st.subheader(tr("AI/ML API"), anchor=False)
plain(
    tr("With a key from aimlapi.com you can use the models of the AI/ML API in addition to Whisper on this machine."),
    "stt-hint",
)
show_stored_error("key_notice")
key_form()

keep_history()
player_keys()
my_vocabulary()
known_voices()
token_list()
webhooks()
my_data()
model_list()

st.subheader(tr("This server"), anchor=False)
host = settings()
for fact in (
    trn(
        "Whisper transcribes {count} recording at a time on this machine; others wait."
        " Recordings of up to a minute do not wait for longer ones.",
        "Whisper transcribes up to {count} recordings at the same time on this machine; others wait."
        " Recordings of up to a minute do not wait for longer ones.",
        host.max_concurrent_jobs,
    ),
    tr("URL of the AI/ML API: {url}", url=host.aiml_base_url),
):
    plain(fact)
limits_view(session.owner())
