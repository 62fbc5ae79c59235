"""What is set on a row is written once, whichever way, and only where the row is its owner's."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from services.kernel.ids import new_id
from services.kernel.writes import take_unwritten, update_row
from services.remittances.models import Charge, Remittance
from tests.factories.remittances import make_remittance, make_sender, prepare_reference


def _ordered(session: Session) -> tuple[Remittance, Charge]:
    prepare_reference(session)
    remittance = make_remittance(session, make_sender(session), send=20_00)
    session.flush()
    return remittance, session.get_one(Charge, remittance.id)


def _kept(session: Session, charge: Charge) -> str | None:
    query = text("SELECT pay_reference FROM charges WHERE remittance_id = :id")
    reference: str | None = session.execute(query, {"id": charge.remittance_id}).scalar_one()
    return reference


def test_what_was_taken_is_unchanged_to_the_session(session: Session) -> None:
    remittance, _ = _ordered(session)
    remittance.branch = "Centro"
    remittance.agency_reference = None
    assert take_unwritten(remittance) == {"branch": "Centro"}
    assert remittance not in session.dirty
    assert take_unwritten(remittance) == {}
    remittance.branch = "Norte"
    session.flush()
    session.refresh(remittance)
    assert remittance.branch == "Norte"


def test_a_part_is_written_for_the_owner_of_the_whole(session: Session) -> None:
    remittance, charge = _ordered(session)
    charge.pay_reference = "1234"
    update_row(session, charge, remittance)
    assert _kept(session, charge) == "1234"
    assert charge not in session.dirty
    charge.pay_reference = "5678"
    with pytest.raises(StaleDataError):
        update_row(session, charge, Remittance(account_id=new_id()))
    assert _kept(session, charge) == "1234"
