"""Draw the parts of the API page from the OpenAPI document."""

from __future__ import annotations

import json
from typing import Any

import pandas as pd
import streamlit as st

from pages.escape import plain
from pages.texts import tr
from stt.aiml.catalog import Model
from stt.web.v1.openapi import EXAMPLES


def route(method: str, path: str, operation: dict[str, Any], schemas: dict[str, Any]) -> None:
    """Draw one route: what it does, what it accepts, and an example of a response."""
    with st.container(border=True):
        plain(f"{method.upper()} /v1{path}", "stt-route", tag="h3")
        plain(f"{operation['summary']}.")
        if text := operation.get("description"):
            plain(text.replace("`", ""), "stt-hint")
        if "security" in operation:
            plain(tr("Needs no token."), "stt-hint")
        for kind, body in operation.get("requestBody", {}).get("content", {}).items():
            label = tr("Fields, as JSON") if kind == "application/json" else tr("Fields, as a multipart form")
            with st.expander(label):
                _fields(schemas[body["schema"]["$ref"].rsplit("/", 1)[-1]])
        if example := EXAMPLES.get(operation["operationId"]):
            with st.expander(tr("Example response")):
                st.code(json.dumps(example, indent=2, ensure_ascii=False), language="json", wrap_lines=True)


def models_table(offered: list[tuple[Model, Model]]) -> None:
    """Draw a table of the models that a program can request: where each model runs, and its price."""
    rows = [
        (requested.id, requested.name, tr("this machine") if answering.local else tr("AI/ML API"), _price(answering))
        for requested, answering in offered
    ]
    st.table(pd.DataFrame(rows, columns=[tr("Model"), tr("Name"), tr("Runs on"), tr("Price")]).set_index(tr("Model")))


def errors_table(document: dict[str, Any]) -> None:
    """Draw a table with the meaning of each HTTP error status, and an example of an error response."""
    meanings = {
        code: answer["description"]
        for methods in document["paths"].values()
        for operation in methods.values()
        if isinstance(operation, dict)
        for code, answer in operation["responses"].items()
        if code >= "400"
    }
    rows = sorted(meanings.items())
    st.table(pd.DataFrame(rows, columns=[tr("Status"), tr("What it means")]).set_index(tr("Status")))
    st.code(json.dumps(EXAMPLES["problem"], indent=2, ensure_ascii=False), language="json", wrap_lines=True)


def _fields(schema: dict[str, Any]) -> None:
    needed = schema.get("required", [])
    rows = []
    for name, field in schema["properties"].items():
        kind = " or ".join(one.get("type", "any") for one in field.get("anyOf", [field]))
        kind = "file" if field.get("format") == "binary" else kind
        rows.append((name, kind, tr("yes") if name in needed else "", field.get("description", "")))
    frame = pd.DataFrame(rows, columns=[tr("Field"), tr("Type"), tr("Required"), tr("What it does")])
    st.dataframe(frame, hide_index=True, width="stretch")


def _price(model: Model) -> str:
    if model.per_second is None:
        return tr("unknown")
    price = f"${model.per_second * 60:.4f}"
    return tr("{price} per minute", price=price) if model.per_second else tr("free")
