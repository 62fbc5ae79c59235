"""Each part of a transfer is paid, refused and given back by itself, whatever dies in between; the
sender pays for both once, and the institute is asked as soon as its dues are paid."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from uuid import UUID

import pytest
from sqlalchemy import text

from services.enrollments.models import Enrollment
from services.enrollments.programs.registry import PROGRAMS
from services.enrollments.queries import list_history
from services.enrollments.requesting import request_enrollment
from services.kernel.audit import Actor
from services.kernel.clock import system_clock
from services.kernel.errors import NotFound
from services.kernel.money import Money
from services.outbox.inbox import receive_callback
from services.outbox.models import OutboxItem
from services.processes import dues as transfers
from services.remittances.errors import NoDues
from services.remittances.models import Remittance
from services.remittances.ordering import DuesLine, OrderRemittance
from services.remittances.parts import list_parts
from services.remittances.quoting import RequestQuote
from services.remittances.rules import Funding, Payout, Purpose, Status
from tests.factories.enrollments import WORK, make_applicant, make_request
from tests.factories.payouts import CANCEL, PAYOUT, PayoutBench
from tests.factories.remittances import (
    make_divided,
    make_line,
    make_recipient,
    make_sender,
    prepare_reference,
)
from tests.workers.conftest import look, outcomes, until
from workers.runtime import JobContext

PERSON, DUES = 0, 1
PARTS = pytest.mark.parametrize("part", [PERSON, DUES])


@pytest.fixture
def sender(bench: PayoutBench) -> Actor:
    with bench.work.transaction() as session:
        return make_sender(session)


def _order(
    bench: PayoutBench, sender: Actor, *, line: DuesLine | None = None, surname: str = "Ibarra"
) -> list[UUID]:
    with bench.work.transaction() as session:
        parts = make_divided(
            session, sender, line=line, surname=surname, now=bench.clock(), paid=False
        )
        return [part.id for part in parts]


def _charged(bench: PayoutBench, parts: list[UUID]) -> int:
    return bench.simulator.world.memory.effects("payments").get(bench.folio(parts[PERSON]), 0)


def _given_back(bench: PayoutBench) -> dict[str, int]:
    return bench.simulator.world.memory.effects("payments.parts")


def _endings(bench: PayoutBench, parts: list[UUID]) -> list[tuple[Status, int]]:
    assert bench.proof().holds
    return [bench.ending(part) for part in parts]


PAID, REFUNDED = (Status.PAID, 1), (Status.REFUNDED, 0)


def test_both_are_paid_by_one_payment(bench: PayoutBench, sender: Actor) -> None:
    parts = _order(bench, sender)
    bench.finish()
    assert _endings(bench, parts) == [PAID, PAID]
    assert _charged(bench, parts) == 1
    assert "remittances.dues_paid" in bench.topics(parts[DUES])
    assert "remittances.dues_paid" not in bench.topics(parts[PERSON])


def test_a_recipient_who_cannot_be_paid_leaves_the_dues_alone(
    bench: PayoutBench, sender: Actor
) -> None:
    parts = _order(bench, sender, surname="Rechazado")
    bench.finish()
    assert _endings(bench, parts) == [REFUNDED, PAID]
    assert (_charged(bench, parts), _given_back(bench)) == (1, {bench.folio(parts[PERSON]): 1})


def test_dues_that_were_paid_elsewhere_are_given_back_alone(
    bench: PayoutBench, sender: Actor
) -> None:
    line = make_line()
    first = _order(bench, sender, line=line)
    bench.finish()
    parts = _order(bench, sender, line=line)
    bench.finish()
    assert (_endings(bench, first), _endings(bench, parts)) == ([PAID, PAID], [PAID, REFUNDED])
    with bench.work.transaction() as session:
        row = session.get_one(Remittance, parts[DUES])
        assert (row.reason_code, row.refunded_minor) == ("line_paid", row.total_minor)
    assert _given_back(bench) == {bench.folio(parts[DUES]): 1}


@PARTS
@pytest.mark.parametrize("after", [False, True])
def test_a_worker_that_dies_around_its_call_pays_neither_twice(
    bench: PayoutBench, sender: Actor, part: int, after: bool
) -> None:
    parts = _order(bench, sender)
    if after:
        bench.die_after_call(parts[part])
    else:
        bench.die_before_call(parts[part])
    bench.finish()
    assert _endings(bench, parts) == [PAID, PAID]
    assert _charged(bench, parts) == 1


@PARTS
@pytest.mark.parametrize("fault", ["drop_after_effect_rate", "error_rate", "garbage_rate"])
@pytest.mark.parametrize("agency", ["payments", "finabien"])
def test_lost_answers_are_asked_for(
    bench: PayoutBench, sender: Actor, part: int, fault: str, agency: str
) -> None:
    parts = _order(bench, sender)
    bench.fault(agency, **{fault: 1.0})
    bench.run_one(parts[part], PAYOUT)
    bench.fault(agency)
    bench.finish()
    assert _endings(bench, parts) == [PAID, PAID]
    assert _charged(bench, parts) == 1


@PARTS
@pytest.mark.parametrize("fault", ["drop_after_effect_rate", "error_rate", "unavailable_rate"])
def test_a_part_is_given_back_once_whatever_is_lost(
    bench: PayoutBench, sender: Actor, part: int, fault: str
) -> None:
    parts = _order(bench, sender)
    bench.charge_first(parts[part])
    bench.cancel(parts[part], sender)
    bench.fault("payments", **{fault: 1.0})
    bench.run_all()
    bench.fault("payments")
    bench.finish()
    gone, stays = parts[part], parts[1 - part]
    assert bench.ending(gone) == (Status.CANCELLED, 0)
    assert bench.ending(stays) == PAID
    assert _given_back(bench) == {bench.folio(gone): 1}
    assert bench.proof().holds


@PARTS
@pytest.mark.parametrize(
    ("death", "given"),
    [
        ({"before": "refund_part"}, 0),
        ({"after": "refund_part"}, 1),
        ({"before": "status"}, 1),
        ({"after": "status"}, 1),
    ],
    ids=str,
)
def test_a_worker_that_dies_giving_a_part_back_gives_it_back_once(
    bench: PayoutBench, sender: Actor, part: int, death: dict[str, str], given: int
) -> None:
    parts = _order(bench, sender)
    gone, stays = parts[part], parts[1 - part]
    bench.charge_first(gone)
    bench.cancel(gone, sender)
    bench.die_giving_back(gone, **death)
    # Nobody has written down what the provider did.
    assert bench.status(gone) is Status.REFUNDING
    assert sum(_given_back(bench).values()) == given
    assert bench.proof().holds
    bench.finish()
    assert (bench.ending(gone), bench.ending(stays)) == ((Status.CANCELLED, 0), PAID)
    assert _given_back(bench) == {bench.folio(gone): 1}
    assert bench.history(gone).count("cancelled") == 1
    assert bench.proof().holds


def test_both_stopped_before_they_were_asked_to_pay(bench: PayoutBench, sender: Actor) -> None:
    parts = _order(bench, sender)
    bench.cancel(parts[DUES], sender)
    bench.finish()
    assert _endings(bench, parts) == [(Status.CANCELLED, 0)] * 2
    assert _charged(bench, parts) == 0


@PARTS
def test_both_stopped_while_they_are_asked_to_pay(
    bench: PayoutBench, sender: Actor, part: int
) -> None:
    parts = _order(bench, sender)
    bench.fault("payments", unpaid_rate=1.0)
    bench.run_one(parts[1 - part], PAYOUT)
    bench.cancel(parts[part], sender)
    assert [bench.status(each) for each in parts] == [Status.CANCELLING] * 2
    bench.run_one(parts[part], CANCEL)
    assert [bench.status(each) for each in parts] == [Status.CANCELLED] * 2
    bench.finish()
    assert _endings(bench, parts) == [(Status.CANCELLED, 0)] * 2


def test_a_bank_that_takes_back_what_was_paid_is_a_loss_of_both(
    bench: PayoutBench, sender: Actor
) -> None:
    parts = _order(bench, sender)
    bench.finish()
    assert bench.take_back(parts[PERSON])
    bench.call_back(parts[PERSON], "payments")
    bench.finish()
    assert _endings(bench, parts) == [PAID, PAID]
    assert all(row.lost_minor == row.total_minor for row in bench.rows(parts))


def test_a_callback_of_the_payment_wakes_both(bench: PayoutBench, sender: Actor) -> None:
    parts = _order(bench, sender)
    bench.fault("payments", unpaid_rate=1.0)
    bench.run_all()
    bench.fault("payments")
    assert bench.pay(parts[PERSON])
    bench.call_back(parts[PERSON], "payments")
    [callback] = [item for item in bench.waiting() if _topic(bench, item) == "payments.callback"]
    bench.run(callback)
    due = text(
        "SELECT ref FROM outbox WHERE topic = :topic AND done_at IS NULL"
        " AND due_at <= clock_timestamp()"
    )
    with bench.work.transaction() as session:
        assert set(session.scalars(due, {"topic": PAYOUT})) == set(parts)


def test_dues_of_an_enrollment_make_it_active(job: JobContext, pump: Callable[[], int]) -> None:
    """From the payment line to the cover, over real queues; the applicant doesn't pay otherwise."""
    sender, enrollment = _request(job, "Moroso")
    until(lambda: pump() == 0 and look(job, enrollment).status == "payment_pending")
    parts = _pay_dues(job, sender, enrollment)
    until(lambda: pump() == 0 and look(job, enrollment).status == "active")
    until(lambda: pump() == 0 and _paid(job, parts))
    with job.database.transaction(sender.scope) as session:
        nothing = transfers.list_payable(session, now=system_clock(), actor=sender, vault=job.vault)
        with pytest.raises(NoDues):
            transfers.quote(
                session, _wanted(enrollment), now=system_clock(), actor=sender, vault=job.vault
            )
    assert nothing == []


