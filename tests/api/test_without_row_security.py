"""Where row security fails, the statements' own conditions still keep people and offices apart."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, text, update

from integrations.simulator.names import Person as Demo
from integrations.simulator.names import make_curp
from services.appointments import queries as appointments
from services.appointments.models import Appointment
from services.citizens.accounts import find_holder, list_people
from services.citizens.models import Person
from services.enrollments import queries as enrollments
from services.kernel.audit import AuditEntry
from services.kernel.clock import system_clock
from services.kernel.db import EVERYTHING, NOTHING, Base, Database, Scope
from services.kernel.errors import NotFound
from services.metadata import metadata
from services.remittances import queries as remittances
from services.remittances.models import Remittance
from services.remittances.quoting import get_quote
from tests.api.calls import steady_web
from tests.factories.remittances import make_clabe, prepare_reference
from tests.factories.web import Web, working_day
from tests.servers import Addresses

RECIPIENT = {"given_names": "Rosa", "first_surname": "Demo", "clabe": make_clabe()}
# Secured by row, and of nobody in particular: each with why it has no owner of its own.
WITHOUT_OWNERS = {
    "vote_counts": "published to anyone; its queries name the office",
    "claims": "keyed hashes; an office books for people whom other accounts hold",
    "idempotency_keys": "always asked for by account and key",
}


@pytest.fixture(scope="module")
def web(servers: Addresses, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    """Everything that Ana has at Los Angeles, in a web whose login passes by row security."""
    with steady_web(servers, tmp_path_factory.mktemp("bypass")) as web:
        with web.database.transaction(EVERYTHING) as session:
            prepare_reference(session, now=system_clock())
        name = web.settings.database_url.rpartition("/")[2]
        bypassing = Database(f"{servers.superuser_url.rpartition('/')[0]}/{name}")
        bound = web.app.extensions["consular.database"]
        web.app.extensions["consular.database"] = bypassing
        yield web
        web.app.extensions["consular.database"] = bound
        bypassing.dispose()


@pytest.fixture(scope="module")
def ids(web: Web) -> dict[str, str]:
    ana = web.token("citizen", subject="ana", name="Ana|Demo|Prueba")
    web.session()
    booked = web.book(web.free()[0]["start"], token=ana).get_json()
    enrolled = web.call(
        "POST",
        "/enrollments",
        {
            "program": "rfc", "consulate": "losangeles", "consents": ["transfer_to_agency"],
            "applicant": {
                "given_names": "Ana", "first_surname": "Demo", "second_surname": "Prueba",
                "birth_date": "1990-05-12",
                "curp": make_curp(Demo("Ana", "Demo", "Prueba", date(1990, 5, 12)), "M"),
                "email": "ana@demo.invalid",
            },
            "data": {},
        },
        token=ana,
    ).get_json()  # fmt: skip
    quote = _quote(web, ana)
    spare = _quote(web, ana)
    sent = web.call(
        "POST", "/remittances", {"quote": quote, "recipient": RECIPIENT, "purpose": "family"},
        token=ana, headers={"Idempotency-Key": "one"},
    ).get_json()  # fmt: skip
    return {
        "appointment": booked["id"], "enrollment": enrolled["id"], "remittance": sent["id"],
        "quote": spare, "folio": booked["folio"],
    }  # fmt: skip


def _quote(web: Web, token: str) -> str:
    body = {"send": {"amount": "50.00", "currency": "USD"}, "funding": "bank_account",
            "payout": "account"}  # fmt: skip
    return str(web.call("POST", "/quotes", body, token=token).get_json()["id"])


def _strangers(web: Web) -> dict[str, str]:
    return {
        "citizen": web.token("citizen", subject="stranger", name="Eva|Otra|Otra"),
        "officer": web.token("officer", "chicago"),
    }


def test_row_security_is_really_passed_by(web: Web, ids: dict[str, str]) -> None:
    assert ids
    with web.app.extensions["consular.database"].transaction(NOTHING) as session:
        assert session.scalar(text("SELECT count(*) FROM appointments")) == 1


@pytest.mark.parametrize("who", ["citizen", "officer"])
def test_foreign_rows_answer_as_if_they_did_not_exist(
    web: Web, ids: dict[str, str], who: str
) -> None:
    token = _strangers(web)[who]
    for path in (
        f"/appointments/{ids['appointment']}",
        f"/enrollments/{ids['enrollment']}",
        *([f"/remittances/{ids['remittance']}"] if who == "citizen" else []),
    ):
        assert web.call("GET", path, token=token).status_code == 404, path
    for path, body in (
        (f"/appointments/{ids['appointment']}/cancel", {}),
        (f"/enrollments/{ids['enrollment']}/withdraw", {}),
        *([(f"/remittances/{ids['remittance']}/cancel", {})] if who == "citizen" else []),
    ):
        assert web.call("POST", path, body, token=token).status_code == 404, path


def test_lists_show_nobody_elses(web: Web, ids: dict[str, str]) -> None:
    strangers = _strangers(web)
    for path in ("/appointments", "/enrollments"):
        for token in strangers.values():
            assert web.call("GET", path, token=token).get_json()["items"] == [], path
    shown = web.call("GET", "/remittances", token=strangers["citizen"]).get_json()["items"]
    assert shown == []
    copy = web.call("GET", "/me/data", token=strangers["citizen"]).text
    assert not [found for found in ids.values() if found in copy]
    seen = web.call("GET", "/me/accesses", token=strangers["citizen"]).text
    assert ids["appointment"] not in seen


def test_another_persons_quote_cant_be_used(web: Web, ids: dict[str, str]) -> None:
    answer = web.call(
        "POST",
        "/remittances",
        {"quote": ids["quote"], "recipient": RECIPIENT, "purpose": "family"},
        token=_strangers(web)["citizen"],
        headers={"Idempotency-Key": "foreign"},
    )
    assert answer.status_code == 404


def test_whoever_it_belongs_to_sees_it(web: Web, ids: dict[str, str]) -> None:
    ana, officer = (
        web.token("citizen", subject="ana", name="Ana|Demo|Prueba"),
        web.token("officer", "losangeles"),
    )
    for token in (ana, officer):
        for kind in ("appointment", "enrollment"):
            found = web.call("GET", f"/{kind}s/{ids[kind]}", token=token)
            assert found.status_code == 200, found.text
    assert web.call("GET", f"/remittances/{ids['remittance']}", token=ana).status_code == 200


@pytest.mark.parametrize(
    "scope", [NOTHING, Scope(account=UUID(int=7)), Scope(consulate="chicago")], ids=str
)
def test_queries_of_every_slice_keep_to_their_scope(
    web: Web, ids: dict[str, str], scope: Scope
) -> None:
    database: Database = web.app.extensions["consular.database"]
    with database.transaction(EVERYTHING) as session:
        owner = session.scalars(select(Remittance.account_id)).one()
    appointment, enrollment = UUID(ids["appointment"]), UUID(ids["enrollment"])
    with database.transaction(scope) as session:
        for get in (
            lambda: appointments.get_appointment(session, appointment),
            lambda: enrollments.get_enrollment(session, enrollment),
            lambda: enrollments.list_history(session, enrollment),
            lambda: remittances.get_remittance(session, UUID(ids["remittance"])),
        ):
            with pytest.raises(NotFound):
                get()
        found: list[Any] = [
            appointments.find_by_folio(session, ids["folio"]),
            *appointments.list_appointments(session, day=working_day()).items,
            *appointments.list_attendees(session, [appointment])[appointment],
            *enrollments.list_enrollments(session, limit=50).items,
            *remittances.list_remittances(session, limit=50).items,
            *remittances.list_history(session, UUID(ids["remittance"])),
            get_quote(session, UUID(ids["quote"])),
            find_holder(session, owner),
            *list_people(session, owner),
            *session.scalars(select(AuditEntry).where(AuditEntry.person_account_id == owner)),
        ]
        assert [row for row in found if row is not None] == []
        changed = session.execute(update(Person).values(given_names="X").returning(Person.id)).all()
        assert changed == []


def test_every_table_secured_by_row_says_whose_its_rows_are(web: Web) -> None:
    with web.database.transaction(EVERYTHING) as session:
        policies = session.execute(
            text("SELECT tablename, qual FROM pg_policies WHERE schemaname = 'public'")
        )
        owned = {
            table
            for table, qual in policies
            if re.search(r"\b(account_id|consulate_code)\b", qual or "")
        }
    owners = {mapper.local_table.name for mapper in Base.registry.mappers if mapper.class_.owners}
    assert owned & set(metadata.tables) - owners - set(WITHOUT_OWNERS) == set()
    assert Appointment.owners is not None
