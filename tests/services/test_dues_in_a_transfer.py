"""One transfer that also pays dues: quoted, limited and ordered as one, then two that end by
themselves."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from services.enrollments.details import Details, PaymentDetails
from services.enrollments.lapsing import remind
from services.enrollments.progress import AgencyStatus, record_progress
from services.enrollments.queries import get_notice
from services.enrollments.rules import Status as Enrolled
from services.kernel.audit import Actor
from services.kernel.db import violated_constraint
from services.kernel.errors import WrongState
from services.kernel.ids import new_id
from services.kernel.money import Money, convert
from services.ledger.queries import balance
from services.outbox.models import OutboxItem
from services.remittances.advancing import claim_next
from services.remittances.cancelling import cancel, list_actions
from services.remittances.correcting import RecipientName, correct_name
from services.remittances.entries import LedgerCode
from services.remittances.errors import (
    DuesChanged,
    DuesExceedAmount,
    DuesOrdered,
    LimitExceeded,
)
from services.remittances.funding import ChargeAnswer, settle_charge, was_asked
from services.remittances.models import Charge, Quote, Remittance
from services.remittances.ordering import DuesLine, OrderRemittance, order
from services.remittances.queries import find_dues_paid_by, proof
from services.remittances.quoting import Dues, RequestQuote, quote
from services.remittances.refunding import claim_refund
from services.remittances.rules import (
    DUES_OVER,
    Action,
    ChargeStatus,
    Funding,
    Payout,
    Purpose,
    Status,
    divide,
    price_with_dues,
)
from tests.factories.enrollments import send_request
from tests.factories.remittances import (
    NOW,
    VAULT,
    make_divided,
    make_line,
    make_recipient,
)
from tests.services.test_remittance_quotes import RULES

pytestmark = pytest.mark.usefixtures("reference")
RATES = st.decimals(Decimal("9.00000001"), Decimal(30), places=8)


@given(
    rate=RATES,
    minor=st.integers(1, 2_500_00),
    dues=st.integers(1, 20_000_00),
    way=st.sampled_from(("send", "receive")),
    funding=st.sampled_from(Funding),
)
def test_the_shares_are_the_whole_to_the_cent(
    rate: Decimal, minor: int, dues: int, way: str, funding: Funding
) -> None:
    try:
        whole = price_with_dues(way, minor, dues, rate, funding, RULES)
    except ValueError:
        assert way == "send"
        assert convert(minor - 1, rate) < dues + convert(1, rate) + 1
        return
    division = divide(whole, dues)
    assert division.whole == whole
    assert whole.fee_minor == RULES.fee_minor
    assert division.dues.receive_minor == dues
    assert way == "send" or division.person.receive_minor == minor
    assert way == "receive" or whole.send_minor == minor
    for part in (division.person, division.dues):
        assert min(part.send_minor, part.receive_minor) > 0
        assert min(part.fee_minor, part.tax_minor) >= 0
        # The house never pays out more pesos than the dollars bring.
        assert part.receive_minor <= convert(part.send_minor, rate)


def test_one_payment_is_asked_for_both(session: Session, sender: Actor) -> None:
    person, dues = make_divided(session, sender, paid=False)
    quoted = session.get_one(Quote, person.quote_id)
    charges = [session.get_one(Charge, part.id) for part in (person, dues)]
    assert {(charge.folio, charge.amount_minor) for charge in charges} == {
        (person.folio, quoted.total_minor)
    }
    assert person.total_minor + dues.total_minor == quoted.total_minor
    assert (dues.payout, dues.purpose, dues.receive_minor) == ("dues", "imss_dues", 500_00)
    assert (person.payout, person.purpose) == ("account", "family")


@pytest.mark.parametrize("covered", [False, True])
def test_who_pays_by_a_transfer_is_not_reminded_to_pay_unless_it_goes_back(
    session: Session, sender: Actor, covered: bool
) -> None:
    def reminded() -> bool:
        remind(session, now=NOW, limit=9)
        items = select(OutboxItem.topic).where(OutboxItem.ref == enrollment.id)
        return "enrollments.deadline" in list(session.scalars(items))

    enrollment = send_request(session, sender, now=NOW, vault=VAULT)
    line = make_line(due_on=NOW.date() + timedelta(days=1))
    details = Details(payment=PaymentDetails(line.reference, line.amount, line.due_on))
    result = {"covered_from": "2026-11-01", "covered_to": "2026-12-31"}
    word = (
        AgencyStatus(Enrolled.ACTIVE, result, details=details)
        if covered
        else AgencyStatus(Enrolled.PAYMENT_PENDING, details=details)
    )
    record_progress(session, enrollment.id, word, now=NOW, vault=VAULT)
    _, dues = make_divided(session, sender, line=line, enrollment=enrollment.id)
    assert not reminded()
    assert get_notice(session, enrollment.id, VAULT).paid
    cancel(session, dues.id, now=NOW, actor=sender)
    assert reminded()
    assert not get_notice(session, enrollment.id, VAULT).paid


def test_the_database_takes_no_part_alone(session: Session, sender: Actor) -> None:
    """Nor parts that aren't what was quoted, whoever writes them."""
    person, dues = make_divided(session, sender, paid=False)
    session.execute(text("SET CONSTRAINTS whole_order IMMEDIATE"))
    for part in (person, dues):
        with pytest.raises(IntegrityError) as refused, session.begin_nested():
            _copy(session, part, _quote(session, sender))
        assert violated_constraint(refused.value) == "ck_remittances_whole_order"