def test_dues_of_an_active_enrollment_make_its_cover_longer(
    job: JobContext, pump: Callable[[], int]
) -> None:
    """From the end that nears to the longer cover; the applicant doesn't pay otherwise."""
    sender, enrollment = _request(job, "Renueva")
    until(lambda: pump() == 0 and look(job, enrollment).status == "active")
    ends = _covered_to(job, enrollment)
    parts = _pay_dues(job, sender, enrollment)
    until(lambda: pump() == 0 and _covered_to(job, enrollment) > ends)
    until(lambda: pump() == 0 and _paid(job, parts))
    renewed = _covered_to(job, enrollment)
    folio = look(job, enrollment).folio
    for message in ("1", "2", "2", "3"):
        with job.transaction() as session:
            receive_callback(session, "imss", f"again-{message}", folio, system_clock())
        until(lambda: pump() == 0)
    with job.transaction() as session:
        steps = list_history(session, enrollment)
    assert [each.covered_to for each in steps if each.status == "active"] == [None, renewed]
    assert outcomes(job, "enrollments.renewed") == ["sent"]


def _covered_to(job: JobContext, enrollment: UUID) -> date:
    with job.transaction() as session:
        last = session.get_one(Enrollment, enrollment).covered_to
        assert last is not None
        return last


