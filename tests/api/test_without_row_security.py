"""Where row security fails, the statements' own conditions still keep people and offices apart.

Ana has everything at Los Angeles; Eva, who has nothing, and Chicago's staff walk the whole API and
all pages with the ids of what is hers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, text, update
from werkzeug.routing import AnyConverter, IntegerConverter

from consular.api.contract import ENDPOINTS
from consular.auth import ANYONE
from consular.security import session_cookie
from integrations.simulator.names import Person as Demo
from integrations.simulator.names import make_curp
from services.appointments import queries as appointments
from services.appointments.models import Appointment
from services.citizens.accounts import find_holder, list_people
from services.citizens.models import Person
from services.enrollments import queries as enrollments
from services.kernel.audit import AuditEntry, Role
from services.kernel.clock import system_clock
from services.kernel.db import NETWORK_SCOPE, NO_SCOPE, Base, Database, Scope
from services.kernel.errors import NotFound
from services.metadata import metadata
from services.remittances import queries as remittances
from services.remittances.models import Remittance
from services.remittances.quoting import get_quote
from services.staff.sessions import start_session
from tests.api.calls import call_of, send, steady_web
from tests.factories.remittances import make_clabe, prepare_reference
from tests.factories.statements import KEYED
from tests.factories.web import Web, person, working_day
from tests.servers import Addresses

# Nobody else is called so, and nobody else asks for it.
SURNAME = "Quetzalcoa"
HOLDER = f"Ana|{SURNAME}|Prueba"
RECIPIENT = {"given_names": "Rosa", "first_surname": SURNAME, "clabe": make_clabe()}
STRANGERS = ("citizen", "officer", "supervisor")


@pytest.fixture(scope="module")
def web(servers: Addresses, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    """Everything that Ana has at Los Angeles, in a web whose login passes by row security."""
    with steady_web(servers, tmp_path_factory.mktemp("bypass")) as web:
        with web.database.transaction(NETWORK_SCOPE) as session:
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
    ana = web.token("citizen", subject="ana", name=HOLDER)
    opened = web.session()
    attendee = person(first_surname=SURNAME)
    booked = web.book(web.free()[0]["start"], token=ana, attendees=[attendee]).get_json()
    enrolled = web.call(
        "POST",
        "/enrollments",
        {
            "program": "rfc", "consulate": "losangeles", "consents": ["transfer_to_agency"],
            "applicant": {
                "given_names": "Ana", "first_surname": SURNAME, "second_surname": "Prueba",
                "birth_date": "1990-05-12",
                "curp": make_curp(Demo("Ana", SURNAME, "Prueba", date(1990, 5, 12)), "M"),
                "email": f"{SURNAME}@demo.invalid",
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
    officer = web.token("officer", "losangeles")
    checked = web.call(
        "POST", "/identity-checks",
        {"person": attendee, "document": "Pasaporte", "identity_checked": True}, token=officer,
    ).get_json()  # fmt: skip
    counted = web.call(
        "POST", "/voting/counts",
        {
            "consulate": "losangeles", "election": "2024", "metric": "votes",
            "mode": "electronic", "date": "2024-06-02", "value": 0, "source": SURNAME,
        },
        token=officer,
    ).get_json()  # fmt: skip
    return {
        "appointment": booked["id"], "enrollment": enrolled["id"], "remittance": sent["id"],
        "quote": spare, "folio": booked["folio"], "enrollment_folio": enrolled["folio"],
        "remittance_folio": sent["folio"], "check": checked["id"], "count": counted["id"],
        "session": opened["id"],
    }  # fmt: skip


def _quote(web: Web, token: str) -> str:
    body = {"send": {"amount": "50.00", "currency": "USD"}, "funding": "bank_account",
            "payout": "account"}  # fmt: skip
    return str(web.call("POST", "/quotes", body, token=token).get_json()["id"])


def _strangers(web: Web) -> dict[str, str]:
    return {
        "citizen": web.token("citizen", subject="stranger", name="Eva|Otra|Otra"),
        "officer": web.token("officer", "chicago"),
        "supervisor": web.token("supervisor", "chicago"),
    }


def test_row_security_is_really_passed_by(web: Web, ids: dict[str, str]) -> None:
    assert ids
    with web.app.extensions["consular.database"].engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM appointments")) == 1


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
    assert not [id_ for id_ in ids.values() if id_ in copy]
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
        web.token("citizen", subject="ana", name=HOLDER),
        web.token("officer", "losangeles"),
    )
    for token in (ana, officer):
        for kind in ("appointment", "enrollment"):
            answer = web.call("GET", f"/{kind}s/{ids[kind]}", token=token)
            assert answer.status_code == 200, answer.text
    assert web.call("GET", f"/remittances/{ids['remittance']}", token=ana).status_code == 200


@pytest.mark.parametrize(
    "scope", [NO_SCOPE, Scope(account=UUID(int=7)), Scope(consulate="chicago")], ids=str
)
def test_queries_of_every_slice_keep_to_their_scope(
    web: Web, ids: dict[str, str], scope: Scope
) -> None:
    database: Database = web.app.extensions["consular.database"]
    with database.transaction(NETWORK_SCOPE) as session:
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
        rows_seen: list[Any] = [
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
        assert [row for row in rows_seen if row is not None] == []
        changed = session.execute(update(Person).values(given_names="X").returning(Person.id)).all()
        assert changed == []


# What a page's address may name.
ROWS = ("appointment", "enrollment", "remittance", "check", "count", "session")


def _shown(ids: dict[str, str], text_: str, *queries: str) -> list[str]:
    """What is Ana's in an answer; ``asked`` is what the request itself named."""
    words = [SURNAME, *ids.values()]
    return [w for w in words if w not in queries and w.casefold() in text_.casefold()]


