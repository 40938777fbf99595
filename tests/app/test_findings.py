"""Test that the page shows what a provider's response has besides the words (topics, entities …), with headings."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest


def script() -> None:
    from pages.sections.transcript.findings import findings
    from stt.aiml import results

    answer = {
        "status": "completed",
        "result": {
            "status": "completed",
            "text": "Hello there.",
            "language_code": "en_us",
            "audio_duration": 3,
            "words": [
                {"text": "Hello", "start": 100, "end": 500, "confidence": 0.9, "speaker": "A"},
                {"text": "there.", "start": 600, "end": 900, "confidence": 0.8, "speaker": "A"},
            ],
            "utterances": [{"text": "Hello there.", "start": 100, "end": 900, "confidence": 0.85, "speaker": "A"}],
            "summary": "- A <b>greeting</b>.\n- A reply.",
            "chapters": [
                {"headline": "The start", "gist": "Start", "summary": "They greet.", "start": 100, "end": 900}
            ],
            "sentiment_analysis_results": [
                {"text": "Hello there.", "sentiment": "POSITIVE", "confidence": 0.7, "start": 100, "end": 900}
            ],
            "usage": {"seconds": 3.0, "cost": 0.0017},
            "iab_categories_result": {"summary": {"Greetings": 0.9}},
            "entities": [{"entity_type": "person_name", "text": "Ann", "start": 100, "end": 500}],
            "auto_highlights_result": {
                "results": [{"text": "hello", "count": 1, "rank": 0.5, "timestamps": [{"start": 100, "end": 500}]}]
            },
        },
    }
    findings(results.read(answer).transcript)


def test_everything_in_a_provider_response_is_shown():
    test = AppTest.from_function(script, default_timeout=30).run()
    assert not test.exception
    assert {"Summary", "Chapters"} <= {heading.value for heading in test.subheader}
    assert {"Topics (1)", "Sentiments (1)", "Entities (1)", "Key phrases (1)", "Utterances (1)"} <= {
        e.label for e in test.expander
    }
    assert len(test.dataframe) == 5
    shown = " ".join(part.proto.body for part in test.get("html"))
    assert "A &lt;b&gt;greeting&lt;/b&gt;.\n- A reply." in shown and "They greet." in shown and "cost: 0.0017" in shown
    entities = next(table.value for table in test.dataframe if "Kind" in table.value and "Text" in table.value)
    assert entities.to_dict("records")[0] == {"Start": "0:00", "Text": "Ann", "Kind": "person name"}
    topics = next(table.value for table in test.dataframe if "Topic" in table.value)
    # The table leaves out columns that have no values.
    assert topics.to_dict("records") == [{"Topic": "Greetings", "Confidence": 0.9}]
    test.button[0].click().run()
    assert test.button[0].label == "0:00" and test.query_params["at"] in ("0.100", ["0.100"])
    test.button[0].click().run()
    assert test.query_params["at"] in ("0.101", ["0.101"])
