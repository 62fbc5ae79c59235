"""How a person consented for whom staff ask is kept with the request, whole and true."""

from __future__ import annotations

from uuid import UUID

import pytest
from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from services.citizens.erasing import Erased
from services.enrollments.assisting import Assistance, needs_code, request_for_person
from services.enrollments.erasing import erase
from services.enrollments.errors import ConsentRequired, OwnAccountRequired
from services.enrollments.models import AssistedRequest, Enrollment
from services.enrollments.programs.registry import PROGRAMS
from services.enrollments.queries import find_assistance
from services.kernel.audit import Actor, Role
from services.kernel.errors import Forbidden
from services.kernel.ids import new_id
from tests.factories.consulates import add_consulate
from tests.factories.enrollments import make_account, make_request
from tests.factories.remittances import NOW, VAULT

AGENT = Actor(Role.AGENT, new_id())


def _officer(session: Session) -> Actor:
    return Actor(Role.OFFICER, new_id(), add_consulate(session).code)


def _request(session: Session, actor: Actor, assistance: Assistance) -> Enrollment:
    return request_for_person(
        session, make_request(), assistance, now=NOW, actor=actor, vault=VAULT
    )


def test_at_a_window_a_document_is_seen(session: Session) -> None:
    with pytest.raises(ConsentRequired):
        _request(session, _officer(session), Assistance())


@pytest.mark.parametrize(
    ("proved", "consent"), [(True, "code"), (False, "spoken")], ids=["code", "spoken"]
)
def test_on_the_telephone_the_code_or_the_word_counts(
    session: Session, proved: bool, consent: str
) -> None:
    account = make_account(session) if proved else None
    enrollment = _request(session, AGENT, Assistance(document="never seen", proved=account))
    assisted = find_assistance(session, enrollment.id)
    assert assisted is not None
    assert (assisted.channel, assisted.consent, assisted.document) == ("telephone", consent, None)
    assert enrollment.account_id == account


def test_nobody_else_asks_for_others(session: Session) -> None:
    for role in (Role.ANALYST, Role.COMPLIANCE, Role.CITIZEN):
        with pytest.raises(Forbidden):
            _request(session, Actor(role, make_account(session)), Assistance(document="Acta"))


HEALTH = make_request(
    program="imss_family_health",
    consents=PROGRAMS["imss_family_health"].form.consents,
    data={
        "state": "JC",
        "municipality": "Tonalá",
        "members": [{"name": "Rosa", "born": "2015-03-02", "kinship": "child", "ill": False}],
    },
)


def test_what_is_sensitive_needs_the_persons_own_code(session: Session) -> None:
    officer = _officer(session)
    for actor in (officer, AGENT):
        for assistance in (Assistance(document="Acta"), Assistance(declared=True)):
            with pytest.raises(OwnAccountRequired):
                request_for_person(session, HEALTH, assistance, now=NOW, actor=actor, vault=VAULT)
    proved = Assistance(document="Acta", proved=make_account(session))
    enrollment = request_for_person(session, HEALTH, proved, now=NOW, actor=officer, vault=VAULT)
    assert enrollment.consents == ["sensitive_data", "transfer_to_agency"]
    assert enrollment.account_id == proved.proved
    assert [code for code, program in PROGRAMS.items() if needs_code(program)] == [
        "imss_family_health"
    ]


@pytest.mark.parametrize(
    ("channel", "consent", "document"),
    [
        ("in_person", "spoken", "Acta"), ("in_person", "identity_shown", None),
        ("telephone", "identity_shown", None), ("telephone", "code", "Acta"),
        ("letter", "spoken", None),
    ],
)  # fmt: skip
def test_the_database_refuses_what_cant_have_been(
    session: Session, channel: str, consent: str, document: str | None
) -> None:
    values = {
        "enrollment_id": UUID(int=1),
        "channel": channel,
        "consent": consent,
        "document": document,
        "asked_by": new_id(),
        "asked_by_role": "officer",
        "asked_at": NOW,
    }
    with pytest.raises(IntegrityError, match="ck_assisted_requests"), session.begin_nested():
        session.execute(insert(AssistedRequest).values(values))


def test_erasing_leaves_the_consent_and_takes_the_words(session: Session) -> None:
    enrollment = _request(session, _officer(session), Assistance(document="Acta de Gloria"))
    erase(session, Erased(account=None, people=(enrollment.person_id,)))
    session.expire_all()
    assisted = find_assistance(session, enrollment.id)
    assert assisted is not None
    assert (assisted.consent, assisted.document) == ("identity_shown", "")
