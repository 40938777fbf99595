"""Test that the documents are true: the table of settings matches the code, and the shown commands exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pydantic import AliasChoices

from stt.settings import Settings
from tests.server import ROOT

README = (ROOT / "README.md").read_text()
DEPLOY = (ROOT / "docs" / "deploy.md").read_text()
DOCUMENTS = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]


def variable(field: str) -> str:
    """Return the environment variable of a setting."""
    alias = Settings.model_fields[field].validation_alias
    first = alias.choices[0] if isinstance(alias, AliasChoices) else alias
    return str(first or f"STT_{field.upper()}")


def table() -> str:
    """Return the table of settings as docs/deploy.md must have it."""
    rows = ["| variable | default | what it does |", "|---|---|---|"]
    for name, field in Settings.model_fields.items():
        default = (
            ""
            if field.default is None
            else f"`{int(field.default) if isinstance(field.default, bool) else field.default}`"
        )
        rows.append(f"| `{variable(name)}` | {default} | {field.description} |")
    return "\n".join(rows)


def test_table_of_settings_equals_the_settings_of_the_code():
    assert table() in DEPLOY, f"put this table into docs/deploy.md:\n\n{table()}"


@pytest.mark.parametrize(
    ("former", "field", "value"),
    [
        ("STT_JOBS_AT_ONCE", "max_concurrent_jobs", 3),
        ("STT_DOWNLOAD_LIMIT", "download_timeout_seconds", 60),
        ("STT_PROVIDER_CREATES_AT_ONCE", "provider_max_uploads", 5),
        ("STT_PROVIDER_JOBS_AT_ONCE", "provider_max_jobs", 6),
        ("STT_PROVIDER_LIMIT", "provider_timeout_seconds", 70),
        ("STT_LENGTH_LIMIT", "max_duration_minutes", 8),
        ("STT_KEEP_AUDIO_DAYS", "audio_retention_days", 9),
        ("STT_KEEP_TRANSCRIPTS_DAYS", "transcript_retention_days", 10),
        ("STT_NOTICE", "banner", "Down on Friday"),
        ("AIML_BASE_URL", "aiml_base_url", "https://example.org/v1"),
        ("STT_DATABASE_URL", "database_url", "postgresql://db/stt"),
        ("STT_STORAGE", "storage", "s3://bucket/folder"),
        ("STT_ACCESS", "access", "shared"),
        ("STT_ROLE", "role", "worker"),
        ("STT_ALLOW_PRIVATE_URLS", "allow_private_urls", True),
        ("STT_WHISPER_MODEL", "whisper_model", "small"),
    ],
)
def test_every_former_name_of_a_setting_stays_valid(
    monkeypatch: pytest.MonkeyPatch, former: str, field: str, value: object
):
    monkeypatch.setenv(former, str(value))
    assert getattr(Settings(), field) == value
    if (name := variable(field)) != former:
        monkeypatch.setenv(name, str(getattr(Settings(), field)))
        monkeypatch.delenv(former)
        assert getattr(Settings(), field) == value


def test_each_of_the_two_commands_has_a_line_to_itself():
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


def test_readme_has_at_most_120_lines():
    assert len(README.splitlines()) <= 120


def test_unit_and_container_are_bounded_in_memory_processes_and_files():
    unit = re.search(r"```ini\n(.+?)```", DEPLOY, re.DOTALL)[1]
    for name in ("MemoryMax", "TasksMax", "LimitNOFILE", "LimitCORE", "NoNewPrivileges", "UMask"):
        assert re.search(rf"^{name}=\S+$", unit, re.MULTILINE), name
    compose = (ROOT / "compose.yaml").read_text()
    for name in ("mem_limit", "memswap_limit", "pids_limit", "nofile", "core"):
        assert re.search(rf"^ +{name}: \w+", compose, re.MULTILINE), name


def test_the_proxys_log_holds_no_share_link():
    """Check that neither the request line, which has the query, nor the referer is logged."""
    nginx = re.search(r"```nginx\n(.+?)```", DEPLOY, re.DOTALL)[1]
    log_format = re.search(r"log_format stt '(.+)';", nginx)[1]
    names = set(re.findall(r"\$(\w+)", log_format))
    assert "access_log /var/log/nginx/stt.log stt;" in nginx and "uri" in names
    assert not names & {"request", "request_uri", "args", "query_string", "http_referer", "http_cookie"}
    assert not [name for name in names if name.startswith(("arg_", "cookie_", "http_"))]
    assert re.search(r"error_log +\S+ crit;", nginx)