def _request(job: JobContext, surname: str) -> tuple[Actor, UUID]:
    """A request for IMSS, and who sends it."""
    now = system_clock()
    with job.transaction() as session:
        prepare_reference(session, now=now)
        sender = make_sender(session, now=now, vault=job.vault)
        command = make_request(
            make_applicant(first_surname=surname),
            program="imss",
            data=WORK,
            consents=tuple(PROGRAMS["imss"].form.consents),
        )
        requested = request_enrollment(session, command, now=now, actor=sender, vault=job.vault)
        return sender, requested.id


def _wanted(enrollment: UUID) -> RequestQuote:
    return RequestQuote(
        Money(300_00, "USD"), None, Funding.BANK_ACCOUNT, Payout.ACCOUNT, enrollment
    )


def _pay_dues(job: JobContext, sender: Actor, enrollment: UUID) -> list[UUID]:
    """As the portal does, in the sender's scope; nobody else may."""
    now = system_clock()
    with job.transaction() as session:
        other = make_sender(session, now=now, vault=job.vault)
    with job.database.transaction(other.scope) as session, pytest.raises(NotFound):
        transfers.quote(session, _wanted(enrollment), now=now, actor=other, vault=job.vault)
    with job.database.transaction(sender.scope) as session:
        [payable] = transfers.list_payable(session, now=now, actor=sender, vault=job.vault)
        assert payable.line.amount == Money(3_000_00, "MXN")
        quoted = transfers.quote(
            session, _wanted(enrollment), now=now, actor=sender, vault=job.vault
        )
        command = OrderRemittance(quoted.id, make_recipient(), Purpose.FAMILY)
        first = transfers.order(session, command, now=now, actor=sender, vault=job.vault).first
        parts = list_parts(session, first.id)
        assert parts[DUES].receive_minor == 3_000_00
        assert not transfers.list_payable(session, now=now, actor=sender, vault=job.vault)
        return [part.id for part in parts]


def _paid(job: JobContext, parts: list[UUID]) -> bool:
    with job.transaction() as session:
        return all(session.get_one(Remittance, part).status == Status.PAID for part in parts)


def _topic(bench: PayoutBench, item: UUID) -> str:
    with bench.work.transaction() as session:
        return session.get_one(OutboxItem, item).topic
