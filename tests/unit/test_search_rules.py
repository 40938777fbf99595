"""Test that the player's JavaScript uses the same rules and limits for searching as the Python code."""

from __future__ import annotations

import json

from stt.db import fulltext
from stt.transcript import folding
from tests.server import ROOT

RULES = ROOT / "pages" / "components" / "player" / "finding" / "rules.json"


def test_player_searches_by_the_rules_of_the_python_code():
    rules = {"folding": folding.rules(), "longest_query": fulltext.MAX_QUERY}
    expected = json.dumps(rules, indent=2) + "\n"
    assert RULES.read_text("utf-8") == expected, (
        f"{RULES} should be this; then run `npm run build` in pages/components:\n{expected}"
    )
