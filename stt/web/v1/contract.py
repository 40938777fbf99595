"""Build the REST responses for jobs, results, models and errors, in the format of the AI/ML API.

A result has Deepgram's response format, whichever engine made the transcript. Times are in seconds, and confidences
are from 0 to 1.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import zip_longest
from typing import Any, Literal

from stt import errors
from stt.aiml.catalog import Model
from stt.background.diarization import results
from stt.background.diarization.results import Search
from stt.errors import SttError
from stt.kinds import CANCELLED, DONE, FAILED, QUEUED, WORKING
from stt.models import known, shelf
from stt.store import submissions
from stt.store.records import Job
from stt.transcript import scripts
from stt.transcript.model import Segment, Transcript, Word, paragraphs, whole_words
from stt.web.v1 import shapes

OPENAI_DEFAULT = ("whisper-1",)  # OpenAI's model names that mean the default model of this server
LISTED = 1_700_000_000  # placeholder creation time of all models, seconds since 1970, for OpenAI's clients
STATUS: dict[str, Literal["waiting", "active", "completed", "error"]] = {
    QUEUED: "waiting",
    WORKING: "active",
    DONE: "completed",
    FAILED: "error",
    CANCELLED: "error",
}


def job(
    record: Job, transcript: Transcript | None, speakers: Search | None = None, *, awaited: bool = False
) -> shapes.Transcription:
    """Return the response to `GET /v1/stt/{generation_id}`, with the state of a job.

    The field `result` is set if `status` is "completed", and the field `error` if `status` is "error". The status of a
    job with diarization is "completed" only after diarization has ended: `awaited` tells whether it has not.
    """
    status = STATUS[record.state]
    if status == "completed" and awaited:
        status = "active"
    return {
        "id": record.id,
        "generation_id": record.id,
        "status": status,
        "result": result(record, transcript, speakers) if status == "completed" and transcript else None,
        "error": _failure(record) if status == "error" else None,
    }


def result(record: Job, transcript: Transcript, speakers: Search | None = None) -> shapes.Result:
    """Return a transcript in Deepgram's response format, with a single channel.

    The speakers are numbered from 0, in the order in which they first speak.
    """
    if speakers is not None and speakers.found == 1 and not transcript.speakers:
        # If diarization finds only one speaker, it stores no name in the transcript, so the name is added here.
        transcript = transcript.spoken_by(results.names_of(1)[0])
    numbers = {name: number for number, name in enumerate(transcript.speakers)}
    alternative: shapes.Alternative = {
        "transcript": transcript.text,
        "confidence": transcript.confidence,
        "words": _words(transcript, numbers) if transcript.timed else [],
        "paragraphs": _paragraphs(transcript, numbers),
    }
    if len(transcript.languages) > 1:
        alternative["languages"] = list(transcript.languages)
    channel: shapes.Channel = {"alternatives": [alternative]}
    if transcript.language:
        channel["detected_language"] = transcript.language
        channel["language_confidence"] = transcript.language_probability
    words: shapes.Results = {"channels": [channel]}
    if transcript.timed:
        several = len(transcript.languages) > 1
        words["utterances"] = [
            _utterance(segment, numbers) | _language(segment, several) for segment in transcript.segments
        ]
    return {"metadata": _metadata(record, transcript, speakers), "results": {**words, **_findings(transcript.extras)}}


def models(offered: list[tuple[Model, Model]], default: str | None = None) -> shapes.Models:
    """Return the list of models, each with its price.

    `offered` has pairs: a model that a client can request, and the model that runs for such a request. The two differ
    if a local model replaces the requested one, because the server has no key for the AI/ML API. The price is that of
    the model that runs. The model with the id `default` also gets the alias "whisper-1", for OpenAI's clients.
    """
    data = [_model(model, answering) for model, answering in offered]
    for model in data:
        if model["id"] == default:
            model["aliases"] = [*model["aliases"], *OPENAI_DEFAULT]
    return {"object": "list", "data": data}


def refusal(error: SttError, path: str, request_id: str | None) -> shapes.Problem:
    """Return the body of an error response."""
    return {
        "message": in_words(error.message, error.guidance),
        "path": path,
        "requestId": request_id or uuid.uuid4().hex,
        "statusCode": error.status,
        "timestamp": _moment(datetime.now(UTC)),
    }


def _failure(record: Job) -> shapes.Failure:
    submitted = submissions.may_be_billed(record)
    if record.error is None:
        return {"name": "Cancelled", "message": "This job was cancelled.", "submitted": submitted}
    message = in_words(record.error["message"], record.error["guidance"])
    return {"name": errors.current_kind(record.error["kind"]), "message": message, "submitted": submitted}


def in_words(message: str, guidance: str) -> str:
    stop = "" if message.endswith((".", "!", "?")) else "."
    return f"{message}{stop} {guidance}".strip()


def _metadata(record: Job, transcript: Transcript, speakers: Search | None) -> dict[str, Any]:
    warnings = [
        {"type": "lost_audio", "message": f"{_between(start, end)}: {why}"} for start, end, why in transcript.lost
    ]
    if speakers is not None and speakers.error:
        message = in_words(speakers.error["message"], speakers.error["guidance"])
        warnings.append({"type": "speakers_not_found", "message": message})
    elif speakers is not None and speakers.is_fewer:
        message = f"{speakers.found} of {speakers.requested} speakers could be told apart."
        warnings.append({"type": "fewer_speakers", "message": message})
    provenance = record.provenance or {}
    return {
        "request_id": record.id,
        "created": _moment(datetime.fromtimestamp(record.created, UTC)),
        "duration": transcript.duration,
        "channels": 1,  # `results.channels` always has one entry
        "models": [record.model],
        "model_info": {record.model: {"name": record.model, "version": "1", "arch": record.engine}},
        # `tracks` says which track was transcribed, and `mix` says how the channels of that track were mixed.
        **{name: provenance[name] for name in ("tracks", "mix") if name in provenance},
        **({"warnings": warnings} if warnings else {}),
    }


def _between(start: float, end: float) -> str:
    return f"At {start:.1f} s" if start == end else f"From {start:.1f} s to {end:.1f} s"


def _words(transcript: Transcript, numbers: dict[str, int]) -> list[shapes.Word]:
    several = len(transcript.languages) > 1  # computed once, because `languages` reads all segments
    return [
        {**_word(word, numbers), **_language(segment, several)}
        for segment in transcript.segments
        for word in whole_words(segment)
    ]


def _word(word: Word, numbers: dict[str, int]) -> shapes.Word:
    text = word.text.strip()
    inside = [run.span() for run in scripts.run_pattern().finditer(text) if scripts.is_word(run[0])]
    bare = text[inside[0][0] : inside[-1][1]].strip("_").lower() if inside else ""
    return {
        "word": bare or text,
        "start": word.start,
        "end": word.end,
        "confidence": word.confidence,
        "punctuated_word": text,
        **_speaker(word, numbers),
    }


def _paragraphs(transcript: Transcript, numbers: dict[str, int]) -> dict[str, Any]:
    found = paragraphs(transcript.segments)
    return {
        "transcript": "\n\n".join(paragraph.text for paragraph in found),
        "paragraphs": [
            {
                "sentences": list(_sentences(paragraph)),
                "num_words": scripts.count(paragraph.text),
                "start": paragraph.start,
                "end": paragraph.end,
                **_speaker(paragraph, numbers),
            }
            for paragraph in found
        ],
    }


def _sentences(paragraph: Segment) -> Iterator[dict[str, Any]]:
    """Yield the sentences of a paragraph; yield the whole paragraph if its words do not add up to its text."""
    if "".join(word.text for word in paragraph.words).split() != paragraph.text.split():
        yield {"text": paragraph.text, "start": paragraph.start, "end": paragraph.end}
        return
    run: list[Word] = []
    for word, following in zip_longest(paragraph.words, paragraph.words[1:]):
        run.append(word)
        if following is None or scripts.ends_sentence(word.text, following.text, following.start - word.end):
            text = "".join(each.text for each in run).strip()
            yield {"text": text, "start": run[0].start, "end": max(each.end for each in run)}
            run = []


def _utterance(segment: Segment, numbers: dict[str, int]) -> dict[str, Any]:
    confidences = [word.confidence for word in segment.words if word.confidence is not None]
    return {
        "start": segment.start,
        "end": segment.end,
        "confidence": sum(confidences) / len(confidences) if confidences else None,
        "channel": 0,
        "transcript": segment.text.strip(),
        **_speaker(segment, numbers),
    }


def _language(segment: Segment, several: bool) -> shapes.Spoken:
    """Return the field `language` of a segment if the transcript has `several` languages, or else no field."""
    return {"language": segment.language} if several and segment.language else {}


def _speaker(part: Segment | Word, numbers: dict[str, int]) -> shapes.Spoken:
    return {} if part.speaker is None else {"speaker": numbers.get(part.speaker, 0)}


def _findings(extras: dict[str, Any]) -> shapes.Findings:
    """Return the summary, topics, intents and sentiments of the AI/ML API in Deepgram's format.

    `extras` is `Transcript.extras`, whose fields `stt.aiml.insights` lists.
    """
    findings: shapes.Findings = {}
    if extras.get("summary"):
        findings["summary"] = {"result": "success", "short": extras["summary"]}
    name: Literal["topics", "intents"]
    for name, one in (("topics", "topic"), ("intents", "intent")):
        if extras.get(name):
            segments = [
                {"text": each["text"], name: [{one: each[one], "confidence_score": each["confidence"]}]}
                for each in extras[name]
            ]
            findings[name] = {"segments": segments}
    if extras.get("sentiments"):
        segments = [
            {"text": each["text"], "sentiment": each["sentiment"], "sentiment_score": each["score"]}
            for each in extras["sentiments"]
        ]
        findings["sentiments"] = {"segments": segments}
    return findings


def _model(model: Model, answering: Model) -> shapes.Model:
    price = answering.per_second
    fixed = {"kind": "fixed", "currency": "USD", "units": [{"name": "second", "price": price, "per": 1}]}
    info: dict[str, Any] = {"name": model.name, "developer": model.maker, "description": model.description}
    info |= {"url": "", "docsUrl": ""}
    if model.local:
        entry = shelf.entry_of(known.find(model.id))
        info |= {"state": entry.state, "bytes": entry.size, "english_only": entry.known.english}
    return {
        "id": model.id,
        "aliases": list(model.aliases),
        "type": "stt",
        "object": "model",
        "created": LISTED,
        "owned_by": model.maker,
        "info": info,
        "tags": [],
        "pricing": None if price is None else fixed,
    }


def etag(body: shapes.Models) -> str:
    """Return the ETag of a response body: a hash that changes when the body changes."""
    return '"' + uuid.uuid5(uuid.NAMESPACE_OID, json.dumps(body, sort_keys=True)).hex + '"'


def _moment(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
