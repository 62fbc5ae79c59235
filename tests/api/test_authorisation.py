"""Only whoever may, may: every endpoint against every role, bad tokens and other people's ids."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, text
from werkzeug.test import TestResponse

from consular import tokens
from consular.api.contract import ENDPOINTS
from consular.auth import ANYONE
from consular.security import session_cookie
from integrations.simulator.names import Person, make_curp
from services.citizens.models import Person as PersonRow
from services.collection.marking import mark_ready
from services.kernel.audit import SYSTEM, AuditEntry, Role
from services.kernel.clock import system_clock
from services.kernel.db import NETWORK_SCOPE, Database, Scope
from services.kernel.ids import new_id
from services.staff.accounts import assign, end_account
from services.staff.sessions import start_session
from tests.api.calls import MISSING_ID, ROLES, call_of, send, steady_web, token_of, with_id
from tests.factories.remittances import make_clabe, prepare_reference
from tests.factories.web import Web, make_private_key, person, working_day
from tests.servers import Addresses

CLOSED = [name for name, endpoint in ENDPOINTS.items() if endpoint.who is not ANYONE]


@pytest.fixture(scope="module")
def web(servers: Addresses, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    """One for the whole file, with a rate of today."""
    with steady_web(servers, tmp_path_factory.mktemp("authorisation")) as running:
        with _database(running).transaction(NETWORK_SCOPE) as session:
            prepare_reference(session, now=system_clock())
        yield running


def _database(web: Web) -> Database:
    database: Database = web.database
    return database


def _refusals(web: Web, request_id: str) -> list[tuple[str, str, UUID | None]]:
    with _database(web).transaction(NETWORK_SCOPE) as session:
        rows = session.execute(
            select(AuditEntry.action, AuditEntry.actor_role, AuditEntry.actor_id).where(
                AuditEntry.request_id == request_id
            )
        )
        return [(row.action, row.actor_role, row.actor_id) for row in rows]


@pytest.mark.parametrize("name", CLOSED)
def test_a_role_that_isnt_declared_is_403_and_audited(web: Web, name: str) -> None:
    for role in ROLES:
        _refused_unless_declared(web, name, role)


def _refused_unless_declared(web: Web, name: str, role: Role) -> None:
    call = call_of(web, name, role=role)
    answer = send(web, call, call.body)
    if role in call.endpoint.who:
        assert answer.status_code not in (401, 405), role
        assert answer.status_code < 500 or answer.status_code == 503, answer.text
        return
    assert answer.status_code == 403, role
    assert answer.get_json()["code"] == "forbidden"
    [(action, noted, actor)] = _refusals(web, answer.get_json()["request_id"])
    assert (action, noted) == ("access.refused", role.value)
    assert actor is not None


@pytest.mark.parametrize("name", CLOSED)
def test_without_a_token_it_is_401_before_anything_is_read(web: Web, name: str) -> None:
    call = call_of(web, name)
    for body in (call.body, {"spoiled": True}):
        answer = web.call(call.endpoint.method, call.path, body)
        assert (answer.status_code, answer.get_json()["code"]) == (401, "unauthenticated")
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize("name", [name for name in ENDPOINTS if name not in CLOSED])
def test_what_anyone_may_call_needs_no_token_but_takes_no_bad_one(web: Web, name: str) -> None:
    call = call_of(web, name)
    assert web.call(call.endpoint.method, call.path, call.body).status_code not in (401, 403)
    assert send(web, call, call.body, token="forged").status_code == 401


def _private_key(web: Web) -> str:
    return Path(web.settings.values["CONSULAR_TOKEN_KEY_FILE"]).read_text(encoding="ascii")


def _subject(token: str) -> str:
    return str(tokens._part(token, 1)["sub"])


def _made(
    web: Web, *, key: str | None = None, kid: str = "", seconds: int = 600, **claims: Any
) -> str:
    """A token of an officer of Los Angeles, but for the changes."""
    officer = {
        "iss": tokens.DEVELOPMENT_ISSUER,
        "aud": tokens.AUDIENCE,
        "sub": _subject(token_of(web, Role.OFFICER)),
        "role": "officer",
    }
    return tokens.sign(
        {k: v for k, v in {**officer, **claims}.items() if v is not None},
        key or _private_key(web),
        key_id=kid or tokens.DEVELOPMENT_KEY_ID,
        seconds=seconds,
    )


BAD: dict[str, Callable[[Web], str]] = {
    "no token at all": lambda _web: "Bearer abc",
    "empty": lambda _web: "Bearer ",
    "another scheme": lambda web: f"Basic {_made(web)}",
    "two tokens": lambda web: f"Bearer {_made(web)} {_made(web)}",
    "expired": lambda web: f"Bearer {_made(web, seconds=-tokens.LEEWAY_SECONDS - 5)}",
    "signed by a stranger": lambda web: f"Bearer {_made(web, key=make_private_key())}",
    "another key id": lambda web: f"Bearer {_made(web, kid='development-2')}",
    "foreign issuer": lambda web: f"Bearer {_made(web, iss='https://elsewhere.example')}",
    "for another system": lambda web: f"Bearer {_made(web, aud='another-api')}",
    "no role": lambda web: f"Bearer {_made(web, role=None)}",
    "a role that isn't": lambda web: f"Bearer {_made(web, role='root')}",
    "the system's role": lambda web: f"Bearer {_made(web, role='system')}",
    "several roles": lambda web: f"Bearer {_made(web, role=['officer', 'supervisor'])}",
    "a higher role than the account's": lambda web: f"Bearer {_made(web, role='supervisor')}",
    "staff that isn't known": lambda web: f"Bearer {_made(web, sub=MISSING_ID)}",
    "a subject that isn't an id": lambda web: f"Bearer {_made(web, sub='officer')}",
    "a citizen's account as staff": lambda web: (
        f"Bearer {_made(web, sub=_subject(token_of(web, Role.CITIZEN)))}"
    ),
    "letters beyond ASCII": lambda web: f"Bearer {_made(web)}ñ",
    "too long": lambda web: f"Bearer {_made(web, padding='x' * 9000)}",
}


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_token_is_401_with_one_body_for_all(web: Web, kind: str) -> None:
    without = web.call("GET", "/appointments")
    answer = web.call("GET", "/appointments", headers={"Authorization": BAD[kind](web)})
    assert answer.status_code == 401
    assert _but_for_id(answer) == _but_for_id(without)
    assert answer.headers["WWW-Authenticate"] == without.headers["WWW-Authenticate"]


def _but_for_id(answer: TestResponse) -> dict[str, Any]:
    return {**answer.get_json(), "request_id": ""}


def test_the_token_as_made_for_these_tests_is_good(web: Web) -> None:
    assert web.call("GET", "/appointments", token=_made(web)).status_code == 200


def test_a_token_counts_in_its_header_only(web: Web) -> None:
    token = token_of(web, Role.OFFICER)
    browser = web.client
    browser.set_cookie("Authorization", f"Bearer {token}")
    browser.set_cookie(_cookie_name(web), token)
    assert browser.get(f"/api/v1/appointments?access_token={token}").status_code in (401, 422)
    assert browser.get("/api/v1/appointments").status_code == 401


def _cookie_name(web: Web) -> str:
    with web.app.app_context():
        return session_cookie()


def test_a_browsers_session_doesnt_open_the_api(web: Web) -> None:
    officer = UUID(_subject(token_of(web, Role.OFFICER)))
    with _database(web).transaction(NETWORK_SCOPE) as session:
        secret = start_session(session, now=system_clock(), staff_id=officer)
    browser = web.client
    browser.set_cookie(_cookie_name(web), secret)
    assert browser.get("/api/v1/appointments").status_code == 401


def test_a_token_doesnt_open_the_pages(web: Web) -> None:
    headers = {"Authorization": f"Bearer {token_of(web, Role.OFFICER)}"}
    answer = web.client.get("/desk", headers=headers)
    assert answer.status_code in (302, 303, 401)


def test_an_ended_account_is_refused_at_once(web: Web) -> None:
    token = token_of(web, Role.OFFICER, subject="leaving")
    assert web.call("GET", "/appointments", token=token).status_code == 200
    with _database(web).transaction(NETWORK_SCOPE) as session:
        end_account(session, UUID(_subject(token)), now=system_clock(), actor=SYSTEM)
    assert web.call("GET", "/appointments", token=token).status_code == 401


def test_who_moves_to_another_office_sees_the_new_one_only(web: Web) -> None:
    token = token_of(web, Role.SUPERVISOR, subject="moving")
    with _database(web).transaction(NETWORK_SCOPE) as session:
        assign(
            session, UUID(_subject(token)), role="supervisor", consulate="chicago",
            now=system_clock(), actor=SYSTEM,
        )  # fmt: skip
    call = call_of(web, "sessions.create_session", role=Role.SUPERVISOR)
    body = {**(call.body or {}), "consulate": "losangeles"}
    assert send(web, call, body, token=token).status_code in (403, 404)


@pytest.mark.parametrize(
    "name", [name for name, endpoint in ENDPOINTS.items() if Role.CITIZEN in endpoint.who]
)
def test_a_token_for_an_account_that_isnt_there_breaks_nothing(web: Web, name: str) -> None:
    """Such as one that was deleted while its token is still good."""
    call = call_of(web, name)
    token = _made(web, sub=MISSING_ID, role="citizen")
    assert send(web, call, call.body, token=token).status_code < 500


def test_a_token_for_an_account_that_isnt_there_writes_nothing(web: Web) -> None:
    web.session(opens="17:00", closes="17:30")
    token = _made(web, sub=MISSING_ID, role="citizen")
    free = web.free()
    booked = web.book(free[-1]["start"], token=token)
    answer = web.call("PATCH", "/me", call_of(web, "me.change_me").body, token=token)
    assert (booked.status_code, answer.status_code) == (401, 401)
    assert web.free() == free


@pytest.fixture(scope="module")
def rows(web: Web) -> dict[str, str]:
    """Rows of Ana and of the office in Los Angeles, by the name that addresses give their ids."""
    ana = token_of(web, Role.CITIZEN, subject="ana")
    opened = web.session(opens="15:00", closes="16:00")
    start = web.free()[0]["start"]
    enrollment_body = _enrollment()
    enrollment = _id(web.call("POST", "/enrollments", enrollment_body, token=ana))
    wanted = {"programs": ["rfc"], "applicant": enrollment_body["applicant"]}
    [consent, *_] = web.call("GET", "/me/consents", token=ana).get_json()["items"]
    return {
        "plan": _id(web.call("POST", "/me/plans", wanted, token=ana)),
        "consent": str(consent["id"]),
        "session_id": opened["id"],
        "series_id": _id(
            web.call("POST", "/session-series", _series(), token=token_of(web, Role.SUPERVISOR))
        ),
        "closure_id": _id(
            web.call("POST", "/closures", _closure(), token=token_of(web, Role.SUPERVISOR))
        ),
        "appointment": (appointment := _id(web.book(start, token=ana))),
        "document": _document(web, appointment),
        "dependant_id": _id(web.call("POST", "/me/dependants", _check()["person"], token=ana)),
        "recipient_id": _id(web.call("POST", "/recipients", _RECIPIENT, token=ana)),
        "hold": _id(web.call("POST", "/holds", _held(web.free()[-1]["start"]), token=ana)),
        "enrollment": enrollment,
        "remittance": _remittance(web, ana),
        "quote": _id(web.quote("100.00", ana)),
        "check": _id(
            web.call("POST", "/identity-checks", _check(), token=token_of(web, Role.OFFICER))
        ),
        "merge_id": _merge(web, start=web.free()[0]["start"]),
        "alert": _id(
            web.call("POST", "/monitoring/alerts", _alert(), token=token_of(web, Role.SUPERVISOR))
        ),
        "count": _id(
            web.call("POST", "/voting/counts", _count(), token=token_of(web, Role.OFFICER))
        ),
    }


def _merge(web: Web, start: str) -> str:
    """Of two people of one appointment."""
    officer = token_of(web, Role.OFFICER)
    two = [person(20), person(21)]
    booked = _id(web.book(start, token=token_of(web, Role.CITIZEN, subject="two"), attendees=two))
    at = f"/appointments/{booked}/attendees"
    names = ("person", "duplicate")
    ids = {
        name: web.call("GET", f"{at}/{n}/duplicates", token=officer).get_json()["person"]
        for n, name in enumerate(names, start=1)
    }
    seen = {"document": "Pasaporte", "identity_checked": True}
    return _id(web.call("POST", "/person-merges", {**ids, **seen}, token=officer))


def _document(web: Web, appointment: str) -> str:
    """What a service that was given in the appointment made, ready to be collected."""
    # As the web does it: the workers' login may not.
    with web.app.extensions["consular.database"].transaction(NETWORK_SCOPE) as session:
        rendered = session.scalar(_RENDERED, {"id": new_id(), "appointment": appointment})
        assert rendered is not None
        return str(mark_ready(session, rendered, now=system_clock(), actor=SYSTEM).id)


_RENDERED = text(
    "INSERT INTO services_rendered (id, appointment_id, person_id, consulate_code, account_id, day,"
    " service_code, charged_minor, currency, rendered_at) SELECT :id, a.id, m.person_id,"
    " a.consulate_code, a.account_id, a.day, 'PAS10', 0, 'USD', now() FROM appointments a"
    " JOIN attendees m ON m.appointment_id = a.id WHERE a.id = :appointment RETURNING id"
)


def _id(answer: TestResponse) -> str:
    assert answer.status_code in (201, 202), answer.text
    return str(answer.get_json()["id"])


def _series() -> dict[str, Any]:
    return {
        "consulate": "losangeles", "rrule": "FREQ=WEEKLY", "opens": "17:00", "closes": "18:00",
        "first_day": working_day(50).isoformat(), "slot_minutes": 15,
        "desks": [{"name": "Z", "services": ["MAT"]}],
    }  # fmt: skip


def _closure() -> dict[str, Any]:
    day = working_day(70).isoformat()
    return {"consulate": "losangeles", "first_day": day, "last_day": day, "reason": "Obra"}


def _held(start: str) -> dict[str, Any]:
    return {"consulate": "losangeles", "service": "PAS10", "start": start}


def _check() -> dict[str, Any]:
    person = {"given_names": "Luz", "first_surname": "Demo", "birth_date": "1991-06-13"}
    return {"person": person, "document": "Pasaporte", "identity_checked": True}


def _enrollment() -> dict[str, Any]:
    person = Person("Ana", "Demo", "Prueba", date(1990, 5, 12))
    applicant = {
        "given_names": "Ana", "first_surname": "Demo", "second_surname": "Prueba",
        "birth_date": "1990-05-12", "curp": make_curp(person, "M"), "email": "ana@demo.invalid",
    }  # fmt: skip
    return {
        "program": "rfc", "consulate": "losangeles", "applicant": applicant, "data": {},
        "consents": ["transfer_to_agency"],
    }  # fmt: skip


_RECIPIENT = {"given_names": "Luz", "first_surname": "Ibarra", "clabe": make_clabe()}


def _remittance(web: Web, token: str) -> str:
    quote = web.quote("100.00", token)
    body = {"quote": _id(quote), "recipient": _RECIPIENT, "purpose": "family"}
    headers = {"Idempotency-Key": "ana-1"}
    return _id(web.call("POST", "/remittances", body, token=token, headers=headers))


def _alert() -> dict[str, Any]:
    return {
        "indicator": "late_requests", "span": "now", "condition": "above", "amount": 0,
        "why": "Nadie debe pasar de su plazo.",
        "readers": ["demo-supervisor-losangeles@demo.invalid"],
    }  # fmt: skip


def _count() -> dict[str, Any]:
    return {
        "consulate": "losangeles", "election": "2027", "metric": "votes", "mode": "electronic",
        "date": working_day(-30).isoformat(), "value": 12, "source": "acta",
    }  # fmt: skip


OFFICES = (Role.OFFICER, Role.SUPERVISOR)


# What the network's staff alone may call is nobody's own.
OWNED = [name for name in with_id() if ENDPOINTS[name].who & {Role.CITIZEN, *OFFICES}]


@pytest.mark.parametrize("name", OWNED)
def test_anothers_row_answers_exactly_as_one_that_isnt_there(
    web: Web, name: str, rows: dict[str, str]
) -> None:
    row = rows[ENDPOINTS[name].path.partition("<uuid:")[2].partition(">")[0]]
    strangers = [role for role in (Role.CITIZEN, *OFFICES) if role in ENDPOINTS[name].who]
    assert strangers
    for role in strangers:
        token = token_of(web, role, consulate="chicago", subject=f"stranger-{role.value}")
        foreign, missing = (call_of(web, name, role=role, row=at) for at in (row, MISSING_ID))
        answer = send(web, foreign, foreign.body, token=token)
        known = send(web, missing, missing.body, token=token)
        assert answer.status_code == known.status_code == 404, answer.text
        assert _but_for_id(answer) == _but_for_id(known)


def test_lists_of_a_stranger_are_empty(web: Web, rows: dict[str, str]) -> None:
    citizen = token_of(web, Role.CITIZEN, subject="stranger-citizen")
    officer = token_of(web, Role.OFFICER, consulate="chicago", subject="stranger-officer")
    for path in ("/appointments", "/enrollments"):
        for token in (citizen, officer):
            assert web.call("GET", path, token=token).get_json()["items"] == []
    assert web.call("GET", "/remittances", token=citizen).get_json()["items"] == []
    counts = web.call("GET", "/voting/counts?limit=100", token=officer).get_json()["items"]
    assert rows["count"] not in {count["id"] for count in counts}


def test_another_office_named_in_a_query_shows_nothing_of_it(
    web: Web, rows: dict[str, str]
) -> None:
    officer = token_of(web, Role.OFFICER, consulate="chicago", subject="stranger-officer")
    for path in ("/appointments", "/sessions", "/voting/counts"):
        answer = web.call("GET", f"{path}?consulate=losangeles", token=officer)
        assert answer.status_code in (200, 403, 404)
        shown = {item["id"] for item in answer.get_json().get("items", [])}
        assert shown & set(rows.values()) == set()
        assert path != "/sessions" or shown == set()


@pytest.mark.parametrize(
    ("name", "role"),
    [
        ("appointments.create_appointment", Role.OFFICER),
        ("sessions.create_session", Role.SUPERVISOR),
        ("enrollments.create_enrollment", Role.OFFICER),
        ("voting.create_count", Role.OFFICER),
    ],
)
def test_staff_write_for_their_own_office_only(web: Web, name: str, role: Role) -> None:
    bodies = {"enrollments.create_enrollment": _enrollment(), "voting.create_count": _count()}
    call = call_of(web, name, role=role)
    body = {**(bodies.get(name) or call.body or {}), "consulate": "losangeles"}
    body.pop("services", None)
    token = token_of(web, role, consulate="chicago", subject=f"stranger-{role.value}")
    foreign = send(web, call, body, token=token)
    unknown = send(web, call, {**body, "consulate": "atlantis"}, token=token)
    assert foreign.status_code in (403, 404, 422)
    assert foreign.status_code == unknown.status_code
    assert foreign.get_json()["code"] == unknown.get_json()["code"]


def test_who_looked_is_told_of_and_others_are_not(web: Web, rows: dict[str, str]) -> None:
    officer = token_of(web, Role.OFFICER)
    for path in (f"/appointments/{rows['appointment']}", f"/enrollments/{rows['enrollment']}"):
        assert web.call("GET", path, token=officer).status_code == 200
    ana = token_of(web, Role.CITIZEN, subject="ana")
    seen = {a["action"] for a in web.call("GET", "/me/accesses", token=ana).get_json()["items"]}
    assert {"appointment.read", "enrollment.read"} <= seen
    other = token_of(web, Role.CITIZEN, subject="stranger-citizen")
    theirs = web.call("GET", "/me/accesses", token=other).get_json()["items"]
    assert {a["action"] for a in theirs} & {"appointment.read", "enrollment.read"} == set()


def test_a_persons_names_are_kept_apart_by_the_database_itself(
    web: Web, rows: dict[str, str]
) -> None:
    """Whatever a query forgets: no condition here, and still only one's own rows."""
    assert rows
    stranger = UUID(_subject(token_of(web, Role.CITIZEN, subject="stranger-citizen")))
    with _database(web).transaction(Scope(account=stranger)) as session:
        owners = set(session.execute(select(PersonRow.account_id)).scalars())
    assert owners <= {stranger}
