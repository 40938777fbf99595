"""Test that the two requirements files, for hosts and for tests, have the same packages as pyproject.toml."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
LOCKED = tomllib.loads((ROOT / "uv.lock").read_text())
GROUPS = PROJECT["dependency-groups"]


def listed_requirements(path: str) -> list[str]:
    lines = [line.partition("#")[0].strip() for line in (ROOT / path).read_text().splitlines()]
    return sorted(line for line in lines if line)


@pytest.mark.parametrize(
    ("path", "declared"),
    [
        ("requirements.txt", PROJECT["project"]["dependencies"]),
        ("tests/requirements.txt", GROUPS["gate"] + GROUPS["test"]),
    ],
)
def test_requirements_file_has_what_the_project_declares(path: str, declared: list[str]):
    assert listed_requirements(path) == sorted(declared)


@pytest.mark.parametrize("requirement", PROJECT["project"]["dependencies"] + GROUPS["gate"] + GROUPS["test"])
def test_requirement_has_an_upper_bound_and_is_locked(requirement: str):
    name = re.split(r"[\[<>=!~]", requirement)[0]
    assert "<" in requirement or "==" in requirement, "a range that ends before the next incompatible version"
    assert name.lower().replace("_", "-") in {package["name"] for package in LOCKED["package"]}
