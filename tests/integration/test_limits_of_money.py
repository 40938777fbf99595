"""Test the daily limit of what jobs may cost on the server's key."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from stt import kinds
from stt.aiml import offered
from stt.db.engine import database
from stt.errors import LimitReached
from stt.jobs import service, workflow
from stt.library import history
from stt.store import quotas, records, submissions
from tests.quotas import ANN, BEN, PRICED, UNPRICED, job, refusal, store_job


def test_cost_that_the_provider_may_have_billed_stays_counted(host):
    host(STT_DOLLARS_PER_DAY=5, AIML_API_KEY="server")
    created = store_job(job(engine=kinds.PROVIDER))
    before = quotas.used(ANN)
    records.transition(created.id, kinds.OPEN, kinds.WORKING)
    submissions.mark_submitted(created)
    service.cancel(created.id, owner=ANN)
    workflow._release_quota(created)
    assert quotas.used(ANN) == before and before.dollars > 0


def test_servers_key_can_spend_exactly_the_daily_limit(host):
    price = offered.known().find(PRICED).per_second
    assert price
    host(STT_DOLLARS_PER_DAY=price * 600, AIML_API_KEY="server")
    created = store_job(job(minutes=9, engine=kinds.PROVIDER))
    refused = refusal(job(BEN, minutes=1.1, engine=kinds.PROVIDER))
    assert "on this server's key" in refused.message and "midnight UTC" in refused.guidance
    store_job(job(BEN, minutes=1, engine=kinds.PROVIDER))
    refusal(job(minutes=0.1, engine=kinds.PROVIDER))
    store_job(job(minutes=100))  # transcription on this machine is free
    store_job(job(minutes=100, engine=kinds.PROVIDER, own_key=True))
    quotas.settle(created, 540.0, price * 300)  # the provider billed less than expected
    store_job(job(minutes=4, engine=kinds.PROVIDER))


def test_a_retry_at_the_provider_may_be_billed_again_and_counts_again(host):
    price = offered.known().find(PRICED).per_second
    host(STT_DOLLARS_PER_DAY=price * 90, AIML_API_KEY="server")
    created = store_job(job(engine=kinds.PROVIDER))
    with pytest.raises(LimitReached), quotas.reserve(job(engine=kinds.PROVIDER, attempt=2, id=created.id)):
        pass


def test_job_of_unknown_cost_is_not_started_on_the_servers_key(host):
    host(STT_DOLLARS_PER_DAY=1, AIML_API_KEY="server")  # a recording of the maximum length costs more
    assert "not known in advance" in refusal(job(minutes=None, engine=kinds.PROVIDER)).message
    assert "not known in advance" in refusal(job(engine=kinds.PROVIDER, model=UNPRICED)).message
    store_job(job(minutes=None, engine=kinds.PROVIDER, own_key=True))
    host(STT_MAX_DURATION_MINUTES=1)  # any recording now costs at most the price of one minute
    store_job(job(minutes=None, engine=kinds.PROVIDER))


def test_limit_of_zero_dollars_allows_only_free_jobs(host):
    host(STT_DOLLARS_PER_DAY=0, AIML_API_KEY="server")
    refusal(job(engine=kinds.PROVIDER))
    store_job(job())


@pytest.mark.parametrize("end", [service.cancel, history.delete])
def test_cost_of_a_job_that_begins_while_it_is_cancelled_stays_counted(host, end):
    host(STT_DOLLARS_PER_DAY=5, AIML_API_KEY="server")
    created = store_job(job(engine=kinds.PROVIDER))
    before = quotas.used(ANN)

    begun: list[bool] = []

    def begin(_connection: sa.Connection, _cursor: object, statement: str, *_: object) -> None:
        """Begin the job just after the canceller has read that it waits."""
        if statement.startswith("SELECT") and not begun:
            begun.append(True)
            assert records.transition(created.id, (kinds.QUEUED,), kinds.WORKING)
            submissions.mark_submitted(created)

    sa.event.listen(database(), "after_cursor_execute", begin)
    end(created.id, owner=ANN)
    assert begun and quotas.used(ANN) == before and before.dollars > 0


@pytest.mark.parametrize("end", [service.cancel, history.delete])
def test_waiting_job_that_is_cancelled_costs_nothing(host, end):
    host(STT_DOLLARS_PER_DAY=5, AIML_API_KEY="server")
    created = store_job(job(engine=kinds.PROVIDER))
    end(created.id, owner=ANN)
    assert quotas.used(ANN).dollars == 0
