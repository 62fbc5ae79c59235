"""Money is decided by the database's clock: a host whose clock is wrong gives nothing back."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, tzinfo
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from services.remittances.cancelling import cancel
from services.remittances.models import Remittance
from services.remittances.rules import ATTEMPT_MAY_ARRIVE, Status
from tests.architecture.source import modules
from tests.factories.payouts import Killed, Mortal
from tests.factories.remittances import make_remittance, make_sender, prepare_reference
from tests.workers.conftest import effects
from workers.jobs.run import run_outbox
from workers.routes import ROUTES
from workers.runtime import JobContext

AHEAD = ATTEMPT_MAY_ARRIVE + timedelta(minutes=1)


class _Ahead(datetime):
    @classmethod
    def now(cls, tz: tzinfo | None = None) -> Any:
        return datetime.now(tz) + AHEAD


def _ordered(job: JobContext) -> UUID:
    """An order whose sender cancels it while a worker that wrote it down has yet to send it."""
    with job.transaction() as session:
        now = _database_time(session)
        prepare_reference(session, now=now)
        sender = make_sender(session, now=now, vault=job.vault)
        remittance = make_remittance(
            session, sender, surname="Demorado", now=now, vault=job.vault
        ).id
    lease = job.take_lease(_item(job, remittance, "remittances.payout"))
    assert lease is not None
    with pytest.raises(Killed):
        ROUTES[lease.topic].handler(job, lease)
    with job.transaction() as session:
        cancel(session, remittance, now=_database_time(session), actor=sender)
    return remittance


def test_a_worker_ahead_of_time_doesnt_give_back_what_is_under_way(
    job: JobContext, agencies_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    agency = Mortal(job.agencies.payouts, before=True)  # type: ignore[arg-type]
    mortal = replace(job, agencies=replace(job.agencies, payouts=agency))
    remittance = _ordered(mortal)
    # The next worker's host is sixteen minutes ahead of the database, and of the first one's.
    monkeypatch.setattr("services.kernel.clock.datetime", _Ahead)
    run_outbox(str(_item(job, remittance, "remittances.cancel")))
    assert _status(job, remittance) is Status.CANCELLING
    assert agency.sent is not None
    # It arrives after all, and is stopped there.
    job.agencies.payouts.submit(agency.sent)
    run_outbox(str(_item(job, remittance, "remittances.cancel")))
    assert _status(job, remittance) is Status.REFUNDING
    assert effects(agencies_url, "finabien") == {}


def test_no_worker_reads_its_hosts_clock() -> None:
    clock = ("services.kernel.clock", "system_clock")
    readers = [m.path for m in modules("workers") if clock in m.imports()]
    assert readers == []


def _item(job: JobContext, remittance: UUID, topic: str) -> UUID:
    query = text("SELECT id FROM outbox WHERE ref = :ref AND topic = :topic AND done_at IS NULL")
    with job.transaction() as session:
        item: UUID = session.execute(query, {"ref": remittance, "topic": topic}).scalar_one()
    return item


def _status(job: JobContext, remittance: UUID) -> Status:
    with job.transaction() as session:
        return Status(session.get_one(Remittance, remittance).status)


def _database_time(session: Session) -> datetime:
    moment: datetime = session.execute(text("SELECT clock_timestamp()")).scalar_one()
    return moment
