"""Test vocabularies: the syntax of a line, replacements, similar sounds, and the terms sent to each model."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from itertools import takewhile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stt.aiml.catalog import packaged
from stt.aiml.options import take_vocabulary, with_vocabulary
from stt.errors import BadOption
from stt.transcript.model import Segment, Transcript, Word
from stt.vocabulary import rescoring, sounds, terms
from stt.vocabulary.replacing import replaced
from stt.vocabulary.rescoring import Rescorer
from stt.vocabulary.terms import Term


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        ("Cyrille\n\n  Zau   al-Makan \n", [Term("Cyrille"), Term("Zau al-Makan")]),
        ("Cyril → Cyrille\r\nCyril->Cyrille\rCyril => Cyrille", [Term("Cyrille", "Cyril")]),
        ("Anai\u0308s", [Term("Ana\u00efs")]),
        ("same → same", [Term("same")]),
        (["one", "", "two"], [Term("one"), Term("two")]),
        ("東京", [Term("東京")]),
        ("", []),
    ],
)
def test_a_line_is_a_term_or_a_replacement(lines: str | list[str], found: list[Term]):
    assert terms.read(lines) == found
    assert terms.read([term.line for term in found]) == found


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ("fine\nbad\x07", "Line 2 has a control character."),
        ("turned\u202eround", "Line 1 has a control character."),
        ("a → b → c", "Line 1 has several arrows."),
        ("→ b", "Line 1 has no letters or digits on one side of the arrow."),
        ("fine\n---", "Line 2 has no letters or digits."),
        ("x" * 101, "Line 1 is too long: a term takes at most 100 characters."),
        ("\n".join(f"term {number}" for number in range(501)), "A vocabulary has at most 500 terms."),
    ],
)
def test_invalid_line_is_refused_with_a_reason(lines: str, message: str):
    with pytest.raises(BadOption) as error:
        terms.read(lines)
    assert error.value.message == message


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str):
    try:
        found = terms.read(text)
    except BadOption:
        return
    assert terms.read([term.line for term in found]) == found


def spoken(text: str) -> Transcript:
    words = tuple(Word(word, at / 2, at / 2 + 0.4, 0.9) for at, word in enumerate(re.findall(r"\s*\S+", text)))
    return Transcript((Segment(0.0, len(words) / 2, text, words),), duration=len(words) / 2)


@pytest.mark.parametrize(
    ("text", "lines", "new", "times"),
    [
        (" So Cyril, come.", "Cyril → Cyrille", " So Cyrille, come.", 1),
        (" CYRIL's dog and Cyril.", "Cyril → Cyrille", " Cyrille's dog and Cyrille.", 2),
        (" Cyrillic is cyrilled.", "Cyril → Cyrille", " Cyrillic is cyrilled.", 0),
        (" I use cube cuttle daily.", "cube cuttle → kubectl\ncube → cube root", " I use kubectl daily.", 1),
        (" It is Anais.", "Anaïs → Anaïs\nanais → Anaïs", " It is Anaïs.", 1),
        ("東経は大きい。", "東経 → 東京", "東京は大きい。", 1),
        (
            " Lloyd's bank, Lloyd’s too, and Lloyd went.",
            "Lloyd's → Lloyds",
            " Lloyds bank, Lloyds too, and Lloyd went.",
            2,
        ),
        (" Mr. Smith, mr. Hall and Mr Jones.", "Mr → Mr.", " Mr. Smith, Mr. Hall and Mr. Jones.", 2),
        (" Mr. Smith and Mr Jones.", "Mr. → Mister", " Mister Smith and Mr Jones.", 1),
        (" Yahoo! is here, and Yahoo.", "Yahoo → Yahoo!", " Yahoo! is here, and Yahoo!.", 1),
        (
            " The .NET runtime, a .net program, the net.",
            "net → .NET",
            " The .NET runtime, a .NET program, the .NET.",
            2,
        ),
        (" Vitamin C and C# code.", "C# → C sharp", " Vitamin C and C sharp code.", 1),
        (" Vitamin C and C++ code.", "C → vitamin\nC++ → Cpp", " Vitamin vitamin and Cpp code.", 2),
        (" 50% of 50 people.", "50% → half", " half of 50 people.", 1),
        (" Etc... and etc.", "etc. → et cetera.", " et cetera... and et cetera.", 2),
        (" The cube root of a root.", "root → cube root", " The cube root of a cube root.", 1),
        (" a! b", "a → c!\n! b → d", " c! b", 1),
        (" Nothing here.", "Cyrille", " Nothing here.", 0),
        (" Das ist neu. Stadt und Land.", "neu Stadt → Neustadt", " Das ist neu. Stadt und Land.", 0),
        (" So neu, Stadt! Neu… Stadt? Neu – Stadt.", "neu Stadt → X", " So neu, Stadt! Neu… Stadt? Neu – Stadt.", 0),
        (" Neu (Stadt), neu - Stadt, neu... Stadt.", "neu Stadt → X", " Neu (Stadt), neu - Stadt, neu... Stadt.", 0),
        ("今天去办公。司机来了。", "公司 → 集团", "今天去办公。司机来了。", 0),
        (" It's new: York's fine.", "new York's → X", " It's new: York's fine.", 0),
        (" Dr. Cole, Dr Cole and Prof. Cole.", "Dr Cole → Dr. Kohl", " Dr. Kohl, Dr. Kohl and Prof. Cole.", 2),
        (" Dr Cole and Dr. Cole.", "Dr. Cole → Doctor Kohl", " Doctor Kohl and Doctor Kohl.", 2),
        (" The U.S.A. team, the U. S. A. team.", "U.S.A. team → x\nU S A team → y", " The x, the y.", 2),
        (" Some 1,000 lakes.", "1,000 lakes → Thousand Lakes", " Some Thousand Lakes.", 1),
        (" Hello, world, and hello world.", "hello, world → Hello World", " Hello World, and Hello World.", 2),
        (" Hello. World.", "hello, world → Hello World", " Hello. World.", 0),
        (" Coca- Cola, R & D and rock ’n’ roll.", "Coca Cola → x\nR D → y\nrock n roll → z", " x, y and z.", 3),
        ("ジョン・スミスさん", "ジョンスミス → John", "Johnさん", 1),
        ("我见了Dr. Cole今天", "Dr. Cole → 科尔", "我见了科尔今天", 1),
        ("昨日Mr. Smithさんに", "Mr Smith → スミス", "昨日スミスさんに", 1),
        (" She said—Dr. Cole came.", "Dr Cole → Dr. Kohl", " She said—Dr. Kohl came.", 1),
        ("今天去办公.司机来了.", "公司 → 集团", "今天去办公.司机来了.", 0),
        ("ก.ท.ม.", "กทม → กรุงเทพ", "กรุงเทพ.", 1),
        ("哈利‧波特和哈利•波特", "哈利波特 → Harry", "Harry和Harry", 2),
        ("ジャン＝ジャックとジャン゠ジャック", "ジャンジャック → Jean", "JeanとJean", 2),
        (" Die Meier Co. KG, zwei Mio. Euro.", "Co KG → x\nMio Euro → y", " Die Meier x, zwei y.", 2),
        (" No. 5, Art. 5, Abs. 3.", "No 5 → x\nArt 5 → y\nAbs 3 → z", " x, y, z.", 3),
        (" Wie z. B. Kühe.", "z B → z.B.", " Wie z.B. Kühe.", 1),
        (" It was I. Cole said no. Cole came.", "I Cole → x\nno Cole → y", " It was I. Cole said no. Cole came.", 0),
        ("", "Cyril → Cyrille", "", 0),
    ],
)
def test_whole_words_are_replaced(text: str, lines: str, new: str, times: int):
    found, counts = replaced(spoken(text), terms.read(lines))
    assert found.text == new.strip() and sum(counts.values()) == times
    assert "".join(word.text for word in found.words).strip() == found.text, "words and text agree"


def test_replaced_words_keep_their_times():
    before = spoken(" So Cyril, come and see cube cuttle now.")
    after, _ = replaced(before, terms.read("Cyril → Cyrille\ncube cuttle → kubectl"))
    assert [(word.text, word.start, word.end) for word in after.words][:3] == [
        (" So", 0.0, 0.4),
        (" Cyrille,", 0.5, 0.9),
        (" come", 1.0, 1.4),
    ]
    tool = next(word for word in after.words if "kubectl" in word.text)
    assert (tool.start, tool.end) == (2.5, 3.4) and after.words[-1] == before.words[-1]


def test_text_without_word_times_is_replaced_too():
    before = Transcript((Segment(0.0, 2.0, "So Cyril came."),), timed=False)
    assert replaced(before, terms.read("Cyril → Cyrille"))[0].text == "So Cyrille came."


@given(st.text(max_size=80), st.text("ab c", min_size=1, max_size=4))
def test_absent_term_is_not_replaced(text: str, term: str):
    before = spoken(text)
    assert replaced(before, [Term("new", f"zzz {term}")]) == (before, {})


@pytest.mark.parametrize(
    ("term", "near", "far"),
    [
        ("Zarathustra", "zero thus trap", "apparently"),
        ("distichs", "these stitches", "following"),
        ("Zau al-Makan", "what's all I'm a con", "tell me what happened"),
        ("apomorphine", "Epomorphine", "physiological"),
        ("Helstone", "Halston", "accusing"),
        ("Łódź", "lodz", "Paris"),
    ],
)
def test_similar_sounding_text_is_nearer_to_a_term_than_other_text(term: str, near: str, far: str):
    key = sounds.key(term)
    assert sounds.distance(sounds.key(near), key) < 0.75 * sounds.distance(sounds.key(far), key)


@given(st.text(max_size=20), st.text(max_size=20))
def test_distance_is_symmetric_and_zero_for_the_same_text(one: str, other: str):
    a, b = sounds.key(one), sounds.key(other)
    assert sounds.distance(a, a) == 0 and 0 <= sounds.distance(a, b) <= 1
    assert math.isclose(sounds.distance(a, b), sounds.distance(b, a))


class CharacterTokenizer:
    """Imitate a tokenizer whose tokens are character codes. Tokens from 500,000 on are timestamps."""

    eot = 500_000

    def __init__(self, word: str = r"\s*\S+") -> None:
        self.word = word

    def encode(self, text: str) -> list[int]:
        return [ord(character) for character in text]

    def split_to_word_tokens(self, tokens: list[int]) -> tuple[list[str], list[list[int]]]:
        text = "".join(map(chr, tokens[:-1]))
        words = re.findall(self.word, text)
        return [*words, ""], [*([ord(c) for c in word] for word in words), tokens[-1:]]


def rescored(text: str, listed: list[str], actual: str, word: str = r"\s*\S+") -> str:
    """Return a text rescored with the terms `listed` by a model that finds the text `actual` probable.

    The model is imitated: a character is probable if the text up to and including it is the start of `actual`. `word`
    is the pattern of the words that the tokenizer finds.
    """

    def score(tokens: list[int]) -> Sequence[float]:
        written = "".join(map(chr, tokens))
        same = len(list(takewhile(lambda pair: pair[0] == pair[1], zip(written, actual, strict=False))))
        return [1.0] * same + [0.1] * (len(written) - same)

    tokenizer, eot = CharacterTokenizer(word), CharacterTokenizer.eot
    found = Rescorer(listed).rescored([eot, *tokenizer.encode(text), eot + 100], tokenizer, score)
    assert found[0] == eot and found[-1] == eot + 100
    return "".join(chr(token) for token in found if token < eot)


def test_probable_term_replaces_similar_sounding_text():
    for actual in (" By Helstone, it is.", " Helstone's house.", " You pay grant$."):
        assert (
            rescored(actual.replace("Helstone", "Halston").replace("grant", "grand"), ["Helstone", "grant"], actual)
            == actual
        )


def test_an_improbable_term_changes_nothing():
    text = " The kind people left the neighbourhood of Halston."
    assert rescored(text, ["Kine", "Helstone", "Zarathustra", "PostgreSQL"], text) == text
    assert rescored(text, [], "") == text and rescored("", ["Kine"], "") == ""


@pytest.mark.parametrize(
    ("text", "term"),
    [
        (" I met Katherine. Cole came later.", "Katherine Cole"),
        (" What can you do for you, ask what you can do.", "you ask"),
        (" Is it Katherine? Cole came.", "Katherine Cole"),
        (" We saw Katherine - Cole came.", "Katherine Cole"),
    ],
)
def test_a_term_does_not_join_two_sentences_or_clauses(text: str, term: str):
    joined = re.sub(r"[.,?]? (- )?(?=Cole|ask)", " ", text, count=1)
    assert term in joined and rescored(text, [term], joined) == text


@pytest.mark.parametrize(
    ("text", "term", "actual"),
    [
        (" I met Dr. Coal there.", "Dr Cole", " I met Dr Cole there."),
        (" I met Dr. Coal there.", "Dr. Cole", " I met Dr. Cole there."),
        (" In the U. S. A. he came.", "U.S.A", " In the U.S.A. he came."),
        (" Some 1,000 lakess here.", "1,000 Lakes", " Some 1,000 Lakes here."),
        (" My katherine, coal came.", "Katherine, Cole", " My Katherine, Cole came."),
    ],
)
def test_a_term_replaces_words_with_other_punctuation_between_them(text: str, term: str, actual: str):
    assert rescored(text, [term], actual) == actual


def test_words_that_differ_in_vowel_signs_sound_different():
    pairs = [("दिल्ली", "दिल"), ("दिल्ली", "दाल"), ("सीता", "सात"), ("राम", "रोम"), ("ไก่", "ไก"), ("கமல்", "காமலி")]
    assert all(sounds.distance(sounds.key(one), sounds.key(other)) > 0 for one, other in pairs)
    assert sounds.distance(sounds.key("दिल्ली"), sounds.key("दिल")) > rescoring.MAX_DISTANCE
    assert sounds.key("مُحَمَّد") == sounds.key("محمد") and sounds.key("Łódź") == sounds.key("lodz")
    text = " हमारे पास सात किताबें हैं"
    assert rescored(text, ["सीता"], text.replace("सात", "सीता")) == text


def test_a_vowel_sign_at_the_end_of_a_word_belongs_to_it():
    assert rescoring.split_word(" «दिल्ली»,") == (" «", "दिल्ली", "»,")
    assert rescored(" वह दिल्लि में", ["दिल्ली"], " वह दिल्ली में") == " वह दिल्ली में"


@pytest.mark.parametrize(
    ("text", "term", "actual"),
    [
        ("ฉันไปเชียงไหม่เมื่อวาน", "เชียงใหม่", "ฉันไปเชียงใหม่เมื่อวาน"),
        ("ถึงสุวันภูมิแล้ว", "สุวรรณภูมิ", "ถึงสุวรรณภูมิแล้ว"),
        ("คุณสมชายวงสวัสดิ์มา", "สมชายวงศ์สวัสดิ์", "คุณสมชายวงศ์สวัสดิ์มา"),
        ("ရန်ကုမ်မြို့", "ရန်ကုန်", "ရန်ကုန်မြို့"),
        ("我在阿尔伯特成大学", "阿尔伯特城", "我在阿尔伯特城大学"),
        ("プロクラミングが好き", "プログラミング", "プログラミングが好き"),
    ],
)
def test_a_long_term_is_found_where_each_character_is_a_word_of_whisper(text: str, term: str, actual: str):
    assert rescored(text, [term], actual, word=r"\s*\S") == actual


def test_a_term_is_found_where_khmer_words_are_split_at_spaces():
    assert rescored(" ទៅ ភ្នំពេន ថ្ងៃនេះ", ["ភ្នំពេញ"], " ទៅ ភ្នំពេញ ថ្ងៃនេះ") == " ទៅ ភ្នំពេញ ថ្ងៃនេះ"


def test_listed_name_is_not_replaced_by_another_listed_name():
    assert rescored(" Mr. Hall came.", ["Hale", "Hall"], " Mr. Hale came.") == " Mr. Hall came."
    assert rescored(" Mr. Hal came.", ["Hale", "Hall"], " Mr. Hale came.") == " Mr. Hale came."


FIRST_NAMES = """Anna Bernard Cyrille Dorothea Edmund Fatima Gustav Helena Ibrahim Joanna Konrad Ludmila Marguerite
Nikolai Olivia Pietro Quentin Rosalind Stanislav Theodora Ulrich Valentina Wilhelm Yasmin Zoltan""".split()
LAST_NAMES = """Abernathy Blackwood Castellano Drummond Eriksen Fairweather Gallagher Halvorsen Ivanov Jankowski
Kowalczyk Lindqvist Mackenzie Novotny Oppenheimer Petrov Rasmussen Schwarzkopf Tanaka Zimmermann""".split()
FULL_NAMES = [f"{first} {last}" for first in FIRST_NAMES for last in LAST_NAMES]
WINDOW = """ the committee met on Tuesday and doctor Silly Abernathie spoke about the new hospital in the north of the
country where Martha Black Wood and Gustave Halverson had worked for many years before the war and everybody agreed that
it was time to build another one near the river because people from the villages had to travel for hours"""


def compared(terms: list[str], monkeypatch: pytest.MonkeyPatch) -> tuple[int, list[tuple[str, str]]]:
    """Return how many distances are computed for WINDOW, and the candidates: the term and the text with it."""
    calls = []
    with monkeypatch.context() as patch:
        distance = sounds.distance
        patch.setattr(sounds, "distance", lambda one, other: calls.append(one) or distance(one, other))
        tokenizer = CharacterTokenizer()
        found = Rescorer(terms)._candidates(tokenizer.encode(WINDOW), tokenizer)
    return len(calls), [(candidate.term, candidate.text) for candidate in found]


@pytest.mark.parametrize("terms", [FULL_NAMES[::9], FULL_NAMES[::25] + LAST_NAMES, LAST_NAMES + FIRST_NAMES])
def test_candidates_are_the_same_as_if_every_pair_were_compared(terms: list[str], monkeypatch: pytest.MonkeyPatch):
    _, found = compared(terms, monkeypatch)
    monkeypatch.setattr(rescoring, "MAX_COMPARED", 1_000_000)
    calls, every = compared(terms, monkeypatch)
    assert found == every and len(found) > 5 and calls > 1000


def test_a_full_vocabulary_compares_few_of_its_terms_with_a_window(monkeypatch: pytest.MonkeyPatch):
    assert len(FULL_NAMES) == 500
    calls, found = compared(FULL_NAMES, monkeypatch)
    assert calls <= rescoring.MAX_COMPARED and found[0][0] == "Gustav Halvorsen"


LISTED = ["Cyrille", "Zau al-Makan"]


@pytest.mark.parametrize(
    ("model", "given", "sent"),
    [
        ("nova-3", {"keyterm": ["mine"]}, {"keyterm": ["mine", "Cyrille", "Zau al-Makan"]}),
        ("#g1_nova-2-general", {}, {"keywords": ["Cyrille", "Zau", "al-Makan"]}),
        ("#g1_whisper-large", {}, {"keywords": ["Cyrille", "Zau", "al-Makan"]}),
        ("aai/universal", {}, {"word_boost": ["Cyrille", "Zau al-Makan"]}),
        ("aai/slam-1", {}, {"keyterms_prompt": ["Cyrille", "Zau al-Makan"]}),
        (
            "openai/gpt-4o-transcribe",
            {"prompt": "British spelling."},
            {"prompt": "Glossary: Cyrille, Zau al-Makan. British spelling."},
        ),
    ],
)
def test_each_model_gets_the_terms_in_the_option_that_it_supports(model: str, given: dict, sent: dict):
    assert with_vocabulary(packaged().find(model), given, LISTED) == (sent, [])
    assert with_vocabulary(packaged().find(model), given, []) == (given, [])


def test_terms_over_the_limit_or_not_supported_are_left_out():
    many = [f"Name{number}" for number in range(300)]
    for model, most in (("nova-3", 100), ("#g1_nova-2-general", 100)):
        options, left_out = with_vocabulary(packaged().find(model), {}, many)
        (sent,) = options.values()
        assert sent == many[:most] and left_out == many[most:]
    options, left_out = with_vocabulary(packaged().find("openai/gpt-4o-transcribe"), {}, many)
    assert len(options["prompt"]) <= 1100 and left_out and many[-len(left_out) :] == left_out
    assert with_vocabulary(packaged().find("microsoft/mai-transcribe-1.5"), {}, many) == ({}, many)


@pytest.mark.parametrize(
    "given", [["Cyrille", "Cyril -> Cyrille"], "Cyrille, Cyril → Cyrille", "Cyrille\nCyril=>Cyrille"]
)
def test_a_vocabulary_is_taken_from_the_options(given: str | list[str]):
    options = {"vocabulary": given, "language": "en"}
    assert take_vocabulary(options) == ["Cyrille", "Cyril → Cyrille"] and options == {"language": "en"}


@pytest.mark.parametrize("given", [5, [5], {"a": "b"}, ["a\x00b"]])
def test_invalid_vocabulary_is_refused(given: object):
    with pytest.raises(BadOption):
        take_vocabulary({"vocabulary": given})
