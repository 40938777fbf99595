"""`stt transcribe`: transcribe recordings, and write the transcripts to files or to standard output."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from tqdm import tqdm

from stt.cli import inputs, outputs
from stt.cli.engines import Attempt, Engine, Local, Report, Server
from stt.cli.inputs import Source
from stt.errors import BadOption, SttError
from stt.files import json_values
from stt.transcript.model import Transcript

FAILED, INTERRUPTED = 1, 130  # exit codes of this process
DEFAULT_MODEL = "local/whisper-base"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command-line options that `stt transcribe` and `stt watch` have in common."""
    add = parser.add_argument
    add("--model", default=DEFAULT_MODEL, help="such as small, local/whisper-base, or one of a server's /v1/models")
    add("--language", help="codes such as en, or en,de if several are spoken; default: detect")
    add("--speakers", default="off", help="auto, or their number, to tell who speaks when; default: off")
    add("--translate", action="store_true", help="translate to English")
    add("--prompt", help="a text in the style and script that the transcript should have")
    add("--vocabulary", type=Path, metavar="FILE", help="names and terms to get right, one a line")
    add("--format", default="txt", help="a list of txt, srt, vtt, docx, csv, json; default: txt")
    add("--output", type=Path, metavar="DIR", help="the folder to write to")
    add("--server", metavar="URL", help="transcribe through this server, in place of this machine")
    add("--token", default=os.environ.get("STT_TOKEN"), help="its token; default: the environment's STT_TOKEN")
    add("--json", action="store_true", help="print a JSON object for each recording, for programs")


