"""Provide the command line: transcribe, watch a folder, manage tokens and models, or run a worker without pages.

python -m stt transcribe FILE…       transcribe files, folders or links, on this machine or through a server
python -m stt watch DIR --output DIR transcribe each file that arrives in a folder, once
python -m stt token NAME             create a token; it is shown only once, on the last line
python -m stt token NAME --read-only create a token that cannot create or change anything
python -m stt token --list           list tokens, their owners and when they were last used
python -m stt token --revoke ID      revoke a token
python -m stt models                 list the Whisper models that this machine can run, and which are downloaded
python -m stt models get NAME        download a model, such as small; an interrupted download resumes
python -m stt models remove NAME     delete a downloaded model
python -m stt worker                 run jobs until SIGTERM or SIGINT, without serving pages
python -m stt worker --port 9100     run a worker that serves /healthz and /metrics on port 9100
"""

from __future__ import annotations

import argparse
import logging
import signal
import sys
from contextlib import suppress
from datetime import UTC, datetime
from queue import Empty, SimpleQueue

from stt.cli import transcribe, watching
from stt.errors import SetupError, SttError
from stt.files import writing


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m stt", description="STT Studio on the command line.")
    commands = parser.add_subparsers(dest="command", required=True)
    token = commands.add_parser("token", help="create, list or revoke tokens of the REST API")
    what = token.add_mutually_exclusive_group(required=True)
    what.add_argument("name", nargs="?", help="what the new token is for; its jobs belong to this name")
    what.add_argument("--list", action="store_true", help="list all tokens")
    what.add_argument("--revoke", metavar="ID", help="revoke the token with this id")
    what.add_argument("--withdraw", dest="revoke", help=argparse.SUPPRESS)  # the option's name in older versions
    token.add_argument("--read-only", action="store_true", help="with NAME: one that creates and changes nothing")
    worker = commands.add_parser("worker", help="work on jobs, without pages")
    worker.add_argument("--port", type=int, help="answer /healthz and /metrics on this port")
    models = commands.add_parser("models", help="list, download or delete Whisper models")
    models.add_argument("action", nargs="?", choices=["get", "remove"], help="without it: list them")
    models.add_argument("model", nargs="?", metavar="NAME", help="such as small, medium.en or large-v3-turbo")
    transcribe.add_command(commands)
    watching.add_command(commands)
    token.set_defaults(run=manage_tokens)
    worker.set_defaults(run=work)
    models.set_defaults(run=manage_models)
    chosen = parser.parse_args(arguments)
    if chosen.command == "models" and (chosen.action is None) != (chosen.model is None):
        parser.error(f"models {chosen.action} needs the name of a model")
    writing.be_private()
    try:
        sys.exit(chosen.run(chosen))
    except SttError as error:
        sys.exit(f"{error.message} {error.guidance}")


def manage_tokens(chosen: argparse.Namespace) -> None:
    from stt.auth import tokens, visitors

    if chosen.list:
        for token in tokens.all_of(None):
            used, created = _day(token.used), _day(token.created)
            print(f"{token.id}  {token.owner}  {token.name}  created {created}, last used {used}")
    elif chosen.revoke:
        tokens.revoke(chosen.revoke, None)
        print("Revoked.")
    else:
        text = tokens.create(chosen.name, visitors.owner_of_token(chosen.name), read_only=chosen.read_only)
        print("This token is shown once. Programs send it as “Authorization: Bearer TOKEN”.")
        print(text)


def manage_models(chosen: argparse.Namespace) -> None:
    from stt.models import shelf
    from stt.models.download import megabytes

    if chosen.action is None:
        list_models()
    elif chosen.action == "get":
        get_model(chosen.model)
    else:
        print(f"Deleted, {megabytes(shelf.remove(chosen.model))} are free again.")


def list_models() -> None:
    from stt.models import shelf
    from stt.models.download import megabytes
    from stt.store import records

    entries = shelf.entries()
    used = records.last_used([entry.known.id for entry in entries])
    for entry in entries:
        known = entry.known
        state: str = "not here" if entry.state == "absent" else entry.state
        if entry.progress:
            state += f", {entry.progress.percent} %"
        languages = "English" if known.english else "multilingual"
        print(
            f"{known.name.removeprefix('whisper-'):18} {state:18} {megabytes(entry.size):>9} on disk,"
            f" about {megabytes(known.memory)} in memory, {languages}, last used {_day(used.get(known.id))}"
        )


def get_model(name: str) -> None:
    from stt.models import shelf
    from stt.models.download import Progress, megabytes

    shown = -1

    def report(progress: Progress) -> None:
        nonlocal shown
        if progress.percent != shown and sys.stderr.isatty():
            shown = progress.percent
            print(f"\r{shown} % of {megabytes(progress.total)}", end="", flush=True, file=sys.stderr)

    try:
        entry = shelf.get(name, report)
    except KeyboardInterrupt:
        sys.exit("\nStopped. The downloaded part is kept; run the same command to resume.")
    print(f"{entry.known.title} is here, {megabytes(entry.size)}.")


def work(chosen: argparse.Namespace) -> None:
    """Run a worker until SIGTERM or SIGINT. On a shared database, its open jobs are then requeued."""
    from stt import lifecycle
    from stt.ops import logs, monitor
    from stt.settings import settings

    if settings().role == "web":
        raise SetupError("STT_ROLE is “web”, which works on no jobs.", guidance="Set it to “worker” here.")
    logs.set_up()
    signals: SimpleQueue[int] = SimpleQueue()  # not an Event: a signal handler must not wait for the lock of an Event
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda number, _frame: signals.put(number))
    lifecycle.check()
    if chosen.port is not None:
        monitor.serve(chosen.port)
    lifecycle.begin(lambda: not signals.empty())
    if signals.empty():
        logging.getLogger("stt.worker").info("ready")
    while signals.empty():
        with suppress(Empty):  # after each timeout, this thread handles a signal that another thread received
            signals.get(timeout=1.0)
            break
    lifecycle.leave()


def _day(moment: float | None) -> str:
    return "never" if moment is None else datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d %H:%M UTC")


if __name__ == "__main__":
    main()
