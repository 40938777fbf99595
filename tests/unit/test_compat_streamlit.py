"""Test what the code assumes about Streamlit."""

from __future__ import annotations

import base64
import hashlib
import importlib
import re
import secrets

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient
from streamlit import auth_util
from streamlit.components.v2.bidi_component.constants import EVENT_DELIM
from streamlit.logger import get_logger
from streamlit.web.server.starlette import starlette_auth_routes, starlette_routes, starlette_server_config
from streamlit.web.server.starlette.starlette_app_utils import create_signed_value
from streamlit.web.server.starlette.starlette_websocket import _is_origin_allowed

from pages.compat import streamlit as pages_compat
from stt.compat import streamlit
from tests.server import ROOT

FOLDER = pages_compat.static_folder()
PAGE = FOLDER.joinpath("index.html").read_text("utf-8")


@pytest.mark.parametrize(("letters", "parts"), [(100, 1), (6000, 3), (12_000, 5)])
def test_streamlit_splits_a_long_sign_in_cookie_into_numbered_parts(letters: int, parts: int):
    jar: dict[str, str] = {}

    def sign(name: str, value: str) -> bytes:
        return create_signed_value("secret", name, value)

    def store(name: str, value: str) -> None:
        jar[name] = sign(name, value).decode()

    auth_util.set_cookie_with_chunks(
        store,
        sign,
        starlette_server_config.USER_COOKIE_NAME,
        {"name": secrets.token_urlsafe(letters)[:letters]},
        cookie_attr_size=100,
    )
    assert len(jar) == 1 if parts == 1 else len(jar) > parts, jar.keys()
    found = streamlit.sign_in_parts(jar)  # the values of the cookies that hold the sign-in
    assert found is not None and sorted(found) == sorted(jar.values())
    if len(jar) > 1:
        assert streamlit.sign_in_parts({name: jar[name] for name in list(jar)[:-1]}) is None


def test_streamlit_has_the_expected_sign_in_and_sign_out_paths():
    auth = starlette_auth_routes
    paths = (auth._ROUTE_AUTH_LOGIN, auth._ROUTE_AUTH_LOGOUT, auth._ROUTE_OAUTH_CALLBACK)
    assert tuple(f"/{path}" for path in paths) == (streamlit.SIGN_IN, streamlit.SIGN_OUT, streamlit.SIGNED_IN)


def test_streamlit_has_the_expected_health_metrics_media_and_upload_paths():
    core, media = f"/{starlette_routes.BASE_ROUTE_CORE}", f"/{starlette_routes.BASE_ROUTE_MEDIA}"
    assert f"{core}/health" == streamlit.HEALTH and f"{core}/metrics" == streamlit.METRICS
    assert (f"{media}/", f"{core}/upload_file/") == streamlit.FILES


def test_streamlit_compares_origin_and_host_character_by_character():
    origin, scope = "http://[::1]:8501", {"headers": [(b"host", b"LOCALHOST:8501"), (b"a", b"b")], "path": "/"}
    changed = streamlit.as_same_origin(scope, origin)
    host = dict(changed["headers"])[b"host"].decode()
    assert _is_origin_allowed(origin, host) and dict(changed["headers"])[b"a"] == b"b" and changed["path"] == "/"


def test_the_page_of_streamlit_has_one_inline_script_and_its_hash_is_known():
    scripts = [
        text for text in re.findall(r"<script(?![^>]*\bsrc=)[^>]*>(.*?)</script>", PAGE, re.DOTALL) if text.strip()
    ]
    (script,) = scripts
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"'sha256-{digest}'" == streamlit.INLINE_SCRIPT


def test_streamlits_page_loads_its_icon_from_the_expected_path():
    assert f'href=".{streamlit.ICON}"' in PAGE


def test_streamlits_static_files_have_a_content_hash_in_their_name():
    files = streamlit.hashed_files(FOLDER)
    assert len(files) > 100 and all(file.is_file() for file in files.values())
    for address in re.findall(r'(?:src|href)="\.(/static/[^"]+)"', PAGE):
        assert address in files
    scripts = [name for name in files if name.endswith((".js", ".css", ".woff2"))]
    unhashed = [name for name in scripts if not re.search(r"\.[\w-]{8,}\.(js|css|woff2)$", name)]
    assert scripts and not unhashed


def test_streamlit_renders_components_and_html_by_scripts_not_in_its_page():
    preloaded = streamlit.scripts_ahead(FOLDER)
    for name in ("BidiComponent", "Html"):
        assert any(address.startswith(f"./static/js/{name}.") for address in preloaded), preloaded
    assert all(address not in PAGE and (FOLDER / address).is_file() for address in preloaded)


def test_streamlit_reserves_two_underscores_in_component_keys():
    assert EVENT_DELIM == "__"
    assert EVENT_DELIM not in pages_compat.key_for("player", "a__b_-__")


def test_streamlits_loggers_have_its_name():
    log = get_logger("streamlit.compat")
    assert log.name.partition(".")[0] == streamlit.LOGGER


def test_streamlit_has_the_types_that_annotations_name():
    text = (ROOT / "pages" / "compat" / "streamlit.py").read_text("utf-8")
    named = re.findall(r"^    from (streamlit[\w.]+) import (.+)$", text, re.MULTILINE)
    assert len(named) == 3
    for module, names in named:
        for name in names.split(", "):
            assert hasattr(importlib.import_module(module), name)


def test_streamlit_has_the_test_ids_that_our_styles_and_scripts_use():
    files = [
        ROOT / "pages" / "style.css",
        *(p for end in ("css", "js") for p in (ROOT / "pages" / "components").glob(f"[!nt]*/*.{end}")),
    ]
    named = {name for file in files for name in re.findall(r'\[data-testid[\^]?="?(st\w+)', file.read_text("utf-8"))}
    streamlit_scripts = "".join(p.read_text("utf-8") for p in (FOLDER / "static" / "js").glob("*.js"))
    assert len(named) > 10 and not {name for name in named if name not in streamlit_scripts}


def test_streamlits_page_reads_from_host_config_if_error_dialogs_are_blocked():
    original = TestClient(Starlette(routes=starlette_routes.create_host_config_routes(None)))
    client = TestClient(pages_compat.WithoutDialogs(original.app))
    address = f"/{starlette_routes.BASE_ROUTE_CORE}/host-config"
    assert client.get(address).json() == {**original.get(address).json(), "blockErrorDialogs": True}
    assert client.get("/other").status_code == 404
    scripts = "".join(path.read_text("utf-8") for path in FOLDER.glob("static/js/index.*.js"))
    assert "blockErrorDialogs" in scripts and "data-test-connection-state" in scripts and "`CONNECTED`" in scripts
