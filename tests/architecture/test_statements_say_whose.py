"""Every statement on rows that belong to somebody says whose it wants: row security is the second
hold, not the only one.

What the ORM sends gets the scope's condition from `services.kernel.db`, and each test watches it
(`tests.factories.statements`). A text() and a database function carry their own: read here.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from importlib import import_module

import pytest
from sqlalchemy import TextClause, delete, select, text, update
from sqlalchemy.orm import aliased

from migrations.support import definitions
from services.appointments.models import Appointment, Claim, Seat
from services.citizens.models import Person
from services.enrollments.models import Enrollment, EnrollmentClaim, EnrollmentEvent
from services.identity.models import IdentityCheck
from services.kernel.db import Database, Scope
from services.remittances.models import PayoutAttempt, Remittance
from services.voting.models import VoteCount
from tests.architecture.source import ROOT, Module, literal, modules, written
from tests.factories.statements import forgotten
from tests.servers import DatabaseUrls

# Each with why it may.
TEXTS = {
    "services.appointments.erasing._FORGET_OUTCOME": "the workers', of the erased alone, by id",
    "services.appointments.freeing._COUNT_CANCELLED_OFF": "the workers', about one that ended",
    "services.appointments.freeing._COUNT_ONE_OFF": "the workers', about one who left a party",
    "services.compliance.queries._DAY_SUMS": "compliance's, of the whole network, noted in audit",
    "services.remittances.advancing._STATUS": "the workers', of the one that an item is about",
    "services.remittances.funding._ASK": "the workers', of a remittance that they have locked",
    "services.remittances.payout._BEGIN_ATTEMPT": "the workers', of one that they have locked",
    "services.remittances.payout._CLOSE_ATTEMPTS": "the workers', of one that they have locked",
    "services.remittances.queries._BY_FOLIO": "the workers', by the folio that an agency speaks of",
    "services.remittances.queries._BY_REFERENCE": "the workers', by what an agency calls it",
    "services.treasury.queries._LINES": "treasury's, of the whole network: folios, nobody's names",
    "services.treasury.queries._TOTALS": "treasury's, of the whole network: how many orders",
    "services.appointments.freeing._FREE_CANCELLED": "the workers', about one that ended",
    "services.appointments.freeing._FREE_ONE": "the workers', about one who left a party",
    "services.appointments.freeing._LOCK_APPOINTMENT": "the workers', one that ended, by id",
    "services.appointments.freeing._LOCK_CANCELLED": "the workers', about one that ended",
    "services.appointments.freeing._LOCK_ONE": "the workers', about one who left",
    "services.appointments.reminding._REMIND": "the schedule's, of all offices",
    "services.appointments.watching._END_OVER": "the workers', by the keys of who waits",
    "services.appointments.resembling._FLAG": "the workers', compares across all offices",
    "services.messages.delivering._NOTE_SENT": "the workers', one message by its id",
    "services.remittances.queries._MISMATCHED": "the workers', proves the whole of the books",
}
FUNCTIONS = {
    "count_enrolled_person": {"people": "a trigger: the person of the row that moved"},
    "forget_enrolled_person": {"people": "a trigger: whoever has the CURP of the row that moved"},
    "move_members_along": {"attendees": "a trigger: the people of the row that moved"},
    "book_appointment_v4": {"appointments": "the row that it has just written"},
    "seat_booking": {
        "appointments": "the row that its transaction has just written",
        "seats": "those that it has just written",
    },
    "refuse_hoarding": {
        "appointments": "sums of what one hand holds, by keyed hash",
        "attempts": "by the subjects that it is given",
        "booking_holds": "a sum of what one address holds, by its keyed hash",
    },
    "free_booking_holds": {"booking_holds": "those that it is given, once nobody's"},
    "booking_refusal": {"claims": "by the people's keys; only the account's own are told"},
    "folder_key_v1": {
        "folders": "one that the transaction has read, by its id",
        "people": "the row under whose key it is sealed, by its id; it gives the key, wrapped",
    },
    "dues_are_paid_v1": {"remittances": "by the enrollment and its day; it says only whether"},
    "is_enrolled": {"enrollments": "by the person's key; it says only whether"},
    "sees_appointment": {"appointments": "row security's own question"},
    "own_name_key": {
        "identity_checks": "by which a key was given, of whatever office; it gives the key",
        "people": "the row that was checked then, by its id",
    },
    "sent_by_person": {"people": "one person's rows in all accounts; it gives sums"},
    "refuse_part_of_order": {
        "quotes": "a trigger: the quote of the row that is written",
        "remittances": "a trigger: the parts of one quote; it gives nothing",
    },
    "staff_in_service": {"staff_accounts": "the account by its id, before it is known whose"},
    "check_charged_sum": {"fee_lines": "a trigger: the lines of the row, by its id"},
    "refuse_counted_cash": {"cash_ups": "a trigger: the receipt's own, by its id"},
    "refuse_own_role": {"staff_accounts": "a trigger: the row of who gives the role"},
    "name_age_band": {"attendees": "a trigger: the people of the row's own appointment"},
    "name_election": {"vote_counts": "a trigger: the count that the row is about, by its id"},
    "name_report_subjects": {"staff_accounts": "a trigger: the rows of who prepared and signed"},
    "name_count_subjects": {"staff_accounts": "a trigger: the rows of who typed a count"},
}
# Where the web works for the whole network: each statement there has a predicate of its own.
NETWORK = {
    "consular/announcements.py": "what every page announces is anybody's",
    "consular/auth.py": "whoever signs in by a token; refusals, which are only written",
    "consular/blocked.py": "one remittance's record, by folio, which is noted in the audit",
    "consular/documents.py": "counters",
    "consular/commands.py": "counters; whoever holds the claim is told, by the people's keys",
    "consular/local/demonstration.py": "fills a database that nobody uses yet",
    "consular/finding.py": "by folio and birth date",
    "consular/health.py": "counts",
    "consular/lookups.py": "counters; by folio and surname",
    "consular/unmet.py": "counters",
    "consular/recipient_checks.py": "counters",
    "consular/seed.py": "reference data",
    "consular/api/v1/callbacks/routes.py": "an agency's message, which is only kept",
    "consular/api/v1/me/routes.py": "requests of one's own account; who was merged with them",
    "consular/api/v1/identity/routes.py": "whoever proved at a window who they are, in any office",
    "consular/api/v1/people/routes.py": "whether somebody proved elsewhere that they are another",
    "consular/pages/desk/board.py": "a screen's address, by its token's hash",
    "consular/pages/desk/consenting.py": "by address, code and who helps",
    "consular/pages/desk/identity.py": "whoever proved at a window who they are, in any office",
    "consular/pages/desk/people.py": "whether somebody proved elsewhere that they are another",
    "consular/pages/portal/erasing.py": "requests of one's own account; by folio: how far it is",
    "consular/pages/portal/finding.py": "by folio and birth date",
    "consular/pages/portal/form_prefill.py": "the code that signed one's own account in",
    "consular/pages/portal/helping.py": "one link, by its secret",
    "consular/pages/portal/proving.py": "what is held in the name that was proved, by its check",
    "consular/pages/portal/turn.py": "one turn, by the keyed hash of its folio",
    "consular/pages/portal/stopping.py": "a telephone, by its keyed hash and the folio",
    "consular/pages/portal/signing_in.py": "by address, code and browser",
    "consular/pages/portal/folio_check.py": "by folio: when it was issued, nothing else",
    "consular/pages/privacy/routes.py": "requests of every office, for compliance to decide",
}
SLICES = sorted(file.parent.name for file in ROOT.glob("services/*/functions.sql"))


def _texts() -> Iterator[tuple[str, str]]:
    """(name, SQL) of every text() that a module of services or of the web holds."""
    for module in modules("services", "consular"):
        name = module.path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        if any(written(call.func) == "text" for call in module.calls()):
            for variable, value in vars(import_module(name)).items():
                if isinstance(value, TextClause):
                    yield f"{name}.{variable}", value.text


def _written_within(module: Module) -> Iterator[tuple[int, str]]:
    """(line, SQL) of each text() that isn't named at the top of its module."""
    for function in module.functions():
        for call in ast.walk(function):
            if isinstance(call, ast.Call) and written(call.func) == "text":
                yield call.lineno, literal(call.args[0]) or ""


