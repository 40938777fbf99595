"""Test that undocumented parts of libraries are used in stt/compat and pages/compat only."""

from __future__ import annotations

import ast
import re

import pytest

from tests.server import ROOT

# Modules whose names are documented, so that any file may import them.
PUBLIC = re.compile(
    r"starlette\.\w+|starlette\.middleware\.cors|requests\.(auth|exceptions|utils)|urllib3\.exceptions|streamlit\.testing"
    r"|faster_whisper|urllib3|requests|streamlit|dbos|ctranslate2"
)
CHECKED = re.compile(r"(streamlit|uvicorn|starlette|requests|urllib3|faster_whisper|ctranslate2|dbos)(\.|$)")
# Names in the modules of PUBLIC that are undocumented, or (WhisperModel) must not be used for whole recordings.
INTERNAL_NAMES = {"request_response", "WhisperModel"}
FILES = [
    ROOT / "streamlit_app.py",
    *sorted(p for folder in ("stt", "pages") for p in (ROOT / folder).rglob("*.py") if "node_modules" not in p.parts),
]
COMPAT_FILES = [path for path in FILES if path.parent.name == "compat"]


def imported(text: str) -> list[tuple[str, str]]:
    """Return (module, imported name) of each import in the source `text`, also of imports within functions."""
    found = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            found += [(alias.name, "") for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found += [(node.module, alias.name) for alias in node.names]
    return found


def internals(text: str) -> list[tuple[str, str]]:
    checked = [(module, name) for module, name in imported(text) if CHECKED.match(module)]
    return [(m, n) for m, n in checked if not PUBLIC.fullmatch(m) or n in INTERNAL_NAMES or n.startswith("_")]


@pytest.mark.parametrize("path", [path for path in FILES if path not in COMPAT_FILES], ids=lambda path: path.name)
def test_internals_of_libraries_are_imported_in_compat_folders_only(path):
    assert not internals(path.read_text("utf-8")), (
        "put it into stt/compat or pages/compat, with a test of what it assumes"
    )


def test_import_of_library_internals_is_detected():
    text = "def late():\n    from streamlit.runtime import get_instance\n    from dbos._core import x\n    import streamlit as st"
    assert internals(text) == [("streamlit.runtime", "get_instance"), ("dbos._core", "x")]
    assert sum(bool(internals(path.read_text("utf-8"))) for path in COMPAT_FILES) >= 4
