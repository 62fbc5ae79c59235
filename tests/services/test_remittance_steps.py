"""The database knows the steps of a remittance as well as the rules do."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from services.kernel.audit import Actor
from services.kernel.db import violated_constraint
from services.remittances.rules import FINAL, FORMER_STEPS, TRANSITIONS, Status
from tests.factories.remittances import bring_to, make_remittance, prepare_reference


def test_the_database_has_the_table_of_the_rules(session: Session) -> None:
    pairs = text("SELECT remittance_step_allowed(:before, :after)")
    allowed = {
        (before, after)
        for before in (None, *Status)
        for after in Status
        if session.execute(pairs, {"before": before, "after": after}).scalar_one()
    }
    tables = (TRANSITIONS, FORMER_STEPS)
    rules = {
        (before, to) for table in tables for before, following in table.items() for to in following
    }
    assert allowed == {*rules, (None, Status.REGISTERED), (None, Status.FUNDED)}


def test_what_ends_stays_as_it_is() -> None:
    assert {
        Status.PAID, Status.CANCELLED, Status.REFUNDED, Status.FAILED
    } == FINAL  # fmt: skip


@pytest.mark.parametrize(
    ("at", "to"), [("submitted", "funded"), ("held", "submitted"), ("refunded", "refunding")]
)
def test_a_step_that_the_rules_do_not_have_is_refused_by_name(
    session: Session, sender: Actor, at: str, to: str
) -> None:
    prepare_reference(session)
    make_remittance(session, sender, paid=False)
    bring_to(session, Status(at))
    with pytest.raises(IntegrityError) as refused, session.begin_nested():
        session.execute(text("UPDATE remittances SET refunded_at = NULL, status = :to"), {"to": to})
    assert violated_constraint(refused.value) == "ck_remittances_step"


def test_the_version_before_gives_back_as_it_did(session: Session, sender: Actor) -> None:
    prepare_reference(session)
    remittance = make_remittance(session, sender)
    session.execute(
        text("UPDATE remittances SET status = 'cancelled', refunded_at = now()"),
    )
    session.refresh(remittance)
    assert remittance.refunded_minor == remittance.total_minor


@pytest.mark.parametrize("column", ["refunded_minor", "remedied_minor", "returned_minor"])
def test_no_more_goes_back_than_was_paid(session: Session, sender: Actor, column: str) -> None:
    prepare_reference(session)
    remittance = make_remittance(session, sender, send=100_00)
    for wrong in (remittance.total_minor + 1, -1):
        with pytest.raises(IntegrityError) as refused, session.begin_nested():
            session.execute(text(f"UPDATE remittances SET {column} = {wrong}"))  # noqa: S608
        assert violated_constraint(refused.value) == "ck_remittances_no_more_than_paid"
