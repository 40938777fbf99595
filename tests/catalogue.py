"""Write `pages/locales/stt.pot`, the list of the pages' texts that translators start from.

`python -m tests.catalogue` writes the file. With `--check` it only checks whether the file is up to date.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from html.parser import HTMLParser
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.pofile import write_po

ROOT = Path(__file__).parents[1]
LIST = ROOT / "pages" / "locales" / "stt.pot"
KEYWORDS = {"tr": None, "trn": (1, 2)}
ATTRIBUTES = ("aria-label", "title", "placeholder")
Text = str | tuple[str, ...]


class Labels(HTMLParser):
    """Collect from a component's HTML the texts and labels that `translate` in shared/texts.js translates."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_data(self, data: str) -> None:
        self.found.append(" ".join(data.split()))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [value or "" for name, value in attrs if name in ATTRIBUTES]


def texts() -> Iterator[tuple[Path, Text]]:
    """Yield (file, text) for each text of the pages. A text that contains a count is a pair (singular, plural)."""
    for path in sorted((ROOT / "pages").rglob("*")):
        if "node_modules" in path.parts or "tests" in path.parts or path.name in ("bundle.js", "texts.js"):
            continue
        if path.name == "index.html":
            labels = Labels()
            labels.feed(path.read_text("utf-8"))
            yield from ((path, text) for text in labels.found if any(map(str.isalpha, text)))
        elif path.suffix in (".py", ".js"):
            method = "python" if path.suffix == ".py" else "javascript"
            found: Iterable[tuple[int, Text, list[str], str | None]]
            found = extract(method, BytesIO(path.read_bytes()), KEYWORDS, options={"encoding": "utf-8"})
            yield from ((path, text) for _, text, _, _ in found if text)


def catalogue() -> bytes:
    """Return the content of `stt.pot`: the texts, in the order of the paths of the files that contain them."""
    catalog = Catalog(project="STT Studio", charset="utf-8", fuzzy=False)
    for path, text in texts():
        catalog.add(text, locations=[(str(path.relative_to(ROOT)), 0)])
    output = BytesIO()
    write_po(output, catalog, width=120, include_lineno=False, omit_header=True)
    header = 'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=utf-8\\n"\n"Plural-Forms: nplurals=2; plural=(n != 1);\\n"\n\n'
    return header.encode() + output.getvalue()


if __name__ == "__main__":
    if "--check" not in sys.argv:
        LIST.write_bytes(catalogue())
    elif not LIST.exists() or LIST.read_bytes() != catalogue():
        sys.exit("pages/locales/stt.pot is not what the pages say. Run: python -m tests.catalogue")
