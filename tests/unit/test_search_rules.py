"""What the scripts of the pages have of Python: rules and limits that both sides must keep alike."""

from __future__ import annotations

import json

from stt.db import fulltext
from stt.transcript import folding
from tests.server import ROOT

RULES = ROOT / "pages" / "components" / "player" / "rules.json"


def test_the_player_searches_by_the_rules_of_python():
    rules = {"folding": folding.rules(), "longest_query": fulltext.MAX_QUERY}
    wanted = json.dumps(rules, indent=2) + "\n"
    assert RULES.read_text("utf-8") == wanted, f"{RULES} should be this; then run `npm run build` beside it:\n{wanted}"
