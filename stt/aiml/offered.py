"""Select the models that this server offers, and the engine of each model: the provider or this machine."""

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

RETRY = 60.0  # minimum seconds between two requests for the provider's model list, until one has succeeded

log = logging.getLogger("stt.aiml.offered")
_lock = threading.Lock()
# (data folder, address of the API) -> (time of the last request for the model list, models)
_live: dict[tuple[Path, str], tuple[float, Catalog]] = {}


def known() -> Catalog:
    """Return all models with their names and prices, without sending a request.

    The models come from the last list that the provider returned, or from the packaged list if there is no such list.
    """
    place = _place()
    if place not in _live:
        _live[place] = 0.0, catalog.cached(*place)
    return _live[place][1]


def refresh(timeout: float = 0.0, needed: str = FIRST) -> None:
    """Request the provider's model list in the background: at most once an hour, or once a minute until one is loaded.

    If no list has been loaded yet, or the list lacks the model `needed`, the list is requested at most once a minute,
    and this function waits up to `timeout` seconds for the list.
    """
    place, urgent = _place(), known() is catalog.packaged() or known().get(needed) is None
    if _lock.locked():  # another thread is requesting the list
        if urgent and _lock.acquire(timeout=timeout):
            _lock.release()
        return
    if time.time() - _live[place][0] < (RETRY if urgent else FRESH):
        return
    thread = threading.Thread(target=_refresh, args=place, name="models", daemon=True)
    thread.start()
    if urgent:
        thread.join(timeout)


def _refresh(folder: Path, address: str) -> None:
    with _lock:
        # Imported here, because the module imports `requests`, which the first page does not need.
        from stt.aiml.client import list_models

        _live[folder, address] = time.time(), catalog.load(folder, partial(list_models, address), address)


def _place() -> tuple[Path, str]:
    return settings().data_dir, settings().aiml_base_url


def offered(model: Model) -> bool:
    """Return whether this server offers the model.

    The setting `STT_MODELS` lists the offered models. If it is not set, all models of the provider are offered, and
    all models whose files are on this machine. If the server has no API key and the setting lists `#g1_whisper-base`,
    `local/whisper-base` is offered too, because it may replace the listed model (see `choose`).
    """
    mine = {model.id, *model.aliases}
    if model.id == LOCAL and keys.server_key() is None:
        mine.add(FIRST)
    listed = shelf.listed(mine)
    return (not model.local or shelf.is_available(known_models.find(model.id))) if listed is None else listed


def default() -> Model:
    """Return the default model: Whisper base on this machine if that is offered, else the provider's Whisper base."""
    mine = known().find(LOCAL)
    return mine if offered(mine) else known().find(FIRST)


def choose(name: str, key: SecretStr | None) -> tuple[Model, str]:
    """Return the model called `name` and its engine. `key` is the visitor's key, or None.

    If neither the visitor nor the server has a key, `local/whisper-base` is returned instead of `#g1_whisper-base`, and
    KeyMissing is raised for every other model of the provider. Raises BadOption for a model that is unknown, not
    offered, or too large for this machine's memory.
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
    """Check the options of a job for `model`, and return those that have a value.

    `requested` is the id of the model that the user chose. If `model` is the local replacement of that model, options
    that `model` does not have are dropped. Otherwise, they raise BadOption, as invalid values always do.
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
