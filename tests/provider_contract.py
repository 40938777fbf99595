"""Define what each model of the AI/ML API accepts and returns, for the stand-in in `tests/provider.py`.

The definitions are copied from the API's contract and not from `stt/aiml/catalog.py`, so that tests find mistakes in
the catalog.
"""

from __future__ import annotations

import json
from contextlib import suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.provider import Job

# Parameters that a family of models accepts, as name:type. Types: b (true or false), n (number), s (text), l (list),
# j (JSON).
_DEEPGRAM = """language:s detect_language:b punctuate:b smart_format:b paragraphs:b utterances:b utt_split:n diarize:b
numerals:b profanity_filter:b filler_words:b search:l summarize:b topics:b intents:b sentiment:b detect_entities:b
custom_intent:l custom_intent_mode:s custom_topic:l custom_topic_mode:s detect_topics:b dictation:b diarize_version:s
extra:j measurements:b tag:l"""
_SLAM = """punctuate:b format_text:b speaker_labels:b speakers_expected:n filter_profanity:b disfluencies:b
auto_chapters:b summarization:b summary_model:s summary_type:s sentiment_analysis:b entity_detection:b auto_highlights:b
word_boost:l audio_start_from:n audio_end_at:n multichannel:b content_safety:b iab_categories:b custom_spelling:j
boost_param:s redact_pii:b redact_pii_policies:l redact_pii_sub:s redact_pii_audio:b speech_threshold:n"""
PARAMETERS = {
    "old": f"{_DEEPGRAM} keywords:l multi_channel:b",
    "nova-3": f"{_DEEPGRAM} keyterm:l multichannel:b redact:l replace:l encoding:s version:s mip_opt_out:b",
    "aai/universal": f"{_SLAM} language_code:s language_detection:b language_confidence_threshold:n",
    "aai/slam-1": f"{_SLAM} keyterms_prompt:l",
    "openai": "language:s prompt:s temperature:n",
    "microsoft": "temperature:n top_p:n max_tokens:n",
}
_SIZES = ["tiny", "base", "small", "medium", "large"]
_NOVA_2 = [
    "general",
    "meeting",
    "phonecall",
    "finance",
    "conversationalai",
    "voicemail",
    "video",
    "medical",
    "drivethru",
    "automotive",
]
MODELS = (
    {f"#g1_whisper-{size}": "old" for size in _SIZES}
    | {f"whisper-{size}": "old" for size in _SIZES}
    | {f"#g1_nova-2-{use}": "old" for use in _NOVA_2}
    | {name: "nova-3" for name in ("nova-3", "nova-3-general", "nova-3-medical")}
    | {name: name for name in ("aai/universal", "aai/slam-1")}
    | {f"openai/gpt-4o-{kind}": "openai" for kind in ("transcribe", "mini-transcribe")}
    | {"microsoft/mai-transcribe-1.5": "microsoft"}
)


class Refused(Exception):
    def __init__(self, status: int, message: Any) -> None:
        super().__init__(message)
        self.status, self.message = status, message


def check(model: Any, options: dict[str, Any], typed: bool) -> None:
    """Raise Refused if the model or a parameter in `options` is unknown, or a value has a wrong type or range.

    `typed` is True for a JSON body, and False for a form, where all values are text.
    """
    if not isinstance(model, str) or model not in MODELS:
        raise Refused(400, [{"path": ["model"], "message": "Unknown model"}])
    types = dict(pair.split(":") for pair in PARAMETERS[MODELS[model]].split())
    issues = []
    for name, value in options.items():
        if name not in types:
            issues.append({"path": [name], "message": "Unrecognized key"})
        elif not (_is_json_value if typed else _is_form_value)(types[name], value):
            issues.append({"path": [name], "message": f"Invalid value {str(value)[:40]!r}"})
    top = 2 if MODELS[model] == "microsoft" else 1
    if not issues and "temperature" in options and not 0 <= float(options["temperature"]) <= top:
        issues.append({"path": ["temperature"], "message": f"Expected 0 to {top}"})
    if issues:
        raise Refused(400, [{"message": "Body validation error"}, *issues])


def _is_json_value(kind: str, value: Any) -> bool:
    if kind == "l":
        return isinstance(value, str) or (isinstance(value, list) and all(isinstance(part, str) for part in value))
    types = {"b": bool, "s": str, "j": (dict, list), "n": (int, float)}
    return isinstance(value, types[kind]) and (kind == "b" or not isinstance(value, bool))


def _is_form_value(kind: str, value: str | list[str]) -> bool:
    if isinstance(value, list):
        return kind == "l"
    with suppress(ValueError):
        return {
            "b": lambda: value in ("true", "false"), "n": lambda: float(value) is not None, "s": lambda: True,
            "l": lambda: bool(value), "j": lambda: isinstance(json.loads(value), dict | list),
        }[kind]()  # fmt: skip
    return False


def result(job: Job) -> dict[str, Any]:
    """Return the job's text in the result format of its model."""
    text, seconds, family = job.script["text"], job.script["seconds"], MODELS[job.model]
    tokens = text.split()
    step = seconds / max(len(tokens), 1)
    times = [(token, round(n * step, 3), round((n + 0.9) * step, 3)) for n, token in enumerate(tokens)]
    if family == "openai":
        return {"text": text, "usage": {"total_tokens": 42, "input_tokens": 30, "output_tokens": 12}}
    if family == "microsoft":
        return {"text": text, "usage": {"seconds": seconds, "cost": round(seconds * 0.0001, 6)}}
    if family.startswith("aai"):
        words = [
            {"text": t, "start": round(s * 1000), "end": round(e * 1000), "confidence": 0.9, "speaker": None}
            for t, s, e in times
        ]
        return {
            "id": job.id, "status": "completed", "text": text, "words": words, "audio_duration": round(seconds),
            "language_code": "en_us", "confidence": 0.9, "utterances": None, "chapters": None, "error": None,
        }  # fmt: skip
    metadata = {"request_id": job.id, "sha256": job.content, "duration": seconds, "channels": 1, "models": ["x"]}
    if job.script.get("variant") == "null":
        return {"metadata": metadata, "results": None}
    speaker = {"speaker": 0} if job.options.get("diarize") in (True, "true") else {}
    words = [
        {"word": t.strip(".,?!").lower(), "start": s, "end": e, "confidence": 0.9, "punctuated_word": t, **speaker}
        for t, s, e in times
    ]
    channel = {"alternatives": [{"transcript": text, "confidence": 0.9, "words": words}], "detected_language": "en"}
    results: dict[str, Any] = {"channels": channel if job.script.get("variant") == "object" else [channel]}
    if job.options.get("utterances") in (True, "true"):
        results["utterances"] = [
            {"start": 0, "end": seconds, "confidence": 0.9, "channel": 0, "transcript": text, **speaker}
        ]
    return {"metadata": metadata, "results": results}
