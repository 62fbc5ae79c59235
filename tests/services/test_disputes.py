"""An error that the sender claims is put right within the rule's days, or explained in writing;
what goes back never passes what was paid."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from services.disputes.claiming import ClaimError, ask_for_documents, claim, list_actions
from services.disputes.errors import DisputeOpen, DisputeTaken, DisputeWindowOver, RemedyNotOffered
from services.disputes.models import Dispute
from services.disputes.queries import State, get_notice, list_disputes, open_texts
from services.disputes.resolving import ResolveDispute, give_documents, list_remedies, resolve, take
from services.disputes.rules import Action, Kind, Remedy, correct_by, tell_by
from services.kernel.audit import Actor, Role
from services.kernel.db import savepoint, violated_constraint
from services.kernel.errors import Invalid, NotFound, WrongState
from services.kernel.ids import new_id, parse_folio
from services.ledger.queries import balance, list_thread
from services.remittances.advancing import claim_next
from services.remittances.cancelling import cancel
from services.remittances.entries import LedgerCode
from services.remittances.errors import RemedyExceedsPaid
from services.remittances.funding import ChargeAnswer, settle_charge
from services.remittances.models import Remittance
from services.remittances.payout import PayoutAnswer, settle_payout
from services.remittances.queries import proof
from services.remittances.remedying import Remedied, give_remedy
from services.remittances.rules import Answer, ChargeStatus, Funding
from tests.factories.remittances import NOW, VAULT, make_remittance, make_sender

pytestmark = pytest.mark.usefixtures("reference")
TREASURER = Actor(Role.TREASURY, new_id())
WHATEVER = Remedied("dispute", new_id(), "DX", NOW.date())
WORDS = "Mi mamá fue dos veces y no había nada."
WHY = "Finabien lo entregó el día 3, tarde."


def paid(session: Session, sender: Actor, funding: Funding = Funding.CASH) -> Remittance:
    remittance = make_remittance(session, sender, funding=funding)
    claim_next(session, remittance.id, now=NOW, vault=VAULT)
    settle_payout(session, remittance.id, PayoutAnswer(Answer.PAID, paid_at=NOW), now=NOW)
    return remittance


def claimed(
    session: Session, sender: Actor, remittance: Remittance, kind: Kind = Kind.LATE, **when: float
) -> Dispute:
    command = ClaimError(remittance.id, kind, WORDS, "en")
    return claim(session, command, now=NOW + timedelta(**when), actor=sender, vault=VAULT)


def end(
    session: Session, dispute: Dispute, remedy: Remedy | None, minor: int | None = None
) -> Dispute:
    command = ResolveDispute(dispute.id, remedy, WHY, minor)
    return resolve(session, command, now=NOW, actor=TREASURER, vault=VAULT)


def topics(session: Session, dispute: Dispute) -> list[str]:
    query = text("SELECT topic FROM outbox WHERE ref = :id ORDER BY id")
    return list(session.scalars(query, {"id": dispute.id}))


def test_a_claim_has_a_folio_and_its_last_days(session: Session, sender: Actor) -> None:
    dispute = claimed(session, sender, paid(session, sender))
    assert parse_folio(dispute.folio) == dispute.folio
    assert dispute.investigate_by - NOW.date() in (timedelta(89), timedelta(90))
    assert open_texts(dispute, VAULT).claim == WORDS
    assert topics(session, dispute) == ["disputes.received"]
    notice = get_notice(session, dispute, VAULT)
    assert notice is not None
    assert notice.language == "en"
    friday = date(2026, 11, 27)
    assert (correct_by(friday), tell_by(friday)) == (date(2026, 11, 30), date(2026, 12, 2))


def test_one_at_a_time_within_180_days_and_of_ones_own(session: Session, sender: Actor) -> None:
    remittance = paid(session, sender)
    first = claimed(session, sender, remittance)
    with pytest.raises(DisputeOpen) as refused:
        claimed(session, sender, remittance)
    assert refused.value.params["folio"] == first.folio
    end(session, first, None)
    last = remittance.date_available + timedelta(days=180) - NOW.date()
    second = claimed(session, sender, remittance, days=last.days)
    end(session, second, None)
    with pytest.raises(DisputeWindowOver):
        claimed(session, sender, remittance, days=last.days + 1)
    with pytest.raises(NotFound):
        claimed(session, make_sender(session), remittance)


def test_a_late_delivery_gives_fee_and_tax_back(session: Session, sender: Actor) -> None:
    remittance = paid(session, sender)
    dispute = end(session, claimed(session, sender, remittance), Remedy.FEES)
    fees = remittance.fee_minor + remittance.tax_minor
    assert (dispute.remedy_minor, remittance.remedied_minor) == (fees, fees)
    held = {code: balance(session, code) for code in LedgerCode}
    assert held[LedgerCode.FEE_INCOME] == held[LedgerCode.EXCISE_PAYABLE] == 0
    assert held[LedgerCode.REFUNDS_PAYABLE] == -fees
    assert open_texts(dispute, VAULT).explanation == WHY
    assert topics(session, dispute) == [
        "disputes.received", "remittances.give_remedy", "disputes.decided",
    ]  # fmt: skip
    assert [e.kind for e in list_thread(session, remittance.id)].count("remedied") == 1
    assert proof(session).holds
    assert Remedy.FEES not in list_remedies(remittance)


def test_remedies_never_pass_what_was_paid(session: Session, sender: Actor) -> None:
    remittance = paid(session, sender)
    end(session, claimed(session, sender, remittance), Remedy.AMOUNT, 100_00)
    more = claimed(session, sender, remittance, Kind.WRONG_AMOUNT)
    with pytest.raises(RemedyExceedsPaid):
        end(session, more, Remedy.AMOUNT, remittance.total_minor - 100_00 + 1)
    with pytest.raises(Invalid):
        end(session, more, Remedy.AMOUNT)
    assert end(session, more, Remedy.EVERYTHING).remedy_minor == remittance.total_minor - 100_00
    assert balance(session, LedgerCode.REFUNDS_PAYABLE) == -remittance.total_minor
    assert list_remedies(remittance) == ()
    assert proof(session).holds
    with pytest.raises(RemedyNotOffered):
        end(session, claimed(session, sender, remittance), Remedy.EVERYTHING)


@pytest.mark.parametrize(
    "change", ["remedied_minor = total_minor + 1", "remedied_minor = -1",
               "remedied_minor = 1, refunded_minor = total_minor"]
)  # fmt: skip
def test_the_database_has_the_last_word(session: Session, sender: Actor, change: str) -> None:
    remittance = paid(session, sender)
    session.flush()
    update = text(f"UPDATE remittances SET {change} WHERE id = :id")  # noqa: S608 - our own text
    with pytest.raises(IntegrityError) as refused, savepoint(session):
        session.execute(update, {"id": remittance.id})
    assert violated_constraint(refused.value) == "ck_remittances_no_more_than_paid"


def test_nothing_is_given_while_it_is_under_way_and_once_after_it_went_back(
    session: Session, sender: Actor
) -> None:
    remittance = make_remittance(session, sender)
    dispute = claimed(session, sender, remittance, Kind.NOT_RECEIVED)
    assert list_remedies(remittance) == ()
    with pytest.raises(RemedyNotOffered):
        end(session, dispute, Remedy.EVERYTHING)
    with pytest.raises(WrongState):
        give_remedy(session, remittance, 1, fees=False, why=WHATEVER, now=NOW)
    cancel(session, remittance.id, now=NOW, actor=sender)
    assert list_remedies(remittance) == (Remedy.GIVEN_BACK,)
    assert end(session, dispute, Remedy.GIVEN_BACK).remedy_minor == 0
    assert balance(session, LedgerCode.REFUNDS_PAYABLE) == -remittance.total_minor
    assert proof(session).holds


def test_what_the_bank_took_back_is_given_back_no_more(session: Session, sender: Actor) -> None:
    remittance = paid(session, sender)
    settle_charge(session, remittance.id, ChargeAnswer(ChargeStatus.RETURNED), now=NOW)
    assert remittance.returned_minor == remittance.total_minor
    assert list_remedies(remittance) == ()
    with pytest.raises(RemedyExceedsPaid):
        give_remedy(session, remittance, 1, fees=False, why=WHATEVER, now=NOW)
    assert proof(session).holds


def test_it_ends_once_and_what_was_explained_has_its_documents(
    session: Session, sender: Actor
) -> None:
    dispute = claimed(session, sender, paid(session, sender))
    take(session, dispute.id, now=NOW, actor=TREASURER)
    with pytest.raises(DisputeTaken):
        take(session, dispute.id, now=NOW, actor=Actor(Role.TREASURY, new_id()))
    end(session, dispute, None)
    for again in (None, Remedy.FEES):
        with pytest.raises(WrongState):
            end(session, dispute, again)
    assert list_actions(dispute) == {Action.ASK_DOCUMENTS}
    with pytest.raises(NotFound):
        ask_for_documents(session, dispute.id, now=NOW, actor=make_sender(session))
    with pytest.raises(WrongState):
        give_documents(session, dispute.id, now=NOW, actor=TREASURER)
    ask_for_documents(session, dispute.id, now=NOW, actor=sender)
    assert dispute in list_disputes(session, State.OPEN, limit=9).items
    give_documents(session, dispute.id, now=NOW, actor=TREASURER)
    assert dispute in list_disputes(session, State.SETTLED, limit=9).items
    assert not list_actions(dispute)