def _state(web: Web) -> list[Any]:
    """Of all that is Ana's, as it stands."""
    with web.database.transaction(NETWORK_SCOPE) as session:
        return list(
            session.execute(
                text(
                    "SELECT 'appointment', status, changed_at::text FROM appointments"
                    " UNION ALL SELECT 'enrollment', status, changed_at::text FROM enrollments"
                    " UNION ALL SELECT 'remittance', status, changed_at::text FROM remittances"
                    " UNION ALL SELECT 'person', given_names, first_surname FROM people"
                    "   WHERE first_surname = :surname"
                    " UNION ALL SELECT 'count', status, value::text FROM vote_counts"
                    "   WHERE reported_by IS NOT NULL"
                    " UNION ALL SELECT 'session', closed_at::text, '' FROM sessions"
                    "   WHERE consulate_code = 'losangeles' ORDER BY 1, 2, 3"
                ),
                {"surname": SURNAME},
            ).all()
        )


@pytest.mark.parametrize("who", STRANGERS)
def test_the_whole_api_shows_and_changes_nothing_of_hers(
    web: Web, ids: dict[str, str], who: str
) -> None:
    before, token = _state(web), _strangers(web)[who]
    for name, endpoint in ENDPOINTS.items():
        if endpoint.who is not ANYONE and Role(who) not in endpoint.who:
            continue
        parts = [part for part in ids if re.search(rf"<uuid:{part}(_id)?>", endpoint.path)]
        for row in [ids[part] for part in parts] or [""]:
            call = call_of(web, name, row=row) if row else call_of(web, name)
            answer = send(web, call, call.body, token=token)
            assert answer.status_code < 500 or answer.status_code == 503, (name, answer.text)
            assert _shown(ids, answer.text, row) == [], (name, answer.text)
            assert not row or answer.status_code in (400, 404, 422), (name, answer.text)
    assert _state(web) == before


@pytest.mark.parametrize("who", ["citizen", "officer"])
def test_lists_and_searches_of_her_day_and_name_show_nobody(
    web: Web, ids: dict[str, str], who: str
) -> None:
    token, day = _strangers(web)[who], working_day().isoformat()
    for query in (f"date={day}", "name=Ana", f"date={day}&name=Ana", "consulate=losangeles"):
        for path in ("/appointments", "/enrollments", "/sessions", "/voting/counts"):
            answer = web.call("GET", f"{path}?{query}", token=token)
            assert answer.status_code < 500, answer.text
            assert _shown(ids, answer.text) == [], (path, query, answer.text)


@pytest.mark.parametrize("who", ["", *STRANGERS])
def test_no_page_shows_anything_of_hers(web: Web, ids: dict[str, str], who: str) -> None:
    before, day = _state(web), working_day().isoformat()
    browser = _browser(web, who)
    for path, row in [*_pages(web, ids), (f"/desk/?day={day}", ""), ("/desk/?q=Ana", "")]:
        answer = browser.get(path)
        # A spreadsheet is no text.
        page = answer.get_data().decode(errors="replace")
        assert answer.status_code < 500 or answer.status_code == 503, (path, page)
        assert _shown(ids, page, row) == [], (path, page)
    assert _state(web) == before


def _browser(web: Web, who: str) -> Any:
    """A browser in which the stranger is signed in, on the login that passes by."""
    browser = web.client
    if who:
        claims = web.app.extensions["consular.tokens"].claims(_strangers(web)[who])
        whose = "account_id" if who == "citizen" else "staff_id"
        with web.database.transaction(NETWORK_SCOPE) as session:
            secret = start_session(session, now=system_clock(), **{whose: UUID(claims["sub"])})
        with web.app.app_context():
            browser.set_cookie(session_cookie(), secret)
    return browser


def _pages(web: Web, ids: dict[str, str]) -> Iterator[tuple[str, str]]:
    """(address, the id in it) of every page that is read: at an id, with each of Ana's. Those of
    signing in go to providers, which aren't there."""
    adapter = web.app.url_map.bind("localhost")
    for rule in web.app.url_map.iter_rules():
        methods = rule.methods or set()
        if "GET" not in methods or rule.rule.startswith(("/api/", "/assets", "/login/", "/salir")):
            continue
        parts = rule._converters
        known = {
            "step": "cancel",
            "lang": "es",
            "year": "2024",
            "code": "appointments",
        }
        for row in [ids[name] for name in ROWS] if "id" in parts else [""]:
            values = {
                part: row if part == "id" else known.get(part, _any_of(kind))
                for part, kind in parts.items()
            }
            yield adapter.build(rule.endpoint, values, method="GET"), row


def _any_of(converter: Any) -> str:
    """A value that a part of an address may have."""
    if isinstance(converter, AnyConverter):
        return min(converter.items)
    return "1" if isinstance(converter, IntegerConverter) else "x"


def test_every_table_of_somebodys_rows_says_whose_they_are(web: Web) -> None:
    """Or it is asked for by what only its owner has, or is anybody's to read."""
    with web.database.transaction(NETWORK_SCOPE) as session:
        policies = session.execute(
            text(
                "SELECT tablename, qual FROM pg_policies p WHERE schemaname = 'public'"
                " AND NOT EXISTS (SELECT FROM pg_policies o WHERE o.tablename = p.tablename"
                " AND o.cmd = 'SELECT' AND o.qual = 'true')"
            )
        )
        owned = {
            table
            for table, qual in policies
            if re.search(r"\b(account_id|consulate_code|owner|\w+_id)\b", qual or "")
        }
    owners = {mapper.local_table.name for mapper in Base.registry.mappers if mapper.class_.owners}
    assert owned & set(metadata.tables) - owners - set(KEYED) == set()
    assert Appointment.owners is not None