def add_command(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser("transcribe", help="transcribe files, folders or links")
    parser.add_argument("files", nargs="+", metavar="FILE", help="a file, a folder, a link, or - for standard input")
    add_arguments(parser)
    parser.add_argument("--name", help="the name of the recording from standard input")
    parser.add_argument(
        "--overwrite",
        action="store_true",
        help="replace files of earlier runs; default: write talk (2).txt beside them",
    )
    parser.set_defaults(run=run)


def run(chosen: argparse.Namespace) -> int:
    """Run the command and return its exit code: 0, FAILED if any recording failed, or INTERRUPTED after Ctrl+C."""
    try:
        return FAILED if _transcribe_all(chosen) else 0
    except KeyboardInterrupt:
        to_stderr("Stopped.")
        return INTERRUPTED


def _transcribe_all(chosen: argparse.Namespace) -> int:
    """Transcribe the recordings that the command line lists, and return how many failed."""
    wanted = outputs.formats(chosen.format)
    failed = 0
    overwriting: set[Path] | None = set() if chosen.overwrite else None
    with inputs.sources(chosen.files, chosen.name) as sources, closing(engine(chosen)) as work:
        shown = len(sources) == 1 and len(wanted) == 1 and chosen.output is None and not chosen.json
        if not sources:
            raise BadOption("There is no recording in this folder.", guidance="Name files, or another folder.")
        for source in sources:
            attempt = Attempt()
            try:
                transcript, answer = one(work, source, attempt)
                if shown and transcript is not None:
                    outputs.show(transcript, wanted[0], source.name)
                elif transcript is not None and (chosen.output is not None or not chosen.json):
                    folder = chosen.output or Path()
                    save(answer, folder, source.name, transcript, wanted, overwriting=overwriting)
            finally:
                work.forget({attempt.key})
            failed += answer["status"] != "done"
            print_result(answer, as_json=chosen.json)
    return failed


def one(work: Engine, source: Source, attempt: Attempt) -> tuple[Transcript | None, dict[str, Any]]:
    """Transcribe a recording. Return its transcript (None after a failure), and the dict that `--json` prints.

    After a failure, the dict has the error. Notes about missing parts of the transcript go to standard error.
    """
    try:
        with progress(source.name) as report:
            generation_id, transcript, notes = work.transcribe(source, report, attempt)
    except SttError as error:
        return None, {"file": str(source), **failure(source.name, error)}
    notes = (*(f"from {start:.1f} s to {end:.1f} s: {why}" for start, end, why in transcript.lost), *notes)
    for note in notes:
        to_stderr(f"{source.name}: {note}")
    answer: dict[str, Any] = {"file": str(source), "status": "done", "generation_id": generation_id}
    answer |= {"duration": transcript.duration, "language": transcript.language, "text": transcript.text}
    answer |= {"outputs": [], "notes": list(notes)}
    return transcript, answer


def save(
    answer: dict[str, Any],
    folder: Path,
    name: str,
    transcript: Transcript,
    wanted: Sequence[str],
    *,
    overwriting: set[Path] | None = None,
) -> None:
    """Write a transcript to files, and add their paths to `answer`. If writing fails, add the error to `answer`.

    `overwriting` is passed to `outputs.write`.
    """
    try:
        paths = outputs.write(folder, name, transcript, wanted, overwriting=overwriting)
    except SttError as error:
        answer |= failure(name, error)
    else:
        answer["outputs"] = [str(path) for path in paths]


def failure(name: str, error: SttError) -> dict[str, Any]:
    """Print an error to standard error, and return its fields for the output of `--json`."""
    to_stderr(f"{name}: {error.message} {error.guidance}".rstrip())
    return {"status": "failed", "error": error.to_dict()}


def engine(chosen: argparse.Namespace) -> Engine:
    """Return the engine that the command line chooses, with its model and job options.

    Raises BadOption if there is no such Whisper model, if a server has no token, or if an option is invalid.
    """
    model: str = chosen.model
    if chosen.server is None:
        from stt.models import known

        if "/" not in model and not model.startswith("#"):
            model = known.find(model).id
        return Local(model, options(chosen))
    if not chosen.token:
        raise BadOption("A server needs a token.", guidance="Set STT_TOKEN, or use --token.")
    return Server(model, options(chosen), chosen.server, chosen.token)


def options(chosen: argparse.Namespace) -> dict[str, Any]:
    """Return the job options that the command line chooses.

    Raises BadOption if the vocabulary file cannot be read, or if `--speakers` is invalid.
    """
    values = {"language": chosen.language, "translate": chosen.translate, "prompt": chosen.prompt}
    found: dict[str, Any] = {name: value for name, value in values.items() if value}
    if chosen.vocabulary is not None:
        try:
            lines = chosen.vocabulary.read_text("utf-8-sig").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise BadOption(f"{chosen.vocabulary} cannot be read as a text in UTF-8.", guidance="Check it.") from error
        found["vocabulary"] = [line.strip() for line in lines if line.strip()]
    if chosen.speakers != "off":
        number = json_values.signed(chosen.speakers)
        if chosen.speakers != "auto" and (number is None or not 1 <= number <= 12 or number % 1):
            raise BadOption("--speakers is auto, off, or a number from 1 to 12.", guidance="Correct it.")
        found["diarize"] = True
        if number is not None:
            found["speakers_expected"] = int(number)
    return found


@contextmanager
def progress(name: str) -> Iterator[Report]:
    """Show a progress bar if standard error is a terminal. Yield the function that updates the bar."""
    form = "{desc}: {percentage:3.0f} %|{bar}| {n:.0f} of {total:.0f} s, {remaining} left"
    with tqdm(total=0, desc=name, bar_format=form, leave=False, disable=None, file=sys.stderr) as bar:

        def report(done: float, total: float | None, doing: str) -> None:
            bar.total = total or 0
            bar.bar_format = form if total else "{desc}"
            bar.n = min(done, total) if total else 0
            bar.set_description_str(f"{name}: {doing}")

        yield report


def print_result(answer: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        # A file name may have bytes that are not UTF-8. They are written as the escapes of JSON, such as \udce9.
        outputs.to_stdout(json.dumps(answer, ensure_ascii=False).encode("utf-8", "backslashreplace") + b"\n")
    else:
        for path in answer.get("outputs", []):
            to_stderr(path)


def to_stderr(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
