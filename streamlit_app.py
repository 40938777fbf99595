"""STT Studio: `streamlit run streamlit_app.py`. One process, one port: pages, routes and the job engine."""

import sys

if sys.version_info < (3, 11):
    sys.exit("STT Studio needs Python 3.11 or newer. This is Python %d.%d." % sys.version_info[:2])

import contextlib
import logging
import threading

import streamlit as st

from stt import startup
from stt.errors import SetupError
from stt.web import MIDDLEWARE, ROUTES

st.secrets.load_if_toml_exists()  # top-level secrets become environment variables, where stt reads them
try:
    startup.check()
except SetupError as error:
    sys.exit(f"{error.message} {error.guidance}")


@contextlib.asynccontextmanager
async def lifespan(_app):
    """The job engine starts beside the server, so that the first page does not wait for it."""
    threading.Thread(target=startup.run, name="start", daemon=True).start()
    try:
        yield
    finally:
        startup.stop()


logging.getLogger("stt").setLevel(logging.INFO)
app = st.App("pages/frame.py", routes=ROUTES, middleware=MIDDLEWARE, lifespan=lifespan)
