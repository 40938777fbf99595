"""Deliver notifications durably: each attempt is a workflow. A failed attempt queues the next attempt with a delay."""

from __future__ import annotations

import logging
import time

from dbos import DBOS, SetEnqueueOptions, SetWorkflowID, StepOptions

from stt.compat import dbos_queues
from stt.compat.dbos import outside_workflow
from stt.errors import BadOption, NotFound
from stt.store.retrying import with_retries
from stt.webhooks import deliveries, sending, subscriptions
from stt.webhooks.deliveries import DELIVERED, FAILED, WAITING

QUEUE = "webhooks"
AT_ONCE = 8  # maximum number of concurrent requests of one process
OFTEN = 1.0  # polling interval of the queue, seconds
DELAYS = (5.0, 60.0, 300.0, 1800.0, 7200.0, 18000.0, 28800.0, 28800.0)  # seconds before each retry; 23.6 h in total

log = logging.getLogger("stt.webhooks.delivering")


def job_ended(generation_id: str) -> None:
    """Record and queue the delivery for an ended job, if the job has a webhook.

    Errors are logged and not raised. After an error, `reconcile` records or queues the delivery later.
    """
    try:
        delivery_id = with_retries(deliveries.note_end, generation_id)
        if delivery_id is not None:
            outside_workflow(_enqueue, delivery_id, 1)
    except Exception as error:  # an error here must not fail the job  # noqa: BLE001
        log.warning("could not begin to deliver: %s", type(error).__name__)


def send_test(owner: str) -> str:
    """Queue a test message, whose `data` is empty, to the owner's webhook URL; return the delivery's id.

    Raises BadOption if the owner has no webhook URL, and LimitReached if many messages of the owner are waiting.
    """
    url = subscriptions.url_of(owner)
    if url is None:
        raise BadOption("There is no URL to send messages to.", guidance="Enter a URL first.")
    delivery_id = deliveries.note_test(owner, url)
    _enqueue(delivery_id, 1)
    return delivery_id


def redeliver(delivery_id: str, owner: str) -> None:
    """Queue a delivery again. Raises NotFound if the owner has no such delivery, or if it is still waiting."""
    delivery = deliveries.restart(delivery_id, owner)
    _enqueue(delivery.id, delivery.attempts + 1)


def reconcile() -> None:
    """Record missing deliveries and queue missing attempts. They are missing if, for example, a process was killed."""
    for generation_id in deliveries.unrecorded():
        job_ended(generation_id)
    for delivery in deliveries.overdue():
        _enqueue(delivery.id, delivery.attempts + 1)


def _enqueue(delivery_id: str, number: int, delay: float = 0.0) -> None:
    """Queue attempt `number` of a delivery, unless that attempt was queued before. `delay` is in seconds.

    The more deliveries of its owner are waiting, the later it is sent, so a slow receiver delays only its own messages.
    """
    name = f"webhook-{delivery_id}-{number}"
    if DBOS.get_workflow_status(name) is None:
        priority = max(1, deliveries.waiting_with(delivery_id))  # lower numbers go first
        with SetWorkflowID(name), SetEnqueueOptions(delay_seconds=delay or None, priority=priority):
            dbos_queues.enqueue(QUEUE, deliver, delivery_id, number)


@DBOS.workflow(name="webhook")
def deliver(delivery_id: str, number: int) -> None:
    """Make attempt `number` of a delivery. If the attempt fails and was not the last one, queue the next one.

    If the process is killed during the attempt, the attempt is repeated.
    """
    delay = DBOS.run_step(StepOptions(name="attempt"), _attempt, delivery_id, number)
    if delay is not None:
        outside_workflow(_enqueue, delivery_id, number + 1, delay)


def _attempt(delivery_id: str, number: int) -> float | None:
    """Send the message and record the response; do nothing if the delivery is deleted or this attempt was recorded.

    Return the seconds until the next attempt; None if no attempt follows.
    """
    try:
        delivery = with_retries(deliveries.find, delivery_id, None)
    except NotFound:
        return None
    if delivery.state != WAITING or delivery.attempts >= number:
        return None
    secret = with_retries(subscriptions.of, delivery.owner).secret
    answer = sending.send(delivery.url, delivery.id, delivery.body, secret)
    last = delivery.tries >= len(DELAYS) or answer.status == sending.GONE
    state = DELIVERED if answer.is_received else FAILED if last else WAITING
    delay = DELAYS[delivery.tries] if state == WAITING else None
    due = None if delay is None else time.time() + delay
    recorded = with_retries(deliveries.record, delivery, state, answer.status, answer.text, due)
    log.info("webhook %s: %s", state, answer.status or "no answer")
    return delay if recorded else None
