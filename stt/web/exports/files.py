"""Handle `/export`: produce files of transcripts on request. Only the owner of a transcript can get its files."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar
from urllib.parse import parse_qsl, quote

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from stt import local_time
from stt.errors import BadExport, BadOption, NotFound, TooLarge
from stt.export import notes
from stt.export.formats import FORMATS, bundle, file_name
from stt.guard.limiters import EXPORTS, LOOKUPS, OPEN_BODIES
from stt.notes import book
from stt.store import submissions, transcripts
from stt.store.records import Job, load
from stt.transcript.model import Transcript
from stt.web.exports.addresses import NOTES, RAW
from stt.web.handling import answers_errors, body_of, owner_of

T = TypeVar("T")
ZONE = "zone"  # name of an option of all formats: the visitor's time zone, such as Europe/Berlin
WITH_NOTES = "notes"  # name of an option of the formats that can include notes
MOST = 1000  # maximum number of transcripts in one ZIP
LONGEST_FORM = 64 << 10  # maximum size of the form that requests a ZIP, bytes
SWITCH = {"0": False, "1": True, "false": False, "true": True}


@answers_errors
async def transcript_file(request: Request) -> Response:
    """Handle `GET /export/{id}.{format}`: send a transcript as a file.

    The format `notes` has only the notes, and `raw` is the response of the AI/ML API. The query has the options of the
    format and `zone`. The options `times`, `speakers`, `notes`, `bom` and `crlf` are 0 or 1, and `line_length` and
    `lines` are numbers. The status is 422 for an unknown option or a value out of bounds.
    """
    job, fields = await LOOKUPS.run(_job_and_options, request)
    content, name, mime = await EXPORTS.run_for(job.owner, _file, job, request.path_params["format"], fields)
    return Response(content, media_type=mime, headers=_headers(name))


@answers_errors
async def transcripts_zip(request: Request) -> Response:
    """Handle `POST /export/transcripts.zip`: send several transcripts in a ZIP.

    The form has `ids` and `formats`, both comma-separated, and `zone`.
    """
    too_large = TooLarge("The list of transcripts is too long.", guidance=f"Choose at most {MOST:,}.")
    owner = await LOOKUPS.run(owner_of, request)
    with OPEN_BODIES.place(owner, request):
        body = await body_of(request, LONGEST_FORM, too_large)
    form = _single(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
    jobs = await LOOKUPS.run(_jobs, form, owner)
    content = EXPORTS.iterate(owner, _zipped(jobs, form))
    return StreamingResponse(content, media_type="application/zip", headers=_headers("transcripts.zip"))


def _job_and_options(request: Request) -> tuple[Job, dict[str, str]]:
    """Return the job with the id in the path, and the query's options.

    Raises NotFound if the job or the format is unknown, and BadExport if an option is given twice.
    """
    owner = owner_of(request)
    form = request.path_params["format"]
    if form not in (RAW, NOTES, *FORMATS):
        raise NotFound(f"There is no format {form[:20]!r}.", guidance=f"Choose from {', '.join(FORMATS)}.")
    return load(request.path_params["id"], owner), _single(request.query_params.multi_items())


def _jobs(form: Mapping[str, str], owner: str) -> list[Job]:
    ids = list(dict.fromkeys(filter(None, form.get("ids", "").split(","))))
    if not 0 < len(ids) <= MOST:
        raise BadExport(f"A ZIP cannot have {len(ids):,} transcripts.", guidance=f"Choose 1 to {MOST:,}.")
    return [load(each, owner) for each in ids]


def _file(job: Job, form: str, fields: Mapping[str, str]) -> tuple[bytes, str, str]:
    """Return the content, the name and the content type of the file.

    Raises NotFound if the transcript was deleted meanwhile.
    """
    if form == RAW:
        _options({}, fields)
        if not submissions.has_raw(job.id):
            raise NotFound("There is no answer of a provider.", guidance="It may have been deleted.")
        raw = json.dumps(submissions.raw_response(job.id), ensure_ascii=False, indent=1)
        content = raw.encode("utf-8", "backslashreplace")
        return content, file_name(f"{job.title} raw", "json"), FORMATS["json"].mime
    if form == NOTES:
        _options({}, fields)
        content = notes.table(book.of(job.id, job.owner), transcripts.transcript_of(job.id))
        return content, file_name(f"{job.title} notes", "csv"), FORMATS["csv"].mime
    written = FORMATS[form]
    options: dict[str, Any] = _options(written.options() | ({WITH_NOTES: bool} if written.takes_notes else {}), fields)
    if options.pop(WITH_NOTES, False):
        options["notes"] = book.of(job.id, job.owner)
    content = _within_bounds(
        written.write, transcripts.transcript_of(job.id), title=job.title, **_facts(job, fields), **options
    )
    return content, file_name(job.title, form), written.mime


def _zipped(jobs: list[Job], form: Mapping[str, str]) -> Iterator[bytes]:
    """Return the pieces of the ZIP. Transcripts are read one by one, so that only one at a time is in memory.

    Transcripts that are deleted before they are read are left out.
    """
    formats = list(filter(None, form.get("formats", "").split(",")))
    if not formats:
        raise BadExport("No format was chosen.", guidance=f"Choose from {', '.join(FORMATS)}.")
    _options({}, {name: value for name, value in form.items() if name not in ("ids", "formats")})
    facts = [_facts(job, form) for job in jobs]
    return _within_bounds(bundle, _still_stored(jobs, facts), formats)


def _still_stored(jobs: list[Job], facts: list[dict[str, str]]) -> Iterator[tuple[str, Transcript, dict[str, str]]]:
    for job, about in zip(jobs, facts, strict=True):
        try:
            transcript = transcripts.transcript_of(job.id)
        except NotFound:  # the transcript was deleted while the transcripts before it were sent
            continue
        yield job.title, transcript, about


def _facts(job: Job, fields: Mapping[str, str]) -> dict[str, str]:
    name = fields.get(ZONE, "UTC")
    zone = local_time.zone(name)
    if zone.key != name:
        raise BadExport(f"There is no time zone {name[:40]!r}.", guidance="Give one such as Europe/Berlin.")
    return {"model": job.model, "created": local_time.when(job.created, zone)}


def _options(known: Mapping[str, type], fields: Mapping[str, str]) -> dict[str, bool | int]:
    """Parse `fields` as options, where `known` has the name and type of each option.

    Raises BadExport for an unknown option or a value of the wrong type.
    """
    found: dict[str, bool | int] = {}
    for name, value in fields.items():
        if name == ZONE:
            continue
        kind = known.get(name)
        if kind is None:
            raise BadExport(
                f"There is no option {name[:40]!r} here.", guidance=f"There are: {', '.join([*known, ZONE])}."
            )
        if kind is bool and value.lower() in SWITCH:
            found[name] = SWITCH[value.lower()]
        elif kind is int and value.isascii() and value.isdigit() and len(value) <= 6:
            found[name] = int(value)
        else:
            what = "0 or 1" if kind is bool else "a whole number"
            raise BadExport(f"{value[:40]!r} is no value for {name}.", guidance=f"Give {what}.")
    return found


def _within_bounds(write: Callable[..., T], *values: Any, **named: Any) -> T:
    try:
        return write(*values, **named)
    except BadOption as error:
        raise BadExport(error.message, guidance=error.guidance) from error


def _single(pairs: list[tuple[str, str]]) -> dict[str, str]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise BadExport("An option is given twice.", guidance="Give each once.")
    return found


def _headers(name: str) -> dict[str, str]:
    """Return the headers of a download of the file `name`.

    The name is sent twice (RFC 6266): unchanged, and, for old clients, with `_` in place of special characters.
    """
    plain = "".join(c if c.isascii() and c.isprintable() and c not in '"\\%' else "_" for c in name)
    disposition = f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
    return {"Content-Disposition": disposition, "Cache-Control": "private, no-store"}
