"""Select the models that this server offers, and the engine of each."""

from __future__ import annotations

import logging
import threading
import time
from functools import partial
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from stt.aiml import catalog
from stt.aiml.catalog import FIRST, FRESH, LOCAL, Catalog, Model
from stt.aiml.options import clean_options
from stt.auth import keys
from stt.errors import BadOption, KeyMissing
from stt.kinds import ON_DEVICE, PROVIDER
from stt.models import known as known_models
from stt.models import shelf
from stt.settings import settings
from stt.transcript.languages import LANGUAGES

RETRY = 60.0  # seconds until the live list is requested again while there is none yet

log = logging.getLogger("stt.aiml.offered")
_lock = threading.Lock()
# (data folder, address of the API) -> (time of the last request, models)
_live: dict[tuple[Path, str], tuple[float, Catalog]] = {}


def known() -> Catalog:
    """Return all models with names and prices without waiting: from the last live list, else the packaged one."""
    place = _place()
    if place not in _live:
        _live[place] = 0.0, catalog.cached(*place)
    return _live[place][1]


def refresh(timeout: float = 0.0) -> None:
    """Request the live list in the background, at most once an hour. Call it when somebody has a key.

    The very first list is waited for, at most `timeout` seconds.
    """
    place, first = _place(), known() is catalog.packaged()
    if time.time() - _live[place][0] < (RETRY if first else FRESH) or _lock.locked():
        return
    thread = threading.Thread(target=_refresh, args=place, name="models", daemon=True)
    thread.start()
    if first:
        thread.join(timeout)


def _refresh(folder: Path, address: str) -> None:
    with _lock:
        from stt.aiml.client import list_models  # imports requests, which the first page does not need

        _live[folder, address] = time.time(), catalog.load(folder, partial(list_models, address), address)


def _place() -> tuple[Path, str]:
    return settings().data_dir, settings().aiml_base_url


def offered(model: Model) -> bool:
    """Return whether the host offers this model.

    Without a server key, the Whisper base on this machine replaces the provider's. If the host lists no models, all of
    the provider are offered, and those on this machine that need no download.
    """
    mine = {model.id, *model.aliases}
    if model.id == LOCAL and keys.server_key() is None:
        mine.add(FIRST)
    listed = shelf.listed(mine)
    return (not model.local or shelf.is_here(known_models.find(model.id))) if listed is None else listed


def default() -> Model:
    """Return the default model: Whisper base on this machine if it is offered, else the provider's."""
    mine = known().find(LOCAL)
    return mine if offered(mine) else known().find(FIRST)


def choose(name: str, key: SecretStr | None) -> tuple[Model, str]:
    """Return the model of this name and its engine, for a visitor with this key or the server's.

    Without any key `#g1_whisper-base` runs on this machine. Raises BadOption for a model that is unknown, not offered
    or too large for this machine's memory, KeyMissing.
    """
    model = known().find(name)
    if not offered(model):
        raise BadOption(f"{model.name} is not offered on this server.", guidance="Choose one of the listed models.")
    has_key = key is not None or keys.server_key() is not None
    if model.id == FIRST and not has_key:
        model = known().find(LOCAL)
    if model.local:
        shelf.check_fits(known_models.find(model.id))
        return model, ON_DEVICE
    if not has_key:
        raise KeyMissing(f"{model.name} is a model of the AI/ML API.")
    return model, PROVIDER


def options_for(model: Model, requested: str, options: dict[str, Any]) -> dict[str, Any]:
    """Return the model's options, checked and without empty ones. Raises BadOption.

    If this machine runs a provider's model, options that only the provider supports are dropped.
    """
    stands_in = model.local and requested != model.id
    cleaned = clean_options(model, options, unknown="drop" if stands_in else "raise")
    language = cleaned.get("language")
    if model.local and language:
        codes = [code.replace("_", "-").split("-")[0].lower() for code in str(language).split(",")]
        option = model.option("language")
        choices = dict(option.choices) if option else {}
        if unknown := next((code for code in codes if code not in choices), None):
            if len(choices) == 1 and unknown in LANGUAGES:
                raise BadOption(f"{model.name} knows English only.")
            raise BadOption(f"Whisper does not know the language “{unknown[:40]}”.")
        cleaned["language"] = ",".join(dict.fromkeys(codes))
    return {name: value for name, value in cleaned.items() if value is not False or not model.local}
