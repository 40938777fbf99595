"""Create jobs for programs, from a link in a JSON body or from a form with a recording."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

from stt.aiml import offered as models
from stt.aiml.options import clean_options, take_track, take_vocabulary, with_speakers
from stt.db import undo
from stt.errors import BadOption, BadTranscript, KeyMissing
from stt.imports import reader as imports
from stt.imports.reader import Imported
from stt.jobs import idempotency
from stt.store.recordings import Link
from stt.web.multipart import BadForm, Form
from stt.web.v1 import shapes


@dataclass(frozen=True, slots=True)
class Sender:
    """Describe who asks for a job: the `owner`, the request's Idempotency-Key, and the client's network address.

    `check_token` raises Unauthorized if the token has been revoked. It is called before the job is created, because the
    upload may have taken minutes, and "Delete everything" revokes tokens first so that no new job appears. `route`
    names the route if it is one that makes another job of the same form: a translation. `repeats` tells whether an
    OpenAI client repeats a request that it has sent before. It is None for other clients, which do not tell.
    """

    owner: str
    key: str | None
    address: str | None
    check_token: Callable[[], object]
    route: str | None = None
    repeats: bool | None = None


def from_link(body: Any, sender: Sender) -> str:
    from stt.jobs import service

    shapes.check_create(body)
    with idempotency.claim(sender.owner, sender.key, json.dumps(body, sort_keys=True).encode()) as claim:
        if claim and claim.made:
            return claim.generation_id
        options = dict(body)
        model, link, webhook = options.pop("model"), Link(options.pop("url")), options.pop(shapes.WEBHOOK, None)
        _check(model, options)
        # Pass a Link, because `service.create` treats any string that is not a URL as a path on this server.
        about = _about(options, sender, claim, webhook)
        sender.check_token()
        return service.create(link, model=model, **about)


def from_form(form: Form, sender: Sender) -> str:
    shapes.check_create(form.fields, of_form=True)
    options = dict(form.fields)
    model, webhook = options.pop("model", None), options.pop(shapes.WEBHOOK, None)
    if webhook is not None and not isinstance(webhook, str):
        raise BadForm(f"The field “{shapes.WEBHOOK}” is there twice.")
    if not isinstance(model, str) or not model:
        raise BadForm("The field “model” is missing or there twice.")
    if form.intake is None or "url" in options:
        raise BadForm("The recording is missing, or there is a link beside it; a link goes into a JSON body.")
    return from_recording(form, model, options, sender, webhook)


def from_recording(form: Form, model: str, options: dict[str, Any], sender: Sender, webhook: str | None = None) -> str:
    """Create a job for the file in a form, and return its generation id.

    The file is probed and stored only after the model, its options and the transcript to import have been checked. If
    the job cannot be created afterwards, the recording is deleted.
    """
    from stt.jobs import importing, service  # both import dbos, which takes half a second: too slow for the first page
    from stt.store import recordings

    assert form.intake is not None
    with _claim(form, sender) as claim:
        if claim and claim.made:
            return claim.generation_id
        imported = _imported(options.pop("transcript"), *form.raw["transcript"]) if "transcript" in options else None
        _check(model, options if imported is None else {})
        recording = form.intake.finish()
        about = _about(options, sender, claim, webhook)
        try:
            sender.check_token()
            if imported is None:
                return service.create(recording, model=model, **about)
            origin = {**imported.provenance, "brought_from": "a program, over REST"}
            return importing.import_transcript(imported.for_sound, recording, provenance=origin, **about)
        except BaseException:
            undo.until_done(partial(recordings.remove, recording.id, sender.owner))
            raise


@contextmanager
def _claim(form: Form, sender: Sender) -> Iterator[idempotency.Claim | None]:
    """Yield the claim for the job of a form, or None if the client does not tell which requests belong together.

    Raises the errors of `idempotency.claim`.
    """
    keyless = sender.key is None and sender.repeats is None
    body = b"" if keyless else _fingerprint(form, sender.route)
    if sender.key is None and sender.repeats is not None:
        with idempotency.claim_call(sender.owner, body, repeated=sender.repeats) as call:
            yield call
    else:
        with idempotency.claim(sender.owner, sender.key, body) as claim:
            yield claim


def _about(
    options: dict[str, Any], sender: Sender, claim: idempotency.Claim | None, webhook: str | None
) -> dict[str, Any]:
    """Return the arguments that every way to create a job takes."""
    about = {"options": options, "owner": sender.owner, "claim": claim, "address": sender.address}
    return {**about, "webhook": webhook or None}


def _imported(field: object, name: str, data: bytes) -> Imported:
    """Return the transcript that the form's part `transcript` contains.

    `field` is the value in `Form.fields`; `name` and `data` are the file name and the bytes of the part. Raises BadForm
    if there are several such parts, TooLarge if the transcript is too large, and BadTranscript if it cannot be read or
    its encoding is uncertain.
    """
    if not isinstance(field, str):
        raise BadForm("The field “transcript” is there twice.")
    found = imports.read(data, name)
    if found.choices:  # several encodings are possible: a page lets the visitor choose, but a program cannot choose
        raise BadTranscript("The encoding of the transcript is uncertain.", guidance="Send it in UTF-8.")
    return found


def _fingerprint(form: Form, route: str | None) -> bytes:
    """Return bytes that are equal for forms to one route with the same fields, file name and file content.

    The boundaries may differ.
    """
    assert form.intake is not None
    form.intake.flush()
    with open(form.intake.part, "rb") as file:
        content = hashlib.file_digest(file, "sha256").hexdigest()
    sent = [form.fields, form.intake.name, content]
    return json.dumps([*sent, route] if route else sent, sort_keys=True).encode()


def _check(name: str, options: dict[str, Any]) -> None:
    """Raise BadOption if the model called `name` is not offered, or if an option is invalid for that model.

    If a local model replaces the requested model, options that only the local model has are not checked here.
    """
    requested, options = models.known().find(name), dict(options)
    take_track(options)
    take_vocabulary(options)
    try:
        answering, _ = models.choose(name, None)
    except KeyMissing as error:
        raise BadOption(f"{requested.name} is not offered here.", guidance="Choose one of /v1/models.") from error
    if answering.local:
        options = with_speakers(options) | {n: v for n, v in options.items() if requested.option(n)}
    ours_only = {option for option in options if answering.option(option) and not requested.option(option)}
    clean_options(requested, {option: value for option, value in options.items() if option not in ours_only})
