"""Entry point of STT Studio; start it with `streamlit run streamlit_app.py`.

One process runs the pages, the HTTP routes and the job engine. Pages and routes share one port.
"""

import sys

if sys.version_info < (3, 11):  # noqa: UP036
    sys.exit(f"STT Studio needs Python 3.11 or newer. This is Python {sys.version.split()[0]}.")

import contextlib
import threading
from collections.abc import AsyncIterator

import streamlit as st
from starlette.middleware import Middleware

from pages.compat import streamlit as internals
from stt import lifecycle
from stt.errors import SetupError
from stt.guard import base_path, connections, hosts
from stt.guard.bodies import Steady
from stt.guard.middleware import MIDDLEWARE
from stt.ops import logs
from stt.web.routes import ROUTES
from stt.web.static import Assets

internals.skip_component_scan()
logs.set_up()
connections.guard()
# Seconds; the default is 0.005. While other threads compute, a request waits for about ten thread switches.
sys.setswitchinterval(0.001)
# Load the secrets now, because Streamlit then copies the top-level secrets into environment variables, from which `stt`
# reads its settings.
can_sign_in = st.secrets.load_if_toml_exists() and "auth" in st.secrets
try:
    lifecycle.check(can_sign_in)
except SetupError as error:
    sys.exit(f"{error.message} {error.guidance}")

hosts.bind(st.get_option("server.address"))
base_path.serve_under(st.get_option("server.baseUrlPath"))


@contextlib.asynccontextmanager
async def lifespan(_app: object) -> AsyncIterator[None]:
    """Start the job engine with the server and stop it with the server.

    The engine starts in a separate thread, so that the first page does not wait for the engine.
    """
    logs.adopt()
    threading.Thread(target=lifecycle.run, name="start", daemon=True).start()
    lifecycle.stop_on_signals()
    try:
        yield
    finally:
        lifecycle.stop()


files = Middleware(Assets, folder=internals.static_folder())
restored = Middleware(base_path.RestoreBasePath, routes=ROUTES)
app = st.App(
    "pages/frame.py",
    routes=ROUTES,
    middleware=[*MIDDLEWARE, Middleware(Steady), Middleware(internals.WithoutDialogs), files, restored],
    lifespan=lifespan,
)
