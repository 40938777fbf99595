"""Components (version 2 of Streamlit's), a folder each: its Python, HTML, CSS and scripts; `shared/` is for several."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

if TYPE_CHECKING:
    from pages.compat.streamlit import ComponentRenderer

_HERE = Path(__file__).parent


def component(name: str) -> ComponentRenderer:
    """Register the component of the folder `name`: index.html, index.css and bundle.js, which is made of its scripts.

    The component lies in the page itself, not in a shadow tree, so that find-in-page, labels and tests reach it; every
    class begins with `stt-`.
    """
    html, css, js = (_HERE.joinpath(name, file).read_text("utf-8") for file in ("index.html", "index.css", "bundle.js"))
    return st.components.v2.component(f"stt_{name}", html=html, css=css, js=js, isolate_styles=False)
