"""Test that a reference in a Word document is read as the words that the body of the document shows."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable

import docx
import pytest
from docx.oxml import OxmlElement, parse_xml
from docx.oxml.ns import nsdecls

from stt.export import formats
from stt.transcript.model import Segment, Transcript
from tests.references import REFERENCE_TEXT, assert_says
from tests.transcripts import TALK


def document(*texts: str) -> docx.document.Document:
    doc = docx.Document()
    for text in texts:
        doc.add_paragraph(text)
    return doc


def saved(doc: docx.document.Document) -> bytes:
    file = io.BytesIO()
    doc.save(file)
    return file.getvalue()


def formatted() -> bytes:
    doc = docx.Document()
    paragraph = doc.add_paragraph("He")
    paragraph.add_run("llo").bold = True
    paragraph.add_run("\tthere").italic = True
    paragraph.add_run().add_break()
    paragraph.add_run("my friend")
    return saved(doc)


def of_a_meeting() -> bytes:
    """Return a transcript document as Teams writes it."""
    doc = docx.Document()
    for name, clock, text in (("Anna Smith", "0:03", "Hello there."), ("Ben", "0:08", "Yes.")):
        paragraph = doc.add_paragraph()
        paragraph.add_run(name).bold = True
        paragraph.add_run(f"   {clock}").add_break()
        paragraph.add_run(text)
    return saved(doc)


def with_table_and_header() -> bytes:
    doc = document("Hello")
    doc.sections[0].header.paragraphs[0].text = "Minutes"
    doc.sections[0].footer.paragraphs[0].text = "Page 1"
    doc.add_table(1, 2).rows[0].cells[1].text = "there"
    doc.add_comment(doc.paragraphs[0].runs, "is that so?", "Anna")
    return saved(doc)


def with_changes() -> bytes:
    """Return a document with deleted, inserted, moved-away and hidden text, and the instruction of a PAGE field."""
    doc = document("Hello ")
    paragraph_xml = doc.paragraphs[0]._p
    space = nsdecls("w")
    for xml in (
        f'<w:del {space} w:id="1" w:author="a"><w:r><w:delText>nobody</w:delText></w:r></w:del>',
        f'<w:ins {space} w:id="2" w:author="a"><w:r><w:t xml:space="preserve">there </w:t></w:r></w:ins>',
        f"<w:moveFrom {space}><w:r><w:t>moved</w:t></w:r></w:moveFrom>",
        f"<w:r {space}><w:rPr><w:vanish/></w:rPr><w:t>hidden</w:t></w:r>",
        f"<w:r {space}><w:instrText>PAGE</w:instrText></w:r>",
        f"<w:r {space}><w:t>yes</w:t><w:noBreakHyphen/><w:t>sir</w:t></w:r>",
    ):
        paragraph_xml.append(parse_xml(xml))
    return saved(doc)


def with_text_box() -> bytes:
    """Return a document with a text box. Word stores the box's text twice, the second time for older programs."""
    doc = document("Hello")
    inside = "<w:txbxContent><w:p><w:r><w:t>there</w:t></w:r></w:p></w:txbxContent>"
    doc.paragraphs[0]._p.append(
        parse_xml(
            f'<w:r {nsdecls("w")} xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006">'
            f"<mc:AlternateContent><mc:Choice>{inside}</mc:Choice><mc:Fallback>{inside}</mc:Fallback></mc:AlternateContent></w:r>"
        )
    )
    return saved(doc)


def right_to_left() -> bytes:
    doc = document("مرحبا بكم", "今天天气很好。")
    doc.paragraphs[0]._p.get_or_add_pPr().append(OxmlElement("w:bidi"))
    return saved(doc)


def repacked(
    data: bytes, change: Callable[[str, bytes], tuple[str, bytes]], method: int = zipfile.ZIP_DEFLATED
) -> bytes:
    """Return the document with each file in its ZIP replaced by the result of `change(name, content)`."""
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(file, "w", method) as new:
        for name in old.namelist():
            new.writestr(*change(name, old.read(name)))
    return file.getvalue()


def body_elsewhere(name: str, content: bytes) -> tuple[str, bytes]:
    return name.replace("document.xml", "document2.xml"), content.replace(b"word/document.xml", b"/word/document2.xml")


def strict(name: str, content: bytes) -> tuple[str, bytes]:
    old, new = b"schemas.openxmlformats.org", b"purl.oclc.org/ooxml"
    content = content.replace(old + b"/wordprocessingml/2006/main", new + b"/wordprocessingml/main")
    return name, content.replace(old + b"/officeDocument/2006/relationships", new + b"/officeDocument/relationships")


@pytest.mark.parametrize(
    ("data", "words"),
    [
        pytest.param(saved(document("Hello there.", "", "Yes.")), "Hello there yes", id="paragraphs"),
        pytest.param(formatted(), "Hello there my friend", id="words in several formats"),
        pytest.param(with_table_and_header(), "Hello there", id="a table, a header, a footer, a comment"),
        pytest.param(with_changes(), "Hello there yes-sir", id="tracked changes, hidden text, fields"),
        pytest.param(with_text_box(), "there Hello", id="a text box"),
        pytest.param(of_a_meeting(), "Hello there yes", id="meeting transcript with names and times"),
        pytest.param(right_to_left(), "مرحبا بكم 今天天气很好", id="other scripts"),
        pytest.param(
            repacked(saved(document("Hello there")), body_elsewhere), "Hello there", id="body in another file"
        ),
        pytest.param(repacked(saved(document("Hello there")), strict), "Hello there", id="strict OOXML"),
        pytest.param(formats.FORMATS["docx"].write(TALK, title="The talk", model="base"), TALK.text, id="app export"),
        pytest.param(
            formats.FORMATS["docx"].write(Transcript((Segment(0, 1, REFERENCE_TEXT, (), "Speaker 1"),), 1.0)),
            REFERENCE_TEXT,
            id="app export, one speaker",
        ),
    ],
)
def test_word_document_gives_the_words_that_its_body_shows(data: bytes, words: str):
    assert_says(data, "a.docx", words)
    assert_says(data, "a.txt", words)
