"""The ledger: the database refuses what doesn't balance, what repeats, and any change."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Session

from services.kernel.db import NETWORK_SCOPE, Database, violated_constraint
from services.kernel.ids import new_id
from services.ledger.errors import AlreadyPosted
from services.ledger.posting import Line, Transfer, id_of, post
from services.ledger.queries import balance, trial_balance
from services.remittances.entries import EntryKind, LedgerCode, line, post_lines
from services.remittances.queries import proof
from services.remittances.rules import Funding
from tests.factories.remittances import NOW, make_remittance, make_sender, prepare_reference
from tests.servers import DatabaseUrls

pytestmark = pytest.mark.usefixtures("reference")


@pytest.fixture
def remittance(session: Session) -> UUID:
    """One that is funded, 300 dollars in cash."""
    return make_remittance(session, make_sender(session), funding=Funding.CASH).id


def _post(session: Session, remittance: UUID, *lines: tuple[str, str, int]) -> None:
    """Call the function as the application may, with any lines."""
    session.execute(
        text("SELECT post_entry_v2(:id, :key, 'test', :remittance, :at, CAST(:lines AS jsonb))"),
        {
            "id": new_id(),
            "key": str(new_id()),
            "remittance": remittance,
            "at": NOW,
            "lines": json.dumps(
                [{"account": a, "currency": c, "amount": amount} for a, c, amount in lines]
            ),
        },
    )


def _balances(session: Session) -> dict[str, int]:
    return {code: sum_ for code, sum_ in trial_balance(session).balances.items() if sum_}


@pytest.mark.parametrize(
    ("lines", "constraint"),
    [
        ([("fee_income", "USD", 1), ("fx_usd", "USD", -2)], "ck_postings_balanced"),
        ([("fee_income", "USD", 5)], "ck_postings_balanced"),
        ([], "ck_postings_balanced"),
        # Dollars and pesos that cancel each other out balance in neither.
        ([("fx_usd", "USD", 5), ("fx_mxn", "MXN", -5)], "ck_postings_balanced"),
        ([("fx_usd", "MXN", 5), ("fx_mxn", "MXN", -5)], "ck_postings_account"),
        ([("pocket", "USD", 5), ("fx_usd", "USD", -5)], "ck_postings_account"),
        ([("fx_usd", "USD", 0), ("fee_income", "USD", 0)], "ck_journal_lines_amount"),
    ],
)
def test_lines_that_do_not_balance_are_refused_by_the_database(
    session: Session,
    remittance: UUID,
    lines: Sequence[tuple[str, str, int]],
    constraint: str,
) -> None:
    with pytest.raises(IntegrityError) as refused:
        _post(session, remittance, *lines)
    assert violated_constraint(refused.value) == constraint


def test_the_same_thing_is_not_posted_twice(session: Session, remittance: UUID) -> None:
    lines = [line(LedgerCode.FX_USD, 5), line(LedgerCode.FEE_INCOME, -5)]
    with pytest.raises(AlreadyPosted):
        post_lines(session, EntryKind.FUNDED, remittance, lines, now=NOW)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE journal_lines SET amount = amount + 1",
        "DELETE FROM journal_lines",
        "UPDATE journal_entries SET amount_minor = amount_minor + 1",
        "INSERT INTO journal_lines SELECT entry_id, 9, account_code, currency, amount, at"
        " FROM journal_lines LIMIT 1",
        "INSERT INTO journal_entries (id, key, kind, subject_id, at)"
        " SELECT gen_random_uuid(), 'x', 'x', subject_id, at FROM journal_entries LIMIT 1",
        "UPDATE ledger_accounts SET currency = 'MXN'",
        "UPDATE quotes SET send_minor = 1",
        "DELETE FROM remittance_events",
        "DELETE FROM remittances",
    ],
)
def test_the_application_cannot_touch_the_books(
    session: Session, remittance: UUID, statement: str
) -> None:
    with pytest.raises(DBAPIError, match=r"permission denied|never changed"):
        session.execute(text(statement))


def test_not_even_the_owner_changes_the_books(
    database: DatabaseUrls,
) -> None:
    db = Database(database.app_url)
    with db.transaction(NETWORK_SCOPE) as session:
        prepare_reference(session)
        remittance = make_remittance(session, make_sender(session)).id
    db.dispose()
    with psycopg.connect(database.owner_url, autocommit=True) as owner:
        for statement in (
            "UPDATE journal_lines SET amount = amount + 1",
            "DELETE FROM journal_lines",
            "TRUNCATE journal_lines",
            "UPDATE journal_entries SET amount_minor = amount_minor + 1",
            "DELETE FROM journal_entries",
            "DELETE FROM ledger_accounts",
        ):
            with pytest.raises(psycopg.errors.RestrictViolation):
                owner.execute(statement)
        # A pair of lines that balances, added to what was posted before.
        with pytest.raises(psycopg.errors.CheckViolation) as refused:
            owner.execute(
                "INSERT INTO journal_lines SELECT id, n + 90, 'fx_usd', 'USD', n, at"
                " FROM journal_entries, (VALUES (1), (-1)) t (n) WHERE subject_id = %s",
                [remittance],
            )
        assert refused.value.diag.constraint_name == "ck_postings_written_once"


def test_funding_books_every_cent_to_its_own_account(session: Session, remittance: UUID) -> None:
    assert _balances(session) == {
        "funding_clearing": 305_99,
        "remittances_payable": -300_00,
        "fee_income": -2_99,
        "excise_payable": -3_00,
    }
    assert proof(session).holds


def test_a_balance_as_of_an_earlier_moment_does_not_know_of_later_entries(
    session: Session, remittance: UUID
) -> None:
    later = NOW + timedelta(hours=1)
    lines = [line(LedgerCode.FEE_INCOME, -1), line(LedgerCode.FUNDING_CLEARING, 1)]
    post_lines(session, EntryKind.PAID, remittance, lines, now=later)
    assert balance(session, LedgerCode.FEE_INCOME, as_of=NOW) == -2_99
    assert balance(session, LedgerCode.FEE_INCOME, as_of=later) == -3_00
    assert balance(session, LedgerCode.FEE_INCOME) == -3_00
    assert trial_balance(session, as_of=NOW).balances["fee_income"] == -2_99


def test_the_proof_finds_an_entry_that_no_status_explains(
    session: Session, remittance: UUID
) -> None:
    post_lines(
        session,
        EntryKind.PAID,
        remittance,
        [line(LedgerCode.PAYOUTS_PENDING, 7), line(LedgerCode.FINABIEN_SETTLEMENT, -7)],
        now=NOW,
    )
    books = proof(session)
    assert books.mismatched == [remittance]
    assert books.suspense_difference == 7
    assert not books.holds


def test_the_proof_finds_a_status_without_its_entry(session: Session, remittance: UUID) -> None:
    session.execute(
        text("UPDATE remittances SET status = 'sending' WHERE id = :id"), {"id": remittance}
    )
    books = proof(session)
    assert books.mismatched == [remittance]
    assert books.suspense_difference != 0


def test_the_ledger_takes_entries_about_anything(session: Session) -> None:
    """It knows no remittance: whatever a slice names by an id may have moved money."""
    thing = new_id()
    lines = [Line("fx_usd", "USD", 7), Line("fee_income", "USD", -7)]
    fine = Transfer(id_of(f"fine:{thing}"), "fine", thing, lines)
    post(session, fine, now=NOW)
    assert balance(session, "fee_income") == -7
    with pytest.raises(AlreadyPosted), session.begin_nested():
        post(session, replace(fine, subject=new_id()), now=NOW)


def test_entries_of_the_version_before_are_about_the_same_thing(
    session: Session, remittance: UUID
) -> None:
    """It posts and reads by remittance; this one by subject."""
    lines = [("fx_usd", "USD", 7), ("fee_income", "USD", -7)]
    session.execute(
        text("SELECT post_entry(:id, 'k', 'test', :of, :at, CAST(:lines AS jsonb))"),
        {
            "id": new_id(),
            "of": remittance,
            "at": NOW,
            "lines": json.dumps([dict(zip(_KEYS, each, strict=True)) for each in lines]),
        },
    )
    differs = text("SELECT count(*) FROM journal_entries WHERE remittance_id <> subject_id")
    about = text("SELECT count(*) FROM journal_entries WHERE subject_id = :of")
    assert session.scalar(about, {"of": remittance}) == 2
    assert session.scalar(differs) == 0


_KEYS = ("account", "currency", "amount")
