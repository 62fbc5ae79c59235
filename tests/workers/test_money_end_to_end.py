"""A rate is fetched, a transfer paid, its sender told: with real processes, queues and HTTP."""

from __future__ import annotations

from uuid import UUID

import pytest

from services.kernel.clock import system_clock
from services.kernel.ids import spaced
from services.kernel.settings import Settings
from services.remittances.errors import RateUnavailable
from services.remittances.listing import load_demonstration
from services.remittances.loading import load_reference
from services.remittances.queries import get_remittance
from services.remittances.rates import tariff_and_rate
from services.remittances.rules import day_in_mexico
from tests.factories.remittances import make_remittance, make_sender
from tests.workers.conftest import effects, messages, process, until
from workers.runtime import JobContext

EMAIL = "quien.envia@example.org"


@pytest.mark.slow
def test_a_rate_is_fetched_at_the_start_and_a_transfer_is_paid_and_told_once(
    quick: Settings, job: JobContext, agencies_url: str
) -> None:
    with job.transaction() as session:
        load_reference(session)
        load_demonstration(session, now=system_clock())
    with process("worker", quick), process("relay", quick), process("schedule", quick):
        until(lambda: _has_rate(job))
        remittance, folio = _sent(job)
        until(lambda: _status(job, remittance) == "paid")
        until(lambda: _told_of_delivery(agencies_url))
    assert effects(agencies_url, "finabien") == {folio: 1}
    [message] = _told_of_delivery(agencies_url)
    assert spaced(folio) in message["body"]


def _told_of_delivery(agencies_url: str) -> list[dict[str, str]]:
    """That the money came is told as well, unless it was delivered by the time that goes out."""
    told = messages(agencies_url, EMAIL)
    return [message for message in told if "fue entregado" in message["subject"]]


def _has_rate(job: JobContext) -> bool:
    with job.transaction() as session:
        try:
            return bool(tariff_and_rate(session, day_in_mexico(system_clock())))
        except RateUnavailable:
            return False


def _sent(job: JobContext) -> tuple[UUID, str]:
    with job.transaction() as session:
        sender = make_sender(session, now=system_clock(), vault=job.vault, email=EMAIL)
        remittance = make_remittance(session, sender, now=system_clock(), vault=job.vault)
        return remittance.id, remittance.folio


def _status(job: JobContext, remittance: UUID) -> str:
    with job.transaction() as session:
        return get_remittance(session, remittance).status
