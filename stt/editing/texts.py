"""Clean up text that users type: the texts of paragraphs and the names of speakers."""

from __future__ import annotations

from stt.errors import BadOption

LONGEST_TEXT = 200_000  # maximum length of a paragraph, characters
LONGEST_NAME = 100  # maximum length of a speaker's name, characters


def tidy(text: str, longest: int, subject: str) -> str:
    """Return the text with normalised white space and without characters that databases reject.

    Raises BadOption, with a message that begins with `subject`, if the result is longer than `longest` characters.
    """
    found = " ".join(clean(text).split())
    if len(found) > longest:
        raise BadOption(f"{subject} takes at most {longest:,} characters.", guidance="Shorten it.")
    return found


def paragraph_text(text: str) -> str:
    """Return the typed text of a paragraph in the form that is stored. Raises BadOption if the text is too long."""
    return tidy(text, LONGEST_TEXT, "A paragraph")


def name_of_speaker(name: str) -> str:
    """Return the typed name of a speaker in the form that is stored. Raises BadOption for an empty or too long name."""
    found = tidy(name, LONGEST_NAME, "A name")
    if not found:
        raise BadOption("A speaker needs a name.", guidance="Enter one, or leave the old name.")
    return found


def clean(text: str) -> str:
    """Return a text without characters that databases reject."""
    return text.replace("\x00", "").encode("utf-8", "ignore").decode()