def test_every_text_says_whose_rows_it_wants() -> None:
    faults = {name for name, sql in _texts() if forgotten(sql)}
    assert faults == set(TEXTS)


def test_so_does_every_text_within_a_function() -> None:
    faults = [
        f"{module.path}:{line}"
        for module in modules("services", "consular")
        for line, sql in _written_within(module)
        if forgotten(sql)
    ]
    assert faults == []


@pytest.mark.parametrize("slice_name", SLICES)
def test_so_does_every_database_function(slice_name: str) -> None:
    faults = {
        name: {table for each in body.split(";") for table in forgotten(each)}
        for name, body in definitions(slice_name)
    }
    known = {name: set(FUNCTIONS[name]) for name in faults if name in FUNCTIONS}
    assert {name: tables for name, tables in faults.items() if tables} == known


def test_the_web_works_for_the_whole_network_where_that_is_known() -> None:
    faults = {
        module.path
        for module in modules("consular")
        for node in module.nodes
        if isinstance(node, ast.Name) and node.id == "NETWORK_SCOPE"
    }
    assert faults == set(NETWORK)


def test_nothing_goes_around_the_mapped_classes() -> None:
    """A Table of its own, or the connection itself, would carry no condition."""
    around = ("__table__", "exec_driver_sql")
    faults = [
        f"{module.path}:{node.lineno}"
        for module in modules("services", "consular")
        for node in module.nodes
        if isinstance(node, ast.Attribute)
        and (node.attr in around or written(node) == "session.connection")
        and module.path != "services/kernel/db.py"
    ]
    assert faults == []


