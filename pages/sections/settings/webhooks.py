"""Draw the webhook: the URL to notify when a job ends, the signing secret, and the last deliveries."""

from __future__ import annotations

import streamlit as st

from pages import session
from pages.escape import plain, show_stored_error, store_error, title_and_facts
from pages.format import when
from pages.texts import tr, trn
from stt.webhooks import deliveries, subscriptions
from stt.webhooks.deliveries import DELIVERED, FAILED, TEST, Delivery

SHOWN = 10  # maximum number of deliveries shown unless "Show all" is on
state = st.session_state


def webhooks() -> None:
    """Draw the webhook section of the Settings page."""
    owner = session.owner()
    st.subheader(tr("Webhook"), anchor=False)
    plain(
        tr(
            "When one of your transcriptions ends, this server sends a signed message (Standard Webhooks) to a "
            "URL that you choose. The message contains the id and the state of the transcription, not the text."
        ),
        "stt-hint",
    )
    url = subscriptions.url_of(owner)
    with st.form("webhook", border=False):
        typed = st.text_input(tr("URL"), url or "", placeholder="https://example.org/webhook", max_chars=4096)
        if st.form_submit_button(tr("Save the URL")):
            _save(owner, typed)
    show_stored_error("webhook_error")
    if "webhook_saved" in state:
        st.success(state.pop("webhook_saved"))
    found = deliveries.of(owner)
    if url or found:
        _secret(owner, can_test=url is not None)
        session.fragment(_deliveries, run_every=2.0 if any(each.due for each in found) else None)(owner)


def _save(owner: str, typed: str) -> None:
    with store_error("webhook_error"):
        saved = subscriptions.save(owner, typed)
        state.webhook_saved = tr("Saved.") if saved else tr("The webhook URL was removed.")
        st.rerun()


def _secret(owner: str, *, can_test: bool) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        with st.popover(tr("Secret"), icon=":material/key:"):
            plain(tr("The receiver verifies the signature of messages with this secret."), "stt-hint")
            st.code(subscriptions.of(owner).secret, language=None, wrap_lines=True)
            if st.button(tr("New secret"), help=tr("Messages from now on are signed with the new secret only.")):
                subscriptions.renew_secret(owner)
                st.rerun()
        if can_test and st.button(tr("Send a test"), icon=":material/send:"):
            _act(owner)


def _act(owner: str, delivery_id: str | None = None) -> None:
    from stt.webhooks import delivering  # imported here, because importing dbos takes half a second

    with store_error("webhook_error"):
        if delivery_id is None:
            delivering.send_test(owner)
        else:
            delivering.redeliver(delivery_id, owner)
    st.rerun()


def _deliveries(owner: str) -> None:
    """Draw the last deliveries, each with the response that the receiver sent."""
    with session.show_database_errors(retry=False):
        found = deliveries.of(owner)
        if not found:
            return
        every = len(found) <= SHOWN or st.toggle(
            tr("Show all {count} deliveries", count=len(found)), key="all-deliveries"
        )
        with st.container(key="deliveries", gap="xsmall"):
            for delivery in found if every else found[:SHOWN]:
                _row(owner, delivery)


def _row(owner: str, delivery: Delivery) -> None:
    ended = delivery.event.rpartition(".")[2]
    events = {"completed": tr("Completed"), "failed": tr("Failed"), "cancelled": tr("Cancelled")}
    event = tr("Test") if delivery.event == TEST else events.get(ended, ended.capitalize())
    with st.container(border=True, horizontal=True, vertical_alignment="center", key=f"delivery-{delivery.id}"):
        title_and_facts(f"{event}, {when(delivery.created)}", _facts(delivery))
        if delivery.due is None and st.button(tr("Send again"), key=f"again-{delivery.id}", type="tertiary"):
            _act(owner, delivery.id)


def _facts(delivery: Delivery) -> str:
    states = {DELIVERED: tr("delivered"), FAILED: tr("failed (no more attempts)")}
    due = tr("next attempt {day}", day=when(delivery.due)) if delivery.due else tr("being sent")
    parts = [states.get(delivery.state, due)]
    if delivery.attempts:
        parts.append(trn("{count} attempt", "{count} attempts", delivery.attempts))
    if delivery.status is not None:
        parts.append(tr("response status {status}", status=delivery.status))
    parts += [delivery.answer] if delivery.answer else []
    return " · ".join([*parts, delivery.url])
