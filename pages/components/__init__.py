"""Custom Streamlit components (version 2 of the components API).

Each component is a folder with Python, HTML, CSS and scripts. `shared/` has the scripts that several components use.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

if TYPE_CHECKING:
    from pages.compat.streamlit import ComponentRenderer

_HERE = Path(__file__).parent


def component(name: str) -> ComponentRenderer:
    """Register the component in the folder `name`: index.html, the style sheets, and the script bundle.js.

    `npm run build` makes bundle.js from the component's other scripts.

    The component is drawn in the DOM of the page, not in a shadow tree, so that find-in-page, labels and tests reach
    it. Its style sheets therefore apply to the whole page, and all of its CSS classes begin with `stt-`.
    """
    html, js = (_HERE.joinpath(name, file).read_text("utf-8") for file in ("index.html", "bundle.js"))
    first = _HERE / name / "index.css"
    others = sorted(set(first.parent.rglob("*.css")) - {first}, key=lambda sheet: sheet.name)
    css = "\n".join(sheet.read_text("utf-8") for sheet in (first, *others))
    return st.components.v2.component(f"stt_{name}", html=html, css=css, js=js, isolate_styles=False)
