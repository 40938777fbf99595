"""The documents say what is true: the table of settings is that of the code, the commands are those that are run."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from stt.settings import Settings
from tests.server import ROOT

README = (ROOT / "README.md").read_text()
DEPLOY = (ROOT / "docs" / "deploy.md").read_text()
DOCUMENTS = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]


def table() -> str:
    """The settings as the table shows them."""
    rows = ["| variable | default | what it does |", "|---|---|---|"]
    for name, field in Settings.model_fields.items():
        default = (
            "" if field.default is None else f"`{int(field.default) if field.default is False else field.default}`"
        )
        rows.append(f"| `{name.upper()}` | {default} | {field.description} |")
    return "\n".join(rows)


def test_the_table_of_settings_is_that_of_the_code():
    assert table() in DEPLOY, f"put this table into docs/deploy.md:\n\n{table()}"


def test_the_two_commands_stand_alone_on_a_line():
    commands = re.findall(r"```sh\n(.+)\n```", README)
    assert commands[0].endswith("streamlit run streamlit_app.py")
    assert commands[1] == "sh tests/run"
    assert (ROOT / ".ci" / "run").read_text().rstrip().endswith("sh tests/run")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_file_that_a_document_names_exists(document: Path):
    text = document.read_text()
    for target in re.findall(r"\]\(([^)#:]+)\)", text):
        assert (document.parent / target).exists(), target
    for module in re.findall(r"`python -m (tests\.bench\.\w+)", text):
        assert (ROOT / f"{module.replace('.', '/')}.py").exists(), module
    for path in re.findall(r"`((?:stt|pages|tests|docs)/[\w/.]*\w)/?`", text):
        assert (ROOT / path).exists(), path


def test_the_readme_can_be_read_in_a_minute():
    assert len(README.splitlines()) <= 120


def test_unit_and_container_are_bounded_in_memory_processes_and_files():
    unit = re.search(r"```ini\n(.+?)```", DEPLOY, re.DOTALL)[1]
    for name in ("MemoryMax", "TasksMax", "LimitNOFILE", "LimitCORE", "NoNewPrivileges", "UMask"):
        assert re.search(rf"^{name}=\S+$", unit, re.MULTILINE), name
    compose = (ROOT / "compose.yaml").read_text()
    for name in ("mem_limit", "memswap_limit", "pids_limit", "nofile", "core"):
        assert re.search(rf"^ +{name}: \w+", compose, re.MULTILINE), name


def test_the_proxys_log_holds_no_share_link():
    """Neither the request line, which has the query, nor the page before."""
    nginx = re.search(r"```nginx\n(.+?)```", DEPLOY, re.DOTALL)[1]
    written = re.search(r"log_format stt '(.+)';", nginx)[1]
    names = set(re.findall(r"\$(\w+)", written))
    assert "access_log /var/log/nginx/stt.log stt;" in nginx and "uri" in names
    assert not names & {"request", "request_uri", "args", "query_string", "http_referer", "http_cookie"}
    assert not [name for name in names if name.startswith(("arg_", "cookie_", "http_"))]
    assert re.search(r"error_log +\S+ crit;", nginx)