def test_the_same_dues_are_not_paid_twice(session: Session, sender: Actor) -> None:
    enrollment, line = new_id(), make_line()
    _, dues = make_divided(session, sender, line=line, enrollment=enrollment, send=100_00)
    with pytest.raises(DuesOrdered), session.begin_nested():
        make_divided(session, sender, line=line, enrollment=enrollment, send=100_00)
    assert find_dues_paid_by(session, enrollment, line.due_on) is dues
    cancel(session, dues.id, now=NOW, actor=sender)
    assert find_dues_paid_by(session, enrollment, line.due_on) is None
    again = make_divided(session, sender, line=line, enrollment=enrollment, send=100_00)
    assert again[1].status == Status.FUNDED


@pytest.mark.parametrize(
    "other",
    [make_line(pesos=500_01), make_line(due_on=make_line().due_on + timedelta(days=1)), None],
)
def test_dues_that_changed_need_another_quote(
    session: Session, sender: Actor, other: DuesLine | None
) -> None:
    command = OrderRemittance(_quote(session, sender).id, make_recipient(), Purpose.FAMILY)
    with pytest.raises(DuesChanged):
        order(
            session,
            command,
            now=NOW,
            actor=sender,
            vault=VAULT,
            read_dues=(lambda _: other) if other else None,
        )
    assert session.scalar(text("SELECT count(*) FROM remittances")) == 0


def test_dues_that_take_it_all_are_refused_with_what_they_need(
    session: Session, sender: Actor
) -> None:
    with pytest.raises(DuesExceedAmount) as refused:
        _quote(session, sender, send=27_00)
    # 500 pesos at 18.4567.
    assert refused.value.params["dues"] == "27.10"


def test_limits_hold_for_both_together(session: Session, sender: Actor) -> None:
    make_divided(session, sender, send=2_000_00)
    with pytest.raises(LimitExceeded) as refused:
        make_divided(session, sender, send=500_01)
    assert refused.value.params["available"] == "500.00"
    assert make_divided(session, sender, send=500_00)


def test_before_paying_both_are_stopped_together(session: Session, sender: Actor) -> None:
    person, dues = make_divided(session, sender, paid=False)
    cancel(session, dues.id, now=NOW, actor=sender)
    assert (person.status, dues.status) == (Status.CANCELLED, Status.CANCELLED)


def test_before_paying_the_provider_is_asked_to_stop_the_one_payment(
    session: Session, sender: Actor
) -> None:
    person, dues = make_divided(session, sender, paid=False)
    session.get_one(Charge, dues.id).asked_at = NOW
    assert was_asked(session, dues.id)
    cancel(session, person.id, now=NOW, actor=sender)
    assert (person.status, dues.status) == (Status.CANCELLING, Status.CANCELLING)
    # They had paid meanwhile: all of it goes back, each under its own key.
    settle_charge(session, person.id, ChargeAnswer(ChargeStatus.PAID), now=NOW)
    tasks = [claim_refund(session, part.id, now=NOW) for part in (person, dues)]
    assert [(task.folio, task.part, task.amount_minor) for task in tasks if task] == [
        (person.folio, part.folio, part.total_minor) for part in (person, dues)
    ]


