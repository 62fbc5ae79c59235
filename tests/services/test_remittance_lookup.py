"""A recipient without an account learns what they need to collect, and nobody else anything."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy.orm import Session

from services.kernel.errors import NotFound
from services.kernel.ids import FolioKind, new_folio
from services.kernel.money import Money
from services.remittances.advancing import claim_next
from services.remittances.models import Remittance
from services.remittances.payout import PayoutAnswer, settle_payout
from services.remittances.queries import (
    find_by_folio,
    get_remittance,
    list_remittances,
    list_unattended,
    lookup,
)
from services.remittances.rules import Answer, Payout, Status
from tests.factories.remittances import NOW, VAULT, make_remittance, make_sender

pytestmark = pytest.mark.usefixtures("reference")


@pytest.fixture
def cash(session: Session) -> Remittance:
    """Waits at a branch for Hermelinda Muñóz."""
    remittance = make_remittance(
        session, make_sender(session), payout=Payout.BRANCH, surname="Muñóz de León"
    )
    claim_next(session, remittance.id, now=NOW, vault=VAULT)
    answer = PayoutAnswer(Answer.AVAILABLE, branch="Sucursal 0007, Oaxaca")
    settle_payout(session, remittance.id, answer, now=NOW)
    return remittance


def test_the_recipient_learns_pesos_branch_what_to_bring_and_until_when(
    session: Session, cash: Remittance
) -> None:
    collection = lookup(session, cash.folio, "Muñóz de León")
    assert collection.status is Status.AVAILABLE
    assert collection.pesos == Money(5537_01, "MXN")
    assert collection.branch == "Sucursal 0007, Oaxaca"
    assert collection.collect_with == ("folio", "official_identification")
    assert collection.collect_until == date(2026, 12, 24)


@pytest.mark.parametrize("name", ["MUNOZ DE LEON", "  muñoz  de-león ", "Muñóz De León"])
def test_the_name_is_compared_as_people_write_it(
    session: Session, cash: Remittance, name: str
) -> None:
    spaced = f" {cash.folio[:4].lower()}-{cash.folio[4:8]} {cash.folio[8:]}"
    assert lookup(session, spaced, name).folio == cash.folio


def test_a_wrong_name_and_a_wrong_folio_look_the_same(session: Session, cash: Remittance) -> None:
    answers = []
    for folio, name in (
        (cash.folio, "Muñoz"),
        (cash.folio, ""),
        (cash.folio, "\x00"),
        (new_folio(FolioKind.REMITTANCE), "Muñóz de León"),
        ("nonsense", "\x00"),
        ("", ""),
    ):
        with pytest.raises(NotFound) as refused:
            lookup(session, folio, name)
        answers.append((refused.value.code, refused.value.field, dict(refused.value.params)))
    assert len({str(answer) for answer in answers}) == 1


def test_an_account_payout_tells_nothing_to_collect(session: Session) -> None:
    remittance = make_remittance(session, make_sender(session))
    collection = lookup(session, remittance.folio, "Ibarra")
    assert (collection.branch, collection.collect_with, collection.collect_until) == (
        None,
        (),
        None,
    )


def test_a_folio_is_found_however_it_is_written(session: Session, cash: Remittance) -> None:
    assert find_by_folio(session, cash.folio.lower()) == cash.id
    assert find_by_folio(session, new_folio(FolioKind.REMITTANCE)) is None
    assert find_by_folio(session, new_folio(FolioKind.APPOINTMENT)) is None
    assert find_by_folio(session, "'; DROP TABLE") is None


def test_a_list_goes_on_where_it_stopped_and_holds_only_the_accounts_own(
    session: Session, cash: Remittance
) -> None:
    sender = make_sender(session)
    mine = [
        make_remittance(session, sender, send=10_00, now=NOW + timedelta(minutes=n)).id
        for n in range(5)
    ]
    seen, after = [], None
    for _ in range(3):
        page = list_remittances(session, account=sender.account_id, limit=2, after=after)
        seen += [item.id for item in page.items]
        after = page.next
    assert seen == mine[::-1]
    assert after is None
    with pytest.raises(NotFound):
        get_remittance(session, cash.id, account=sender.account_id)
    assert get_remittance(session, cash.id, account=cash.account_id).id == cash.id
    open_ones = list_remittances(session, limit=10, status=Status.AVAILABLE)
    assert [item.id for item in open_ones.items] == [cash.id]


def test_an_open_one_is_unattended_only_when_nothing_is_on_its_way(
    session: Session, cash: Remittance
) -> None:
    later = NOW + timedelta(hours=1)
    assert list_unattended(session, before=later, limit=10) == []
    session.connection().exec_driver_sql("UPDATE outbox SET done_at = now()")
    assert [r.id for r in list_unattended(session, before=later, limit=10)] == [cash.id]
    assert list_unattended(session, before=NOW, limit=10) == []


@pytest.mark.parametrize(
    ("kept", "typed"),
    [("D'Amico", "Dʼamico"), ("D’Amico", "DAMICO"), ("Łukasz", "lukasz"), ("O Relling", "orelling"),
     ("Orelling", "O RELLING"), ("D/AMICO", "d'amico")],
)  # fmt: skip
def test_a_surname_is_found_whatever_its_marks_and_spaces(
    session: Session, kept: str, typed: str
) -> None:
    remittance = make_remittance(session, make_sender(session), payout=Payout.BRANCH, surname=kept)
    assert lookup(session, remittance.folio, typed).folio == remittance.folio
    with pytest.raises(NotFound):
        lookup(session, remittance.folio, "Demo")