@pytest.mark.parametrize(
    ("sql", "tables"),
    [
        ("SELECT a.id FROM appointments a WHERE a.consulate_code = :office", ()),
        ("SELECT id FROM appointments WHERE account_id = :account", ()),
        ("SELECT id FROM appointments WHERE id = :id", ("appointments",)),
        ("SELECT 1 FROM slots s, people AS p WHERE s.id = :id", ("people",)),
        ("UPDATE people SET given_names = :name WHERE id = :id", ("people",)),
        ("DELETE FROM claims WHERE appointment_id = :id", ("claims",)),
        (
            "SELECT 1 FROM seats JOIN appointments a ON a.id = seats.appointment_id"
            " WHERE a.consulate_code = :office",
            (),
        ),
        (
            "SELECT 1 FROM appointments a WHERE a.account_id = :account"
            " AND EXISTS (SELECT 1 FROM appointments b WHERE b.id <> a.id)",
            ("appointments",),
        ),
        ("SELECT appointments.id FROM appointments WHERE false ORDER BY 1", ()),
        ("SELECT 1 FROM consulates WHERE code IS DISTINCT FROM people", ()),
        ("INSERT INTO people (id) VALUES (:id) ON CONFLICT DO UPDATE SET id = :id", ()),
    ],
)
def test_how_a_statement_is_read(sql: str, tables: tuple[str, ...]) -> None:
    assert forgotten(sql) == tables


def test_what_the_orm_sends_carries_the_scopes_condition(shared_database: DatabaseUrls) -> None:
    """On every table: the first, the joined, those of subqueries, aliases and loaded rows."""
    other = aliased(Person)
    statements = (
        select(Appointment, Claim).join(Claim, Claim.appointment_id == Appointment.id),
        select(Seat.person_id).join(other, other.id == Seat.person_id),
        select(EnrollmentEvent).join(Enrollment),
        select(PayoutAttempt),
        select(Remittance),
        select(VoteCount.value),
        select(IdentityCheck.folio).where(
            select(Person.id).where(Person.id == IdentityCheck.person_id).exists()
        ),
        update(Person).where(Person.id.in_(select(Seat.person_id))).values(given_names="X"),
        delete(EnrollmentClaim),
    )
    database = Database(shared_database.worker_url, pool_size=1)
    with database.transaction(Scope(consulate="miami")) as session:
        for statement in statements:
            session.execute(statement, execution_options={"synchronize_session": False})
    database.dispose()


def test_a_statement_that_forgets_is_refused_in_every_test(shared_database: DatabaseUrls) -> None:
    database = Database(shared_database.web_url, pool_size=1)
    with (
        database.transaction(Scope(consulate="miami")) as session,
        pytest.raises(AssertionError, match="whose rows of people"),
    ):
        session.execute(text("SELECT count(*) FROM people"))
    database.dispose()