@pytest.mark.parametrize("stopped", [0, 1])
def test_after_paying_each_is_cancelled_and_given_back_alone(
    session: Session, sender: Actor, stopped: int
) -> None:
    parts = make_divided(session, sender, funding=Funding.CASH)
    gone, stays = parts[stopped], parts[1 - stopped]
    cancel(session, gone.id, now=NOW, actor=sender)
    assert (gone.status, stays.status) == (Status.REFUNDING, Status.FUNDED)
    assert gone.refunded_minor == gone.send_minor + gone.fee_minor + gone.tax_minor
    back = ChargeAnswer(ChargeStatus.PAID, refunds=frozenset({gone.folio}))
    assert settle_charge(session, gone.id, back, now=NOW) is Status.CANCELLED
    assert stays.status == Status.FUNDED
    assert balance(session, LedgerCode.FUNDING_CLEARING) == stays.total_minor
    assert balance(session, LedgerCode.FEE_INCOME) == -stays.fee_minor
    assert balance(session, LedgerCode.EXCISE_PAYABLE) == -stays.tax_minor
    assert proof(session).holds


def test_a_bank_that_takes_it_back_takes_back_both(session: Session, sender: Actor) -> None:
    person, dues = make_divided(session, sender)
    cancel(session, person.id, now=NOW, actor=sender)
    gone = ChargeAnswer(ChargeStatus.RETURNED, refunds=frozenset({person.folio}))
    settle_charge(session, dues.id, gone, now=NOW)
    # One had been given back already: that is lost; the other is stopped, and nobody is out.
    assert (person.status, person.lost_minor) == (Status.CANCELLED, person.total_minor)
    assert (dues.status, dues.lost_minor) == (Status.FAILED, 0)
    assert proof(session).holds


def test_dues_are_not_paid_after_their_last_day(session: Session, sender: Actor) -> None:
    line = make_line(due_on=NOW.date())
    person, dues = make_divided(session, sender, line=line)
    tomorrow = NOW + timedelta(days=1)
    assert claim_next(session, dues.id, now=tomorrow, vault=VAULT) is None
    assert (dues.status, dues.reason_code) == (Status.REFUNDING, DUES_OVER)
    task = claim_next(session, person.id, now=tomorrow, vault=VAULT)
    assert task is not None
    assert task.concept == "REMESA"


def test_the_order_for_dues_has_the_line_and_its_own_concept(
    session: Session, sender: Actor
) -> None:
    line = make_line()
    _, dues = make_divided(session, sender, line=line)
    task = claim_next(session, dues.id, now=NOW, vault=VAULT)
    assert task is not None
    assert (task.account, task.payout, task.concept, task.amount_minor) == (
        line.reference, Payout.DUES, "CUOTAS IMSS", 500_00
    )  # fmt: skip


def test_nobody_corrects_the_name_of_dues(session: Session, sender: Actor) -> None:
    _, dues = make_divided(session, sender)
    assert list_actions(session, dues, now=NOW) == {Action.CANCEL}
    with pytest.raises(WrongState):
        correct_name(
            session, dues.id, RecipientName("Otra", "Persona", None), now=NOW, actor=sender,
            vault=VAULT,
        )  # fmt: skip


def _quote(session: Session, sender: Actor, *, send: int = 300_00) -> Quote:
    line = make_line()
    dues = Dues(new_id(), line.amount, line.due_on)
    command = RequestQuote(
        Money(send, "USD"), None, Funding.BANK_ACCOUNT, Payout.ACCOUNT, dues.enrollment
    )
    return quote(session, command, now=NOW, actor=sender, dues=dues)


def _copy(session: Session, part: Remittance, quoted: Quote) -> None:
    others = {"id": ":id", "folio": ":folio", "quote_id": ":quote", "enrollment_id": (
        "CASE WHEN enrollment_id IS NOT NULL THEN :id END"
    )}  # fmt: skip
    names = [column.name for column in Remittance.__table__.columns]
    values = ", ".join(others.get(name, name) for name in names)
    session.execute(
        text(
            f"INSERT INTO remittances ({', '.join(names)})"  # noqa: S608
            f" SELECT {values} FROM remittances WHERE id = :part"
        ),
        {"id": new_id(), "folio": "RCOPY", "quote": quoted.id, "part": part.id},
    )
