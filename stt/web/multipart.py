"""Parse a form (`multipart/form-data`) while it arrives. Its file is written to disk, its fields are kept in memory."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from typing import TYPE_CHECKING

from python_multipart import MultipartParser
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import parse_options_header

from stt.errors import InputError, TooLarge
from stt.files import names
from stt.store.recordings import Intake

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

FILE_PARTS = ("audio", "file")  # names of the part with the recording; in OpenAI's API, the name is `file`
# Maximum number of parts, and maximum total size in bytes of the headers and values of all parts without the recording.
MOST_FIELDS, LONGEST_FIELDS = 200, 1 << 20


class BadForm(InputError):
    """A form or a JSON body that cannot be parsed, or a form in which a part is missing or repeated."""

    title = "Body validation error"
    guidance = "Send multipart/form-data with the recording in the part “audio”."


class Form:
    """A streaming parser of a form: call `write` with each block of the body, then `end`.

    After `end`, the attribute `fields` has the text of each field (a list if the field is repeated), and `intake` is
    the Intake that has received the file, or None if the form has no file. The argument `intake` is a function that
    gets the file name that the client sent, and returns the Intake for the file. At most twice LONGEST_FIELDS bytes and
    the current block are in memory.

    Raises BadForm if the form is malformed, TooLarge if it has too many or too large fields, and the errors of Intake.
    """

    def __init__(self, content_type: str, intake: Callable[[str], Intake]) -> None:
        _, parameters = parse_options_header(content_type)
        boundary = parameters.get(b"boundary")
        if not boundary:
            raise BadForm("The Content-Type names no boundary.")
        self.fields: dict[str, str | list[str]] = {}
        self.raw: dict[str, tuple[str, bytes]] = {}  # file name and bytes of the last field of each name
        self.intake: Intake | None = None
        self._open, self._files = intake, ExitStack()
        self._parts = self._size = 0
        self._ended = False
        callbacks: MultipartCallbacks = {
            "on_part_begin": self._on_part_begin,
            "on_header_field": self._on_header_field,
            "on_header_value": self._on_header_value,
            "on_header_end": self._on_header_end,
            "on_headers_finished": self._on_headers_finished,
            "on_part_data": self._on_part_data,
            "on_part_end": self._on_part_end,
            "on_end": self._on_end,
        }
        try:
            self._parser = MultipartParser(boundary, callbacks)
        except FormParserError as error:
            raise BadForm("The boundary cannot be used.") from error

    def close(self) -> None:
        """Delete the file, unless `intake.finish` has stored it."""
        self._files.close()

    def write(self, block: bytes) -> None:
        try:
            self._parser.write(block)
        except FormParserError as error:
            raise BadForm("The body is not a well-formed form.") from error

    def end(self) -> None:
        if not self._ended:
            raise BadForm("The form ends too early.")

    def _on_part_begin(self) -> None:
        self._parts += 1
        if self._parts > MOST_FIELDS:
            raise TooLarge(f"A form may have {MOST_FIELDS} fields at most.", guidance="Send fewer fields.")
        self._name: str | None = None
        self._filename = ""
        self._value = bytearray()
        self._is_file = False
        self._header, self._header_value = b"", b""

    def _on_header_field(self, data: bytes, start: int, end: int) -> None:
        self._count(end - start)
        self._header += data[start:end]

    def _on_header_value(self, data: bytes, start: int, end: int) -> None:
        self._count(end - start)
        self._header_value += data[start:end]

    def _on_header_end(self) -> None:
        if self._header.lower() == b"content-disposition":
            disposition = names.disposition(self._header_value.decode("latin-1"))
            self._name, self._filename = disposition.get("name"), disposition.get("filename", "")
        self._header, self._header_value = b"", b""

    def _on_headers_finished(self) -> None:
        if self._name is None:
            raise BadForm("A part of the form has no name.")
        self._is_file = self._name in FILE_PARTS
        if self._is_file:
            if self.intake is not None:
                raise BadForm("The form holds more than one file.")
            self.intake = self._files.enter_context(self._open(self._filename))

    def _on_part_data(self, data: bytes, start: int, end: int) -> None:
        if self._is_file:
            assert self.intake is not None
            self.intake.write(data[start:end])
        else:
            self._count(end - start)
            self._value += data[start:end]

    def _on_part_end(self) -> None:
        if self._is_file or self._name is None:
            return
        self.raw[self._name] = self._filename, bytes(self._value)
        text = self._value.decode("utf-8", "replace")
        before = self.fields.get(self._name)
        if before is None:
            self.fields[self._name] = text
        else:  # a form sends a list as several fields of the same name
            self.fields[self._name] = [*([before] if isinstance(before, str) else before), text]

    def _on_end(self) -> None:
        self._ended = True

    def _count(self, size: int) -> None:
        self._size += size
        if self._size > LONGEST_FIELDS:
            raise TooLarge("The fields of the form are larger than 1 MB.", guidance="Send shorter fields.")
