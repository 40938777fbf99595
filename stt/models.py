"""The models that this server offers, and which engine answers each."""

from __future__ import annotations

import logging
import threading
import time
from functools import partial
from typing import Any

from pydantic import SecretStr

from stt import catalog, keys
from stt.aiml import list_models
from stt.catalog import FIRST, FRESH, LOCAL, Catalog, Model
from stt.database import data_folder
from stt.errors import BadOption, KeyMissing
from stt.settings import settings

ON_DEVICE, PROVIDER = "on-device", "provider"

log = logging.getLogger("stt.models")
_lock = threading.Lock()
_live: tuple[float, Catalog] | None = None


def known() -> Catalog:
    """All models with names and prices, at once: the provider's live list once `refresh` has it, else the packaged one."""
    return _live[1] if _live else catalog.packaged()


def offered(model: Model) -> bool:
    """Whether the host offers this model. Where the provider's Whisper base is, ours stands in for it without a key."""
    names = {name.strip() for name in (settings().stt_models or "").split(",") if name.strip()}
    mine = {model.id, *model.aliases}
    if model.id == LOCAL and keys.server_key() is None:
        mine.add(FIRST)
    return not names or bool(names & mine)


def refresh() -> None:
    """Ask for the live list in the background, once an hour at most. Call it when somebody has a key."""
    if (_live is None or time.time() - _live[0] > FRESH) and not _lock.locked():
        threading.Thread(target=_refresh, name="models", daemon=True).start()


def _refresh() -> None:
    global _live
    with _lock:
        _live = time.time(), catalog.load(data_folder(), partial(list_models, settings().aiml_base_url))


def choose(name: str, key: SecretStr | None) -> tuple[Model, str]:
    """The model of this name and the engine that answers it, for somebody with this key or the server's.

    Without any key `#g1_whisper-base` is answered on this machine. Raises BadOption for a model that is unknown or
    not offered, KeyMissing.
    """
    model = known().find(name)
    if not offered(model):
        raise BadOption(f"{model.name} is not offered on this server.", guidance="Choose one of the listed models.")
    has_key = key is not None or keys.server_key() is not None
    if model.id == FIRST and not has_key:
        model = known().find(LOCAL)
    if model.local:
        return model, ON_DEVICE
    if not has_key:
        raise KeyMissing(f"{model.name} is a model of the AI/ML API.")
    return model, PROVIDER


def options_for(model: Model, asked: str, options: dict[str, Any]) -> dict[str, Any]:
    """The options that the model takes, checked and without empty ones. Raises BadOption.

    Where this machine answers for a provider's model, settings that only the provider knows are left out.
    """
    stands_in = model.local and asked != model.id
    cleaned = catalog.clean_options(model, options, unknown="drop" if stands_in else "raise")
    language = cleaned.get("language")
    if model.local and language:
        base = str(language).replace("_", "-").split("-")[0].lower()
        if base not in catalog.LANGUAGES:
            raise BadOption(f"Whisper does not know the language “{str(language)[:40]}”.")
        cleaned["language"] = base
    return {name: value for name, value in cleaned.items() if value is not False or not model.local}
