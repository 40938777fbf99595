"""The structure holds: pages ask stt, stt knows nothing of pages, and inside stt imports go one way."""

from __future__ import annotations

import ast
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MODULES = {path.stem: path for path in (ROOT / "stt").glob("*.py")}


def imported(path: Path) -> set[str]:
    """Every module that a file imports, at the top or inside a function, as dotted names."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0 or path.parts[-2] == "widgets", f"relative import in {path}"
            names |= {f"{node.module}.{alias.name}" for alias in node.names} | {str(node.module)}
    return names


@pytest.mark.parametrize("name", sorted(MODULES))
def test_stt_knows_neither_streamlit_nor_the_pages(name: str):
    roots = {dotted.split(".")[0] for dotted in imported(MODULES[name])}
    assert not roots & {"streamlit", "pages", "streamlit_app", "tests"}


def test_imports_inside_stt_go_one_way():
    arrows = {
        name: {part for dotted in imported(path) if dotted.startswith("stt.") for part in [dotted.split(".")[1]]}
        & (set(MODULES) - {name})
        for name, path in MODULES.items()
    }
    order = list(TopologicalSorter(arrows).static_order())  # raises CycleError when an arrow goes back
    assert order.index("errors") < order.index("records") < order.index("jobs") < len(order)
    for low in ("errors", "settings", "scripts", "transcript", "languages"):
        assert arrows[low] <= {"errors", "settings", "scripts", "transcript"}, f"{low} is at the bottom"
    for engine in ("whisper", "media", "on_device"):
        assert not arrows.get(engine, set()) & {"jobs", "web", "history"}, f"{engine} is below the jobs"


def test_pages_ask_stt_and_never_each_other():
    for path in (ROOT / "pages").glob("*.py"):
        names = {d for d in imported(path) if d.startswith("pages.")}
        allowed = {"pages.visitor", "pages.widgets"}
        assert {".".join(d.split(".")[:2]) for d in names} <= allowed, path.name
