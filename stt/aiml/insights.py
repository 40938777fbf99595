"""Read what a result of the provider holds besides the words: summary, topics, sentiments and more.

`Transcript.extras` has those of the following fields for which the result has data. Each `start` and `end` is in
seconds, or None:

    speakers       ["Speaker 1", …] in the order in which they first speak
    paragraphs     [{start, end, text, speaker}], the provider's division of the text
    utterances     [{start, end, text, speaker, channel, confidence, language}]
    summary        text
    chapters       [{start, end, headline, gist, summary}]
    topics         [{topic, confidence, text, start, end}]
    intents        [{intent, confidence, text, start, end}]
    sentiments     [{sentiment, score, text, speaker, start, end}]
    entities       [{kind, text, confidence, start, end}]
    key_phrases    [{text, count, rank, times: [[start, end], …]}]
    sensitive      [{kind, confidence, severity, text, start, end}] found by AssemblyAI's content safety
    search         [{query, text, confidence, start, end}]
    language_code  the language with its region, such as "en-us", if `Transcript.language` lacks the region ("en")
    usage          {name: number or text}, the usage that the provider reports
    cost           US dollars that the provider reports as billed
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from stt.files.json_values import clean, fields, items, number, share, signed
from stt.transcript.model import joined

Times = Callable[[Any], float | None]  # (the provider's value of a time) -> seconds, or None if the value is invalid
_CHAPTER = ("start", "end", "headline", "gist", "summary")


def read(
    channels: list[dict[str, Any]], found: dict[str, Any], results: dict[str, Any], times: Times
) -> dict[str, Any]:
    """Return all fields of `Transcript.extras` except `speakers`, `utterances` and `language_code`. Never raises.

    `stt.aiml.results` adds these three fields. `channels` are the channels of a Deepgram result, or an empty list for
    other results. `found` is the whole result, and `results` is the object in it that has the summary, the topics and
    so on.
    """
    best = [alternative(channel) for channel in channels] or [alternative({})]
    words = items(best[0].get("words"))

    def details(item: dict[str, Any], words: list[dict[str, Any]] = words, /, **named: Any) -> dict[str, Any]:
        """Return the fields `named` plus the item's text, start and end.

        If the item has the indices `start_word` and `end_word`, the start is that of word `start_word` in `words`, and
        the end is that of word `end_word` - 1. Otherwise both times come from the item's fields `start` and `end`.
        """
        first, last = number(item.get("start_word")), number(item.get("end_word"))
        start = words[int(first)].get("start") if first is not None and first < len(words) else item.get("start")
        end = words[int(last) - 1].get("end") if last and 1 <= last <= len(words) else item.get("end")
        return {**named, "text": clean(item.get("text")), "start": times(start), "end": times(end)}

    def parts(name: str, below: str = "segments") -> list[dict[str, Any]]:
        holder = results.get(name)
        return items(holder.get(below, []) if isinstance(holder, dict) else holder)

    def nested(name: str, one: str) -> list[dict[str, Any]]:
        """Return the entries of Deepgram's `topics.segments[].topics[]` or `intents.segments[].intents[]`."""
        return [
            details(segment, **{one: clean(part.get(one)), "confidence": share(part.get("confidence_score"))})
            for segment in parts(name) for part in items(segment.get(name)) if clean(part.get(one))
        ]  # fmt: skip

    labels = fields(fields(results.get("iab_categories_result")).get("summary"))
    usage = fields(found.get("usage"))
    summary = results.get("summary")
    if isinstance(summary, dict):
        summary = summary.get("short") or summary.get("text")
    return {
        "paragraphs": [row for each in best for row in _paragraphs(each, times)],
        "summary": clean(summary) or " ".join(clean(p.get("summary")) for b in best for p in items(b.get("summaries"))),
        "chapters": [
            {name: details(c)[name] if name in ("start", "end") else clean(c.get(name)) for name in _CHAPTER}
            for c in items(results.get("chapters"))
        ],
        "topics": nested("topics", "topic") + [
            details({}, topic=clean(name), confidence=share(value))
            for name, value in labels.items()
        ],
        "intents": nested("intents", "intent"),
        "sentiments": [
            details(s, sentiment=clean(s.get("sentiment")).lower(), speaker=speaker(s.get("speaker"), 0),
                    score=signed(s.get("sentiment_score", s.get("confidence"))))
            for s in parts("sentiments") + items(results.get("sentiment_analysis_results"))
        ],
        "entities": [
            details({**e, "text": e.get("value") or e.get("text")}, own, confidence=share(e.get("confidence")),
                    kind=clean(e.get("label")) or clean(e.get("entity_type")))
            for holder in [*best, results] for own in [items(holder.get("words"))]
            for e in items(holder.get("entities"))
        ],
        "key_phrases": [
            {"text": clean(p.get("text")), "count": int(number(p.get("count")) or 0), "rank": signed(p.get("rank")),
             "times": [[times(t.get("start")), times(t.get("end"))] for t in items(p.get("timestamps"))]}
            for p in parts("auto_highlights_result", "results")
        ],
        "sensitive": [
            details({"text": r.get("text")} | next(iter(items(r.get("timestamp"))), {}), kind=clean(label.get("label")),
                    confidence=share(label.get("confidence")), severity=share(label.get("severity")))
            for r in parts("content_safety_labels", "results") for label in items(r.get("labels"))
        ],
        "search": [
            details({**hit, "text": hit.get("snippet")}, query=clean(s.get("query")),
                    confidence=share(hit.get("confidence")))
            for holder in [*channels, found] for s in items(holder.get("search")) for hit in items(s.get("hits"))
        ],
        "usage": {clean(n): clean(v) or signed(v) for n, v in usage.items() if clean(v) or signed(v) is not None},
        "cost": number(usage.get("cost")) or number(found.get("cost")),
    }  # fmt: skip


def _paragraphs(best: dict[str, Any], times: Times) -> list[dict[str, Any]]:
    rows = [
        {
            "start": times(paragraph.get("start")),
            "end": times(paragraph.get("end")),
            "text": joined(clean(sentence.get("text")) for sentence in items(paragraph.get("sentences"))),
            "speaker": speaker(paragraph.get("speaker"), 1),
        }
        for paragraph in items(fields(best.get("paragraphs")).get("paragraphs"))
    ]
    return [row for row in rows if row["text"]]


def alternative(channel: dict[str, Any]) -> dict[str, Any]:
    """Return the first alternative of a channel that has text or words; if none has any, the first alternative."""
    every = items(channel.get("alternatives")) or [{}]
    return next((a for a in every if clean(a.get("transcript")).strip() or a.get("words")), every[0])


def speaker(value: Any, first: int) -> str | None:
    """Return the speaker's name: "Speaker 1" for Deepgram's 0, and "Speaker A" for AssemblyAI's "A".

    A name of several characters is returned unchanged. The result is None if `value` names no speaker. `first` is added
    to a numeric `value`: 1 if the provider counts speakers from 0, and 0 if it counts from 1.
    """
    name = " ".join(clean(value).split())[:40]
    counted = number(name or value)
    if counted is not None:
        return f"Speaker {int(counted) + first}"
    return f"Speaker {name}" if len(name) == 1 else name or None
