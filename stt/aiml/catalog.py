"""Provide the catalog of transcription models, with the options and the price of each model.

`models.json` is the list packaged with the app. `load` updates it with the provider's current list of models.
"""

from __future__ import annotations

import contextlib
import json
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, Literal

from stt.errors import BadOption, ProviderError
from stt.files import writing
from stt.files.json_values import clean, fields, items, number
from stt.models.known import MODELS, Known
from stt.transcript.languages import LANGUAGES

FIRST = "#g1_whisper-base"
LOCAL = "local/whisper-base"
EXTRA = "extra"
TRACK, SPEAKERS = "track", "speakers"
FRESH = 3600.0  # maximum age of the cached model list, seconds; an older list is requested again
COPY = "aiml-models.json"  # file name of the cached model list

# A function that requests the provider's model list: (ETag of the cached list) -> (entries, ETag of the entries).
# The function returns None instead of the entries if the list has not changed since the cached one.
Fetch = Callable[[str | None], tuple[list[dict[str, Any]] | None, str | None]]


@dataclass(frozen=True, slots=True)
class Option:
    """A parameter of a model, described so that a page can draw the right control.

    If `kind` is "number", `minimum` and `maximum` are its bounds, `unit` is "s", "ms" and so on, and `whole` excludes
    fractions. If `kind` is "choice", `choices` are pairs (value, label), and `free` allows other values too. Pages
    always show the options with `main`, and the others on request. `on` marks a switch that is on by default.
    """

    name: str
    kind: Literal["switch", "number", "choice", "text", "list", "json"]
    label: str
    help: str
    minimum: float | None = None
    maximum: float | None = None
    whole: bool = False
    unit: str = ""
    choices: tuple[tuple[str, str], ...] = ()
    free: bool = False
    main: bool = True
    on: bool = False


@dataclass(frozen=True, slots=True)
class Model:
    """A transcription model. `per_second` is its price in US dollars per second of audio, or None if unknown."""

    id: str
    name: str
    maker: str
    family: str
    description: str = ""
    aliases: tuple[str, ...] = ()
    options: tuple[Option, ...] = ()
    per_second: float | None = None

    @property
    def local(self) -> bool:
        return self.family == "local"

    def option(self, name: str) -> Option | None:
        return next((option for option in self.options if option.name == name), None)

    def cost(self, seconds: float) -> float | None:
        """Return the price of `seconds` of audio in US dollars, or None if the model has no known price per second."""
        return None if self.per_second is None else seconds * self.per_second


class Catalog:
    """Hold all models: `#g1_whisper-base` first, the models that run on this machine last."""

    def __init__(self, models: list[Model]) -> None:
        self.models = tuple(models)

    def get(self, name: str) -> Model | None:
        """Return the model whose id or alias is `name`, or None if there is none."""
        return next((model for model in self.models if name == model.id or name in model.aliases), None)

    def find(self, name: str) -> Model:
        """Return the model whose id or alias is `name`. Raises BadOption if there is none."""
        if (model := self.get(name)) is not None:
            return model
        raise BadOption(f"There is no model called {name[:80]!r}.", guidance="Choose one of the listed models.")

    def by_maker(self) -> dict[str, list[Model]]:
        makers: dict[str, list[Model]] = {}
        for model in self.models:
            makers.setdefault(model.maker, []).append(model)
        return makers


@cache
def packaged() -> Catalog:
    """Return the models of `models.json`, plus the other Whisper models that this machine can run.

    The last model is `local/whisper-base`.
    """
    *models, base = (_model(entry, entry["family"]) for entry in _packaged()["data"])
    return Catalog([*models, *(_on_device(known, base) for known in MODELS if not known.packaged), base])


def load(folder: Path, fetch: Fetch, source: str = "", *, now: Callable[[], float] = time.time) -> Catalog:
    """Return the packaged models, updated from the provider's list, plus new models in that list of known families.

    The list is cached in `folder` with its ETag and with `source`, the base URL of the API that `fetch` calls. A list
    that was cached for another base URL is not used. When the cached list is an hour old, the list is requested again.
    If the request fails, the cached list is used, or only the packaged models if there is no cached list. Never raises.
    """
    path = folder / COPY
    copy = _read_cache(path, source)
    # A negative age means that the clock was wrong when the list was saved.
    if copy is None or not 0 <= now() - (number(copy.get("at")) or 0.0) < FRESH:
        copy = _request(path, copy, fetch, {"at": now(), "source": source})
    return _merged(items(copy.get("data"))) if copy else packaged()


def cached(folder: Path, source: str = "") -> Catalog:
    """Return the models as `load` does, but from the cached list of any age, without a request. Never raises."""
    copy = _read_cache(folder / COPY, source)
    return _merged(items(copy.get("data"))) if copy else packaged()


def _request(path: Path, copy: dict[str, Any] | None, fetch: Fetch, about: dict[str, Any]) -> dict[str, Any] | None:
    try:
        entries, etag = fetch(clean(copy.get("etag")) or None if copy else None)
    except ProviderError:
        return copy
    if entries is not None:
        copy = {"etag": etag, "data": [entry for entry in entries if _family(clean(entry.get("id")))]}
    if copy is None or not copy["data"]:
        return None
    copy = copy | about
    with contextlib.suppress(OSError), writing.replacing(path, "w", encoding="utf-8") as file:
        json.dump(copy, file)  # a failed write is ignored, because the cache only saves a later request
    return copy


