"""Whatever an agency answers, the order comes to its end or to a person; no money goes unbooked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, text

from integrations.contracts import PayoutOrder, PayoutState, PayoutStatus
from integrations.errors import NeverSent, OutcomeUnknown, Refused, Unanswered
from integrations.finabien.wire import payout_state
from services.incidents.handling import resolve
from services.incidents.models import Incident, IncidentStep
from services.incidents.rules import Resolution
from services.kernel.audit import Actor, Role
from services.kernel.ids import new_id
from services.ledger.queries import balance, trial_balance
from services.outbox.delivery import enqueue
from services.outbox.inbox import receive_callback
from services.remittances.entries import LedgerCode
from services.remittances.models import Remittance
from services.remittances.queries import proof
from services.remittances.rules import Payout, Status
from tests.factories.payouts import PayoutBench
from tests.factories.remittances import make_remittance, make_sender
from workers.jobs.run import ATTEMPTS_BEFORE_PARKING, run_outbox

TREASURER = Actor(Role.TREASURY, UUID(int=7))
CANCEL_REFUSED = Refused("finabien", "cancel", "data_invalid")


@dataclass
class Scripted:
    """An agency that answers as told, whatever it is asked."""

    answers: dict[str, Any] = field(default_factory=dict)

    def _say(self, operation: str, folio: str) -> PayoutState:
        answer = self.answers[operation]
        if isinstance(answer, Exception):
            raise answer
        return payout_state(folio, {"claveRastreo": folio, **answer})

    def close(self) -> None:
        """There is nothing to close."""

    def submit(self, order: PayoutOrder) -> PayoutState:
        return self._say("submit", order.folio)

    def status(self, folio: str) -> PayoutState:
        if self.answers["status"] is None:
            return PayoutState(folio, PayoutStatus.NOT_FOUND)
        return self._say("status", folio)

    def cancel(self, folio: str) -> PayoutState:
        return self._say("cancel", folio)


@pytest.fixture
def says(bench: PayoutBench) -> Callable[..., None]:
    """What the agency answers from now on, to all or to one question."""
    scripted = Scripted()
    bench.agency.client = scripted  # type: ignore[assignment]

    def says(everything: Any = None, **answers: Any) -> None:
        if everything is not None:
            scripted.answers |= dict.fromkeys(("submit", "status", "cancel"), everything)
        scripted.answers |= answers

    return says


@pytest.fixture
def remittance(bench: PayoutBench) -> UUID:
    """An order of 184.56 pesos."""
    with bench.work.transaction() as session:
        sender = make_sender(session)
        return make_remittance(session, sender, send=10_00, now=bench.clock(), paid=False).id


def _watch(bench: PayoutBench) -> None:
    with bench.work.transaction() as session:
        item = enqueue(session, "incidents.watch", new_id())
    run_outbox(str(item))


def _incidents(bench: PayoutBench, *, still_open: bool = True) -> dict[str, Incident]:
    with bench.work.transaction() as session:
        rows = session.scalars(
            select(Incident).where(Incident.resolved_at.is_(None) == still_open)
        ).all()
        return {row.kind: row for row in rows}


def _suspense(bench: PayoutBench) -> int:
    with bench.work.transaction() as session:
        assert trial_balance(session).differences == {}
        return balance(session, LedgerCode.SUSPENSE_MXN)


def _resolve(bench: PayoutBench, incident: Incident, resolution: Resolution) -> None:
    with bench.work.transaction() as session:
        resolve(session, incident.id, resolution, "visto", now=bench.clock(), actor=TREASURER)
        [item] = session.scalars(
            text("SELECT id FROM outbox WHERE topic = 'incidents.clear_suspense'"
                 " AND done_at IS NULL")
        ).all() or [None]  # fmt: skip
    if item is not None:
        run_outbox(str(item))


@pytest.mark.parametrize(
    "odd",
    [
        {"fechaLiquidacion": "9999-12-31T23:59:59-14:00"},
        {"fechaLiquidacion": "2031-01-01T00:00:00+00:00"},
        {"fechaLiquidacion": "2001-01-01T00:00:00+00:00"},
        {"referencia": "a\0b"},
        {"sucursal": "\ud800"},
        {"causa": {"odd": ["\0"]}},
        {"referencia": "9" * 10_000},
        {"monto": "mucho"},
    ],
)
def test_a_final_word_counts_whatever_else_it_says(
    bench: PayoutBench, says: Callable[..., None], remittance: UUID, odd: dict[str, Any]
) -> None:
    says({"estado": "LIQUIDADO", **odd})
    bench.run_all()
    assert bench.status(remittance) is Status.PAID
    with bench.work.transaction() as session:
        paid_at = session.get_one(Remittance, remittance).paid_at
    assert paid_at is not None
    assert abs(paid_at - bench.clock()) < timedelta(days=1)


def test_a_field_that_cant_be_used_is_told_once(
    bench: PayoutBench, says: Callable[..., None], remittance: UUID
) -> None:
    says({"estado": "EN_PROCESO", "referencia": "a\0b"})
    for _ in range(3):
        bench.run_all()
    [incident] = _incidents(bench).values()
    assert (incident.kind, incident.times) == ("field_unusable", 3)
    assert incident.detail == {"agency": "finabien", "field": "referencia"}


def test_a_cancel_that_the_agency_refuses_ends_by_its_word_on_the_folio(
    bench: PayoutBench, says: Callable[..., None], remittance: UUID
) -> None:
    says({"estado": "EN_PROCESO"})
    bench.run_all()
    says(cancel=CANCEL_REFUSED)
    with bench.work.transaction() as session:
        account = session.get_one(Remittance, remittance).account_id
    bench.cancel(remittance, Actor(Role.CITIZEN, account))
    bench.run_all()
    assert bench.status(remittance) is Status.CANCELLING
    assert _incidents(bench)["cancel_refused"].detail["code"] == "data_invalid"
    says(status={"estado": "LIQUIDADO"})
    bench.run_all()
    assert bench.status(remittance) is Status.PAID
    _watch(bench)
    assert _incidents(bench) == {}
    assert _incidents(bench, still_open=False)["cancel_refused"].resolution == "recovered"


@pytest.mark.parametrize(
    ("answers", "status"),
    [
        ({"submit": OutcomeUnknown("finabien", "submit", "garbage"), "status": None}, "unknown"),
        ({"submit": NeverSent("finabien", "submit", "unavailable")}, "submitted"),
        ({"submit": OutcomeUnknown("finabien", "submit", "timeout"),
          "status": Unanswered("finabien", "status", "garbage")}, "unknown"),
    ],
)  # fmt: skip
def test_no_order_waits_in_silence_for_an_hour(
    bench: PayoutBench,
    says: Callable[..., None],
    remittance: UUID,
    answers: dict[str, Any],
    status: str,
) -> None:
    says(**answers)
    for _ in range(3):
        bench.run_all()
        bench.clock.forward(minutes=15)
    _watch(bench)
    assert _incidents(bench) == {}
    for _ in range(2):
        bench.run_all()
        bench.clock.forward(minutes=15)
    _watch(bench)
    _watch(bench)
    incident = _incidents(bench)["agency_silent"]
    assert (bench.status(remittance), incident.detail, incident.times) == (
        status, {"status": status}, 1
    )  # fmt: skip
    says({"estado": "LIQUIDADO"})
    bench.run_all()
    _watch(bench)
    assert _incidents(bench) == {}


@pytest.mark.parametrize("word", ["EN_PROCESO", "DISPONIBLE"])
def test_every_wait_ends_with_a_person_when_its_time_is_over(
    bench: PayoutBench, says: Callable[..., None], word: str
) -> None:
    with bench.work.transaction() as session:
        payout = Payout.BRANCH if word == "DISPONIBLE" else Payout.ACCOUNT
        sender = make_sender(session)
        remittance = make_remittance(
            session, sender, send=10_00, payout=payout, now=bench.clock()
        ).id
    says({"estado": word})
    bench.run_all()
    with bench.work.transaction() as session:
        due = session.get_one(Remittance, remittance).answer_due_at
    assert due is not None
    bench.clock.at = due
    bench.run_all()
    _watch(bench)
    assert _incidents(bench) == {}
    bench.clock.forward(seconds=1)
    _watch(bench)
    assert list(_incidents(bench)) == ["answer_overdue"]
    says({"estado": "LIQUIDADO"})
    bench.run_all()
    _watch(bench)
    assert _incidents(bench) == {}


def test_paid_after_it_was_given_back_stands_in_suspense_until_a_person_settles_it(
    bench: PayoutBench, says: Callable[..., None], remittance: UUID
) -> None:
    says({"estado": "RECHAZADO", "causa": "CUENTA_CERRADA"})
    bench.run_all()
    bench.run_all()
    assert bench.status(remittance) is Status.REFUNDED
    says({"estado": "LIQUIDADO", "monto": "184.56"})
    for _ in range(3):
        bench.call_back(remittance)
    bench.run_all()
    assert bench.status(remittance) is Status.REFUNDED
    incident = _incidents(bench)["paid_after_refund"]
    assert (incident.suspense_minor, _suspense(bench), incident.times) == (184_56, 184_56, 3)
    assert bench.proof().holds
    _resolve(bench, incident, Resolution.WRITTEN_OFF)
    assert _suspense(bench) == 0
    with bench.work.transaction() as session:
        assert balance(session, LedgerCode.LOSSES_MXN) == 184_56
        assert balance(session, LedgerCode.FINABIEN_SETTLEMENT) == -184_56
        steps = session.scalars(select(IncidentStep.step).order_by(IncidentStep.position)).all()
    assert list(steps) == ["opened", "resolved", "cleared"]
    # The same word again is no news.
    bench.call_back(remittance)
    bench.run_all()
    assert (_incidents(bench), _suspense(bench)) == ({}, 0)


def test_a_payment_that_the_agency_takes_back_is_held_for_its_sender(
    bench: PayoutBench, says: Callable[..., None], remittance: UUID
) -> None:
    says({"estado": "LIQUIDADO"})
    bench.run_all()
    says({"estado": "RECHAZADO", "causa": "CUENTA_CERRADA"})
    bench.call_back(remittance)
    bench.run_all()
    assert bench.status(remittance) is Status.PAID
    incident = _incidents(bench)["refused_after_paid"]
    assert (incident.suspense_minor, _suspense(bench)) == (-184_56, -184_56)
    with bench.work.transaction() as session:
        assert balance(session, LedgerCode.FINABIEN_SETTLEMENT) == 0
    _resolve(bench, incident, Resolution.CORRECTED)
    assert _suspense(bench) == 0
    # Corrected means that it was paid: taken back once more, it is news again.
    bench.call_back(remittance)
    bench.run_all()
    assert list(_incidents(bench)) == ["refused_after_paid"]
    assert _suspense(bench) == -184_56


@pytest.mark.parametrize(
    ("differs", "suspense"),
    [
        ({"monto": "100.00"}, -84_56),
        ({"monto": "200.00"}, 15_44),
        ({"monto": "184.56", "moneda": "USD"}, -184_56),
    ],
)
def test_another_amount_or_currency_is_paid_only_once_a_person_has_settled_it(
    bench: PayoutBench,
    says: Callable[..., None],
    remittance: UUID,
    differs: dict[str, str],
    suspense: int,
) -> None:
    says({"estado": "EN_PROCESO", **differs})
    bench.run_all()
    assert _incidents(bench)["amount_differs"].suspense_minor == 0
    says({"estado": "LIQUIDADO", **differs})
    for _ in range(2):
        bench.run_all()
    assert bench.status(remittance) is Status.SUBMITTED
    incident = _incidents(bench)["amount_differs"]
    assert incident.suspense_minor == _suspense(bench) == suspense
    assert incident.detail == {
        "status": "submitted", "answer": "paid", "amount": differs["monto"],
        "currency": differs.get("moneda", "MXN"),
    }  # fmt: skip
    assert bench.proof().holds
    _resolve(bench, incident, Resolution.WRITTEN_OFF)
    bench.run_all()
    assert bench.status(remittance) is Status.PAID
    assert (_incidents(bench), _suspense(bench), bench.proof().holds) == ({}, 0, True)


def test_an_amount_that_the_agency_corrects_is_paid_as_ordered(
    bench: PayoutBench, says: Callable[..., None], remittance: UUID
) -> None:
    says({"estado": "LIQUIDADO", "monto": "100.00"})
    bench.run_all()
    # Taken in, whatever it says: it is asked, never sent again.
    assert bench.status(remittance) is Status.SUBMITTED
    _resolve(bench, _incidents(bench)["amount_differs"], Resolution.CORRECTED)
    bench.run_all()
    assert (bench.status(remittance), _suspense(bench)) == (Status.SUBMITTED, -84_56)
    _resolve(bench, _incidents(bench)["amount_differs"], Resolution.CORRECTED)
    says({"estado": "LIQUIDADO", "monto": "184.56", "moneda": "MXN"})
    bench.run_all()
    assert (bench.status(remittance), _suspense(bench)) == (Status.PAID, 0)
    assert bench.proof().holds


def test_a_changed_repeat_of_what_was_paid_is_a_case(
    bench: PayoutBench, says: Callable[..., None], remittance: UUID
) -> None:
    says({"estado": "LIQUIDADO", "monto": "184.56"})
    bench.run_all()
    for amount in ("184.56", "180.00"):
        says({"estado": "LIQUIDADO", "monto": amount})
        bench.call_back(remittance)
        bench.run_all()
    assert bench.status(remittance) is Status.PAID
    assert _incidents(bench)["amount_differs"].suspense_minor == _suspense(bench) == -4_56


def test_a_key_that_was_used_for_another_order_is_a_persons_to_look_at(
    bench: PayoutBench, says: Callable[..., None], remittance: UUID
) -> None:
    says(
        {"estado": "LIQUIDADO", "monto": "1.00"}, submit=Refused("finabien", "submit", "key_reused")
    )
    bench.run_all()
    assert bench.status(remittance) is Status.UNKNOWN
    bench.run_all()
    assert set(_incidents(bench)) == {"key_reused", "amount_differs"}
    assert _suspense(bench) == 1_00 - 184_56


def test_a_callback_about_nobody_waits_in_the_queue(bench: PayoutBench) -> None:
    with bench.work.transaction() as session:
        receive_callback(session, "finabien", "m-1", "R0000000000A", bench.clock())
    bench.run_all()
    incident = _incidents(bench)["callback_unmatched"]
    assert incident.detail == {
        "agency": "finabien", "folio": "R0000000000A", "message": "m-1",
    }  # fmt: skip
    with bench.work.transaction() as session:
        query = text("SELECT message_id FROM agency_messages WHERE id = :id")
        assert session.execute(query, {"id": incident.subject_id}).scalar_one() == "m-1"


@pytest.mark.parametrize("topic", ["enrollments.submit", "remittances.paid", "nobody.knows"])
def test_no_job_is_tried_again_in_silence_for_an_hour(bench: PayoutBench, topic: str) -> None:
    ref = new_id()
    with bench.work.transaction() as session:
        for _ in range(2):
            enqueue(session, topic, ref)
        session.execute(
            text(
                "UPDATE outbox SET due_at = now() - interval '61 minutes', attempts = 9"
                " WHERE topic = :topic"
            ),
            {"topic": topic},
        )
    _watch(bench)
    _watch(bench)
    incident = _incidents(bench)["job_retrying"]
    assert incident.detail == {"topic": topic, "ref": str(ref), "attempts": 9}
    with bench.work.transaction() as session:
        session.execute(text("UPDATE outbox SET done_at = now(), outcome = 'sent'"))
    _watch(bench)
    assert _incidents(bench) == {}


def test_what_is_due_later_isnt_late(bench: PayoutBench) -> None:
    with bench.work.transaction() as session:
        item = enqueue(session, "remittances.paid", new_id())
        session.execute(
            text(
                "UPDATE outbox SET created_at = now() - interval '9 days', due_at = now()"
                " WHERE id = :id"
            ),
            {"id": item},
        )
    _watch(bench)
    assert _incidents(bench) == {}


def test_what_is_given_up_is_told_a_person(bench: PayoutBench) -> None:
    with bench.work.transaction() as session:
        item = enqueue(session, "enrollments.refresh", new_id())
        session.execute(
            text("UPDATE outbox SET attempts = :most WHERE id = :id"),
            {"id": item, "most": ATTEMPTS_BEFORE_PARKING},
        )
    run_outbox(str(item))
    assert _incidents(bench)["job_parked"].detail["topic"] == "enrollments.refresh"


def test_the_books_tell_when_suspense_has_no_incident(bench: PayoutBench, remittance: UUID) -> None:
    with bench.work.transaction() as session:
        session.execute(
            text("SELECT post_entry(:id, 'k', 'suspended', :found, now(), CAST(:lines AS jsonb))"),
            {
                "id": new_id(),
                "found": remittance,
                "lines": '[{"account": "suspense_mxn", "currency": "MXN", "amount": 1},'
                ' {"account": "finabien_settlement", "currency": "MXN", "amount": -1}]',
            },
        )
        assert proof(session).unexplained == 1
        session.rollback()
