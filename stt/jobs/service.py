"""Create, read, cancel and retry jobs, search for their speakers, and start and stop the job engine.

Each attempt at a job is a DBOS workflow. Step results are checkpoints, from which a job continues after a crash.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from pydantic import SecretStr

from stt import kinds
from stt.aiml import catalog, offered
from stt.aiml.catalog import LOCAL as LOCAL_MODEL
from stt.aiml.options import take_track, take_vocabulary, with_speakers
from stt.auth import keys, recovery
from stt.auth.visitors import LOCAL
from stt.background.diarization import results, search
from stt.background.passages import decoding
from stt.background.playback import copying
from stt.cluster import crashes, processes, workers
from stt.compat import dbos_queues, threads
from stt.db import fulltext_index, title_order, undo
from stt.db.engine import database
from stt.errors import BadOption, KeyMissing, NotFound
from stt.files import folder_lock
from stt.jobs import idempotency, launching, maintenance, queueing, queues, sources
from stt.library import retention
from stt.links import download, web_pages
from stt.ops import health
from stt.settings import settings
from stt.speakers import MOST as MOST_SPEAKERS
from stt.store import erasure, quotas, recordings, records, transcripts
from stt.store.recordings import Link, Recording
from stt.store.records import Job
from stt.transcript import titles
from stt.transcript.model import Transcript
from stt.vocabulary import terms
from stt.webhooks import delivering, subscriptions

log = logging.getLogger("stt.jobs.service")

_starting = threading.Lock()
_started = False
_heartbeat: workers.Heartbeat | None = None
_eraser: erasure.Eraser | None = None
_held = ExitStack()  # holds the lock of the data folder while the job engine runs


@dataclass(frozen=True, slots=True)
class Progress:
    """Hold the result of `get`. `text` is the text transcribed so far; `transcript` is None until `state` is `done`."""

    job: Job
    text: str
    transcript: Transcript | None
    speakers: results.Search | None = None  # progress of the search for speakers, if there is one
    awaited: bool = False  # whether diarization runs, or is still expected to begin when `get` is called

    @property
    def state(self) -> str:
        return self.job.state


def create(
    source: Recording | Link | Path | str,
    *,
    model: str = LOCAL_MODEL,
    options: dict[str, Any] | None = None,
    owner: str = LOCAL,
    title: str | None = None,
    key: SecretStr | None = None,
    claim: idempotency.Claim | None = None,
    address: str | None = None,
    webhook: str | None = None,
    id: str | None = None,
) -> str:
    """Record a job, queue it and return its generation id, which is `id`, the id of `claim`, or a new one.

    `source` is a stored recording, the path of a local file, which is copied, or a link. The provider fetches a link
    itself; for a model on this machine, this server downloads the link. A string is a link if it begins with `http:` or
    `https:`, and otherwise a path. A caller must therefore pass input from users as `Link`, not as a string.

    The `options` of a provider's model are listed in `stt.aiml.catalog`. A model on this machine takes `language` (a
    code; if missing, the language is detected), `translate` (to English), `channels_are_speakers`, `prompt` (a text
    that shows the style or script) and `speakers` (the number of speakers, or "auto" to estimate it; if missing, there
    is no diarization). Every model takes `vocabulary` (lines, see `stt.vocabulary.terms`) and `track` (a number from 1,
    or "all", which makes each track a speaker; if missing, the track with speech is used).

    `key` is the visitor's key for the AI/ML API; without it the server's key is used. `claim` is the claim to the
    request's Idempotency-Key, if it has one. `address` is the visitor's network address, for the quotas. The end of the
    job is reported to the URL `webhook`, or to the owner's webhook URL if `webhook` is None (see `stt.webhooks`).

    Starts the job engine of this process. Raises DataFolderInUse if another process uses the data folder, InputError
    for an unusable file, link or option, NotFound if somebody else owns the recording, KeyMissing if the model needs a
    key and there is none, StillCreating if another request has claimed the key of `claim`, and LimitReached if a quota
    is exhausted. After an error there is no job.
    """
    start()
    owner = recovery.current(owner)
    chosen, engine = offered.choose(model, key)
    options = dict(options or {})
    track, vocabulary = take_track(options), take_vocabulary(options)
    if chosen.local:
        options = with_speakers(options)
    cleaned = offered.options_for(chosen, model, options)
    notify_url = subscriptions.check(webhook) if webhook else None
    url, typed_url, recording = None, "", None
    if isinstance(source, Recording):
        if recovery.current(source.owner) != owner:
            raise NotFound("There is no such recording.")
        recording = source
        sources.check_track(recording, track, engine)
    elif isinstance(source, Link) or (isinstance(source, str) and source.lower().startswith(("http:", "https:"))):
        url = typed_url = download.well_formed(source.url if isinstance(source, Link) else source)
        web_pages.check(url)
        if engine == kinds.ON_DEVICE:  # only the text of the link is checked here; a DNS look-up may take seconds
            download.acceptable(url, allow_private=settings().allow_private_urls)
        else:
            url = web_pages.direct(url)
    else:
        recording = sources.take_in(Path(source), owner, track, engine)
    if track:
        cleaned[catalog.TRACK] = track
    if vocabulary:
        cleaned[terms.OPTION] = vocabulary
    name, duration = (recording.name, recording.duration) if recording else (download.name_of(typed_url), None)
    now = time.time()
    job = Job(
        id=claim.generation_id if claim else id or recordings.new_id(),
        owner=owner,
        recording_id=recording.id if recording else None,
        url=url,
        title=titles.tidy(title or "") or titles.of_name(name),
        model=chosen.id,
        engine=engine,
        options=cleaned,
        state=kinds.QUEUED,
        priority=queues.next_priority(owner, engine, duration),
        created=now,
        queued=now,
        duration=duration,
        dated=recording.dated if recording else None,
        dated_by=recording.dated_by if recording else None,
        own_key=key is not None and engine == kinds.PROVIDER,
    )
    also = partial(record_also, job, claim, notify_url)
    copied = recording is not None and recording is not source
    return record_and_queue(job, recording, also, claim=claim, address=address, key=key, copied=copied)


def record_and_queue(
    job: Job,
    recording: Recording | None,
    also: Callable[[sa.Connection], None],
    *,
    claim: idempotency.Claim | None,
    address: str | None,
    key: SecretStr | None = None,
    copied: bool = False,
) -> str:
    """Record a new job within the quotas, queue it, and return its id.

    `also` is called with the connection in the transaction that records the job. `copied` tells whether `recording` was
    copied into the store for this job. After an error there is no job, and a copied recording is deleted.
    """
    try:
        with quotas.reserve(job, address):
            sealed = keys.seal(key) if key and job.own_key else None
            records.insert(job, sealed, maker=processes.NAME, also=also)
        queueing.enqueue(job)
    except BaseException:
        undo.until_done(partial(_undo_create, job, claim, copied))
        raise
    if recording is not None:
        copying.expect(recording, job.options)
    log.info("queued %s", job.id)  # the log adds the id of the request, if any
    return job.id


def get(generation_id: str, *, owner: str = LOCAL, texts: bool = True) -> Progress:
    """Return the job with its text so far, and with its transcript if it is done.

    With `texts=False`, the result has no text until the job and its diarization have ended: a long text takes half a
    second to read. An open job continues only while the job engine runs, in this process or in another: `create`,
    `retry` or `start` starts it. Raises NotFound if there is no such job, or if somebody else owns it.
    """
    job = records.load(generation_id, owner)
    # Read the search first: if it is done, the transcript that is read after it contains its speakers.
    found = results.search_of(generation_id) if job.state == kinds.DONE else None
    awaited = results.is_awaited(job, found)
    if not texts and (job.pending or awaited):
        return Progress(job, "", None, found, awaited)
    if job.state == kinds.DONE:
        transcript = transcripts.transcript_of(generation_id)
        return Progress(job, transcript.text, transcript, found, awaited)
    return Progress(job, transcripts.text_so_far(generation_id), None)


def cancel(generation_id: str, *, owner: str = LOCAL) -> None:
    """Cancel a job that has not ended, and keep its text so far. Raises NotFound if `owner` has no such job."""
    job = records.load(generation_id, owner)
    ended: dict[str, Any] = {"finished": time.time(), "stage": None}
    # The workflow notices the new state and stops after the window that it is decoding. If the provider works on the
    # job, the workflow releases the quota, because only it knows what it has submitted.
    never_begun = records.transition(generation_id, (kinds.QUEUED,), kinds.CANCELLED, **ended)
    records.transition(generation_id, kinds.OPEN, kinds.CANCELLED, **ended)
    if never_begun or job.engine in kinds.HERE:
        quotas.release(records.load(generation_id, owner), sent=False)
    delivering.job_ended(generation_id)


def find_speakers(generation_id: str, speakers: int | None = None, *, owner: str = LOCAL) -> None:
    """Begin to search who speaks when in a finished transcript, without transcribing again.

    `speakers` is the number of speakers, 1 to 12, or None to estimate the number. If a search is open already, it
    continues unchanged. Raises NotFound if `owner` has no such transcript, and BadOption if the transcript is not
    finished or `speakers` is out of range.
    """
    if speakers is not None and not 1 <= speakers <= MOST_SPEAKERS:
        raise BadOption(f"The number of speakers is 1 to {MOST_SPEAKERS}.")
    start()
    job = records.load(generation_id, owner)
    if job.state != kinds.DONE:
        raise BadOption("This transcript is not finished.", guidance="Wait until it is finished.")
    search.begin(generation_id, speakers)


def stop_finding_speakers(generation_id: str, *, owner: str = LOCAL) -> None:
    """Stop a search for speakers. The transcript does not change. Raises NotFound if `owner` has no such transcript."""
    records.load(generation_id, owner)
    results.cancel(generation_id)


class _Stale(Exception):
    """The job has changed since it was read."""


def retry(generation_id: str, *, owner: str = LOCAL, key: SecretStr | None = None, address: str | None = None) -> str:
    """Queue a failed or cancelled job again, to continue after its last finished chunk, and return its id.

    A job in any other state does not change. `key` is the visitor's key for the AI/ML API. Raises NotFound if `owner`
    has no such job, KeyMissing if the job used a visitor's key and `key` is None, and LimitReached if a quota is
    exhausted.
    """
    start()
    job = records.load(generation_id, owner)
    if job.state not in (kinds.FAILED, kinds.CANCELLED):
        return generation_id
    if job.own_key and key is None:
        raise KeyMissing(
            "This job used an API key of its visitor.",
            guidance="Enter your key on the Settings page, then retry.",
        )
    own_key = job.engine == kinds.PROVIDER and key is not None
    values: dict[str, Any] = {
        "attempt": job.attempt + 1,
        "priority": queues.next_priority(owner, job.engine, job.duration),
        "queued": time.time(),
        "own_key": own_key,
    }
    retried = replace(job, **values)
    sealed = keys.seal(key) if key and own_key else None
    try:
        with quotas.reserve(retried, address):
            if not records.requeue(job, sealed_key=sealed, maker=processes.NAME, **values):
                raise _Stale()
        crashes.reset(generation_id)
        queueing.enqueue(retried)
    except _Stale:  # another request has retried the job meanwhile
        return generation_id
    except BaseException:
        undo.until_done(partial(_undo_retry, retried, job))
        raise
    return generation_id


def start() -> None:
    """Start this process's job engine unless it runs.

    Raises DataFolderInUse if another process uses the data folder, and SetupError if data folder or database cannot be
    used for another reason.
    """
    global _held
    with _starting:
        if _started:
            return
        with ExitStack() as held:
            held.enter_context(folder_lock.locked())
            _start()
            _held = held.pop_all()
    queueing.reconcile()
    search.reconcile()
    decoding.reconcile()
    delivering.reconcile()


def _start() -> None:
    global _started, _heartbeat, _eraser
    _stop_before_exit()
    workers.set_stopping(False)
    database()
    worker = workers.name()
    recordings.clean_incoming(at_start=True)
    crashes.start_worker()
    launching.launch(worker)
    search.on_end(delivering.job_ended)
    retention.schedule()
    maintenance.schedule(
        queueing.reconcile,
        search.reconcile,
        decoding.reconcile,
        recovery.reconcile,
        delivering.reconcile,
        partial(fulltext_index.renew, database()),
        title_order.fill_missing,
    )
    title_order.start_fill()
    _eraser = erasure.Eraser()
    if settings().database_url:
        _heartbeat = workers.Heartbeat(worker, queueing.reconcile)
    _started = True
    health.engine.set()


def release_and_stop() -> None:
    """Prepare the stop of this process. On PostgreSQL, requeue its jobs, so that other workers continue them."""
    if _started:
        crashes.stop_worker()
    if _heartbeat is not None:
        dbos_queues.stop_polling()  # otherwise this process might take a released job again
        _heartbeat.stop()
        workers.release_own_jobs(_heartbeat.worker)


def stop(timeout: int = 0) -> None:
    """Stop the job engine after waiting at most `timeout` seconds for jobs to end.

    Open jobs continue from their last finished chunk at the next start.
    """
    global _started, _heartbeat, _eraser
    with _starting:
        if _started:
            if _eraser is not None:
                _eraser.stop()
                _eraser = None
            if _heartbeat is not None:
                _heartbeat.stop()
                _heartbeat = None
            crashes.stop_worker()
            workers.set_stopping(not timeout)
            launching.destroy(timeout)
            workers.set_stopping(True)
            _started = False
            health.engine.clear()
            _held.close()


@cache
def _stop_before_exit() -> None:
    """Stop the job engine when the program ends. Otherwise open jobs would fail: Python refuses new threads then."""
    threads.before_exit(stop)


def record_also(job: Job, claim: idempotency.Claim | None, notify_url: str | None, connection: sa.Connection) -> None:
    """Record the job's idempotency claim and webhook, in the transaction that records the job."""
    if claim:
        claim.note(connection)
    subscriptions.expect(connection, job.id, notify_url, job.owner)


def _undo_create(job: Job, claim: idempotency.Claim | None, copied: bool) -> None:
    """Delete a job that could not be queued, its claim and quota usage, and, if it was `copied`, its recording."""
    records.delete_unqueued(job, claim.forget if claim else None)
    quotas.drop_reservation(job)
    if copied and job.recording_id is not None:
        recordings.remove(job.recording_id, job.owner)


def _undo_retry(job: Job, before: Job) -> None:
    """Restore the job as it was `before` a retry that could not be queued, and release the quota of the retry."""
    if records.is_open(job):  # otherwise the retry was not recorded, or another request's retry was
        quotas.drop_reservation(job)
        records.undo_requeue(job, before)