def _read_cache(path: Path, source: str) -> dict[str, Any] | None:
    try:
        copy = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    usable = isinstance(copy, dict) and items(copy.get("data")) and copy.get("source", "") == source
    return copy if usable else None


def _merged(live: list[dict[str, Any]]) -> Catalog:
    ids = {name: model.id for model in packaged().models for name in (model.id, *model.aliases)}
    found: dict[str, dict[str, Any]] = {}
    new: list[Model] = []
    for entry in live:
        names = [clean(entry.get("id")), *_aliases(entry)]
        ours = next((ids[name] for name in names if name in ids), None)
        if ours:
            found[ours] = entry
        elif (family := _family(names[0])) and family != "local":
            new.append(_model(entry, family))
    models = [_updated(m, found[m.id]) if m.id in found and not m.local else m for m in packaged().models]
    here = [model for model in models if model.local]
    return Catalog([*models[: -len(here)], *sorted(new, key=lambda model: model.id), *here])


def _updated(model: Model, entry: dict[str, Any]) -> Model:
    live = _model(entry, model.family)
    price = live.per_second if "pricing" in entry else model.per_second
    aliases = dict.fromkeys([*model.aliases, live.id, *live.aliases])
    aliases.pop(model.id, None)
    return replace(model, per_second=price, aliases=tuple(aliases), description=live.description or model.description)


def _model(entry: dict[str, Any], family: str) -> Model:
    info = fields(entry.get("info"))
    return Model(
        id=clean(entry.get("id")),
        name=clean(info.get("name"))[:80] or clean(entry.get("id")),
        maker=_packaged()["families"][family]["maker"],
        family=family,
        description=clean(info.get("description"))[:500],
        aliases=_aliases(entry),
        options=_options(family),
        per_second=_per_second(entry.get("pricing")),
    )


def _on_device(known: Known, base: Model) -> Model:
    """Return the local Whisper model `known` as a `Model`: a copy of `base` with another id, name and languages."""
    options = [option for option in base.options if known.translates or option.name != "translate"]
    if known.english:
        options = [replace(o, choices=(("en", LANGUAGES["en"]),)) if o.name == "language" else o for o in options]
    languages = "English only" if known.english else "Multilingual"
    description = f"Runs on this machine. {languages}. Free, and the audio stays here."
    return replace(base, id=known.id, name=known.title, description=description, options=tuple(options))


def _aliases(entry: dict[str, Any]) -> tuple[str, ...]:
    aliases = entry.get("aliases")
    return tuple(filter(None, map(clean, aliases))) if isinstance(aliases, list) else ()


def _family(model: str) -> str | None:
    """Return the name of the family to which the model id `model` belongs, or None.

    A family has prefixes of model ids. If several prefixes match, the longest one decides.
    """
    fits = {p: name for name, family in _packaged()["families"].items() for p in family["prefixes"]}
    best = max((prefix for prefix in fits if model.startswith(prefix)), key=len, default=None)
    # OpenAI and Microsoft also make models that do not transcribe.
    if best in ("openai/", "microsoft/") and "transcribe" not in model:
        return None
    return fits[best] if best else None


@cache
def _packaged() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(Path(__file__).with_name("models.json").read_text(encoding="utf-8"))
    return found


@cache
def _options(family: str) -> tuple[Option, ...]:
    table, names = _packaged()["options"], _packaged()["families"][family]
    options = []
    for name in [*names["main"], *names["other"], *([] if family == "local" else [EXTRA])]:
        described = dict(table[name])
        choices = LANGUAGES.items() if described.pop("languages", False) else [
            (value, value.replace("_", " ")) for value in described.pop("choices", ())
        ]  # fmt: skip
        described.pop("choices", None)
        described["minimum"], described["maximum"] = names.get("bounds", {}).get(
            name, (described.get("minimum"), described.get("maximum"))
        )
        main, on = name in names["main"], name in names.get("on", ())
        options.append(Option(name, **described, choices=tuple(choices), main=main, on=on))
    return tuple(options)


def _per_second(pricing: Any) -> float | None:
    """Return the price in US dollars per second of audio, or None if it is not known in advance.

    In a unit of `pricing`, `price` is the price of `per` seconds, minutes or hours, as `name` says. Only prices of the
    kind "fixed" are known in advance.
    """
    pricing = fields(pricing)
    if pricing.get("kind") != "fixed" or pricing.get("currency", "USD") != "USD":
        return None
    long = {"second": 1.0, "minute": 60.0, "hour": 3600.0}
    for unit in items(pricing.get("units")):
        price, per = number(unit.get("price")), number(unit.get("per", 1))
        name = clean(unit.get("name")).lower().removesuffix("s")
        if price is not None and per and name in long:
            return price / per / long[name]
    return None


def cost_text(seconds: float, price: float) -> str:
    """Return the length of a recording and its price in US dollars as text, such as "11 s, about $0.0011"."""
    whole = max(round(seconds), 1 if seconds > 0 else 0)
    if whole < 60:
        length = f"{whole} s"
    elif whole < 3600:
        length = f"{whole // 60} min {whole % 60} s"
    else:
        length = f"{whole // 3600} h {whole % 3600 // 60} min"
    return f"{length}, about {dollars(price)}" if price else f"{length}, free"


def dollars(amount: float) -> str:
    """Format an amount of US dollars, such as "$0.006".

    The result has two decimals, or up to eight for a small amount, which then has two significant digits.
    """
    places = 2 if amount >= 0.095 else min(1 - math.floor(math.log10(amount)), 8)
    figures = f"${amount:.{places}f}"
    return figures.rstrip("0") if places > 2 else figures
