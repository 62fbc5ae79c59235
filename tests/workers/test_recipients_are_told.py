"""A recipient is told in Spanish what to collect, where, with what and until when."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from services.kernel.audit import Actor, Role
from services.kernel.clock import system_clock
from services.kernel.db import NETWORK_SCOPE, Database
from services.kernel.ids import spaced
from services.outbox.delivery import enqueue
from services.outbox.models import OutboxItem
from services.remittances import telling
from services.remittances.advancing import claim_next
from services.remittances.correcting import (
    RecipientName,
    claim_correction,
    correct_name,
    settle_correction,
)
from services.remittances.models import Remittance
from services.remittances.payees import Recipient
from services.remittances.payout import PayoutAnswer, settle_payout
from services.remittances.rules import Answer, Payout
from tests.factories.remittances import (
    ask_quote,
    make_clabe,
    make_sender,
    order_from,
    prepare_reference,
)
from tests.servers import DatabaseUrls, connected
from tests.workers.conftest import messages
from workers.jobs.run import run_outbox
from workers.runtime import JobContext

PHONE = "+525512345678"
BRANCH = "Sucursal Finabien 0007, Oaxaca"
Sent = Callable[..., Remittance]


@pytest.fixture
def sent(job: JobContext) -> Sent:
    """A transfer to Hermelinda, which the agency answered so."""

    with job.transaction() as session:
        prepare_reference(session, now=system_clock())

    def sent(payout: Payout, answer: Answer, phone: str | None = PHONE) -> Remittance:
        now, number = system_clock(), make_clabe() if payout is Payout.ACCOUNT else None
        who = Recipient("Hermelinda", "Ibarra", None, clabe=number, phone=phone)
        with job.transaction() as session:
            sender = make_sender(session, now=now, vault=job.vault)
            quote = ask_quote(session, sender, payout=payout, now=now)
            row = order_from(session, sender, quote.id, recipient=who, now=now, vault=job.vault)
            claim_next(session, row.id, now=now, vault=job.vault)
            settle_payout(session, row.id, PayoutAnswer(answer, branch=BRANCH), now=now)
        return row

    return sent


@pytest.fixture
def web(database: DatabaseUrls) -> Iterator[Database]:
    with connected(database.web_url, pool_size=1) as opened:
        yield opened


def _tell(job: JobContext) -> int:
    """Do what waits to be told; how many there were."""
    with job.transaction() as session:
        waiting = select(OutboxItem.id).where(
            OutboxItem.topic == telling.TOPIC, OutboxItem.done_at.is_(None)
        )
        items = session.scalars(waiting.order_by(OutboxItem.id)).all()
    for item in items:
        run_outbox(str(item))
    return len(items)


def _told(url: str) -> list[dict[str, Any]]:
    """The newest first."""
    return messages(url, PHONE)


def _end(job: JobContext, remittance: UUID, answer: Answer) -> None:
    with job.transaction() as session:
        settle_payout(session, remittance, PayoutAnswer(answer), now=system_clock())


def test_of_cash_they_hear_pesos_branch_identification_folio_and_last_day(
    job: JobContext, agencies_url: str, sent: Sent
) -> None:
    row = sent(Payout.BRANCH, Answer.AVAILABLE)
    assert _tell(job) == 1
    [message] = _told(agencies_url)
    assert message["channel"] == "sms"
    for words in ("MXN", BRANCH, "identificacion oficial vigente", spaced(row.folio), "Ultimo dia",
                  "Hermelinda Ibarra", f"/alto/{row.folio}"):  # fmt: skip
        assert words in message["body"], words
    with job.transaction() as session:
        [told] = telling.list_told(session, row.id)
    assert told.account_id == row.account_id


def test_of_a_deposit_they_never_hear_the_account(
    job: JobContext, agencies_url: str, sent: Sent
) -> None:
    sent(Payout.ACCOUNT, Answer.PAID)
    assert _tell(job) == 1
    [message] = _told(agencies_url)
    assert "Te depositaron" in message["body"]
    # By itself: four digits may stand within a folio or an address.
    assert make_clabe()[-4:] not in re.findall(r"(?<!\w)\d+(?!\w)", message["body"])


def test_they_hear_again_when_the_name_changes_and_when_it_is_off(
    job: JobContext, agencies_url: str, sent: Sent
) -> None:
    row = sent(Payout.BRANCH, Answer.AVAILABLE)
    assert _tell(job) == 1
    _rename(job, row)
    assert _tell(job) == 1
    assert "ahora es Hermelinda Sol" in _told(agencies_url)[0]["body"]
    _end(job, row.id, Answer.REFUSED)
    assert _tell(job) == 1
    assert "ya no se puede cobrar" in _told(agencies_url)[0]["body"]
    with job.transaction() as session:
        enqueue(session, telling.TOPIC, row.id)
    assert _tell(job) == 1
    assert len(_told(agencies_url)) == 3


def test_who_was_told_nothing_hears_nothing_of_the_end(
    job: JobContext, agencies_url: str, sent: Sent
) -> None:
    sent(Payout.ACCOUNT, Answer.REFUSED)
    sent(Payout.BRANCH, Answer.PAID)
    sent(Payout.BRANCH, Answer.AVAILABLE, phone=None)
    assert _tell(job) == 2
    assert _told(agencies_url) == []


def test_a_stop_holds_for_every_transfer_to_that_telephone_until_it_is_taken_back(
    job: JobContext, agencies_url: str, sent: Sent, web: Database
) -> None:
    row = sent(Payout.BRANCH, Answer.AVAILABLE)
    with web.transaction(NETWORK_SCOPE) as session:
        for folio in (row.folio, row.folio, "RNONE"):
            telling.stop_messages(session, folio, job.vault)
        assert telling.wants_no_messages(session, row, job.vault)
    sent(Payout.BRANCH, Answer.AVAILABLE)
    assert _tell(job) == 2
    assert _told(agencies_url) == []
    with web.transaction(NETWORK_SCOPE) as session:
        telling.resume_messages(session, row.folio, job.vault)
        assert not telling.wants_no_messages(session, row, job.vault)


def _rename(job: JobContext, row: Remittance) -> None:
    """As the agency takes it."""
    actor, now = Actor(Role.CITIZEN, row.account_id), system_clock()
    with job.transaction() as session:
        name = RecipientName("Hermelinda", "Sol")
        correct_name(session, row.id, name, now=now, actor=actor, vault=job.vault)
        task = claim_correction(session, row.id, now=now)
        assert task is not None
        settle_correction(session, task, now=now)
