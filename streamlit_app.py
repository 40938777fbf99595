"""STT Studio: `streamlit run streamlit_app.py`. One process, one port: pages, routes and the job engine."""

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
sys.setswitchinterval(0.001)  # seconds; a request waits for some ten turns of threads that compute
# Top-level secrets become environment variables, where stt reads them.
can_sign_in = st.secrets.load_if_toml_exists() and "auth" in st.secrets
try:
    lifecycle.check(can_sign_in)
except SetupError as error:
    sys.exit(f"{error.message} {error.guidance}")

hosts.bind(st.get_option("server.address"))
base_path.serve_under(st.get_option("server.baseUrlPath"))


@contextlib.asynccontextmanager
async def lifespan(_app: object) -> AsyncIterator[None]:
    """The job engine starts beside the server, so that the first page does not wait for it."""
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
