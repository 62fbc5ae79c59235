"""A plan says what comes after what; nothing is asked for before its turn, and data but once."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Event
from time import monotonic
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from integrations.simulator.names import Person, make_curp
from services.citizens.erasing import Erased
from services.enrollments.answering import Answer, answer
from services.enrollments.choosing import (
    ChoosePlan,
    Prepared,
    begin_prepared,
    choose_plan,
    leave_out,
    list_due,
)
from services.enrollments.consenting import withdraw_consent
from services.enrollments.details import Details
from services.enrollments.errors import AlreadyEnrolled, ConsentRequired, PrerequisiteMissing
from services.enrollments.lifecycle import LIFECYCLE
from services.enrollments.models import Enrollment
from services.enrollments.planning import StepState, list_unblocked, read_known, read_plan
from services.enrollments.programs.order import comes_after, in_order
from services.enrollments.programs.registry import PROGRAMS
from services.enrollments.progress import AgencyStatus, begin_submission, record_progress
from services.enrollments.requesting import request_enrollment
from services.enrollments.rules import Status
from services.enrollments.withdrawing import withdraw
from services.folders.erasing import erase
from services.folders.keeping import open_answers
from services.folders.models import Consent, Folder
from services.folders.queries import list_folders
from services.identity.errors import IdentityCheckPending
from services.kernel.audit import SYSTEM, Actor, Role
from services.kernel.db import NETWORK_SCOPE, Database, Scope
from services.kernel.errors import DomainError, Invalid
from tests.factories.consulates import add_consulate
from tests.factories.enrollments import make_account, make_applicant, make_request
from tests.factories.plans import IMSS_DATA, NSS_NUMBER, RFC_NUMBER, activate, open_all
from tests.factories.remittances import NOW, VAULT
from tests.servers import DatabaseUrls, connected

APPLICANT = make_applicant()
CONSENT = ("transfer_to_agency",)
SAVING = {"amount": {"amount": "600.00", "currency": "MXN"}, "period": "monthly"}


@pytest.fixture(autouse=True)
def _open(monkeypatch: pytest.MonkeyPatch) -> None:
    open_all(monkeypatch)


def _ask(session: Session, actor: Actor, program: str = "rfc", **changes: object) -> Enrollment:
    command = make_request(APPLICANT, program=program, **changes)
    return request_enrollment(session, command, now=NOW, actor=actor, vault=VAULT)


def _choose(session: Session, actor: Actor, *programs: str, **changes: Any) -> Folder:
    command = ChoosePlan(programs, APPLICANT, **changes)
    return choose_plan(session, command, now=NOW, actor=actor, vault=VAULT)


def _states(session: Session, folder: Folder) -> dict[str, StepState]:
    return {step.program: step.state for step in read_plan(session, folder, VAULT)}


def _sent_data(session: Session, enrollment: Enrollment) -> Any:
    application = begin_submission(session, enrollment.id, now=NOW, vault=VAULT)
    assert application is not None
    return application.data


def _go_on(session: Session, enrollment: Enrollment) -> list[str]:
    """What begins by itself, as the workers let it."""
    due = list_due(session, enrollment.id, VAULT)
    for program in due:
        begin_prepared(session, enrollment.id, program, now=NOW, vault=VAULT)
    return due


def test_each_program_stands_after_those_that_it_needs() -> None:
    listed = list(PROGRAMS)
    for program in PROGRAMS.values():
        assert all(listed.index(code) < listed.index(program.code) for code in comes_after(program))


def test_who_wants_a_home_is_told_the_whole_way() -> None:
    assert in_order(["infonavit"]) == ["rfc", "nss", "imss", "infonavit"]
    assert in_order(["rfc"]) == ["rfc"]


def test_the_plan_says_what_is_done_under_way_and_what_waits_for_what(
    session: Session, citizen: Actor
) -> None:
    folder = _choose(session, citizen, "infonavit")
    plan = {step.program: step for step in read_plan(session, folder, VAULT)}
    assert [(step.state, step.waits_for) for step in plan.values()] == [
        ("ready", ()),
        ("ready", ()),
        ("waiting", ("rfc", "nss")),
        ("waiting", ("nss", "imss")),
    ]
    rfc = _ask(session, citizen)
    assert _states(session, folder)["rfc"] == StepState.UNDER_WAY
    activate(session, rfc)
    activate(session, _ask(session, citizen, "nss"))
    assert list(_states(session, folder).values()) == ["done", "done", "ready", "waiting"]


def test_what_was_withdrawn_can_be_asked_for_again(session: Session, citizen: Actor) -> None:
    folder = _choose(session, citizen, "rfc")
    withdraw(session, _ask(session, citizen).id, now=NOW, actor=citizen)
    [step] = read_plan(session, folder, VAULT)
    assert (step.state, step.status) == ("ready", "withdrawn")


def test_what_is_asked_for_without_a_plan_is_in_it_all_the_same(
    session: Session, citizen: Actor
) -> None:
    enrollment = _ask(session, citizen)
    folder = session.get_one(Folder, enrollment.folder_id)
    assert _states(session, folder) == {"rfc": "under_way"}


def test_what_is_left_out_is_no_longer_in_the_plan(session: Session, citizen: Actor) -> None:
    folder = _choose(session, citizen, "infonavit", "imss_family_health")
    leave_out(session, folder.id, "infonavit")
    assert set(_states(session, folder)) == set(in_order(["imss_family_health"]))


def test_a_program_that_needs_another_is_refused_with_its_name_and_the_plan(
    session: Session, citizen: Actor
) -> None:
    with pytest.raises(PrerequisiteMissing) as refused:
        _ask(session, citizen, "infonavit", data=SAVING)
    assert refused.value.field == "program"
    assert refused.value.params["requires"] == "imss"
    assert refused.value.params["plan"] == ["rfc", "nss", "imss", "infonavit"]


def test_the_number_in_the_data_will_do(session: Session, citizen: Actor) -> None:
    enrollment = _ask(session, citizen, "imss", data={**IMSS_DATA, "rfc": RFC_NUMBER})
    assert _sent_data(session, enrollment)["rfc"] == RFC_NUMBER


@pytest.mark.parametrize("status", ["under_way", "ended"])
def test_a_request_that_is_not_active_will_not(
    session: Session, citizen: Actor, status: str
) -> None:
    rfc = _ask(session, citizen)
    if status == "ended":
        activate(session, rfc)
        LIFECYCLE.move(session, rfc, Status.ENDED, now=NOW, actor=SYSTEM, reason_code=None)
    with pytest.raises(PrerequisiteMissing):
        _ask(session, citizen, "imss", data=IMSS_DATA)


def test_whoever_filed_it_the_persons_active_enrollment_will_do(
    session: Session, citizen: Actor
) -> None:
    office = add_consulate(session).code
    officer = Actor(Role.OFFICER, make_account(session), office)
    activate(session, _ask(session, officer))
    assert "rfc" not in _sent_data(session, _ask(session, citizen, "imss", data=IMSS_DATA))


def test_somebody_of_the_same_name_does_not_meet_it(session: Session, citizen: Actor) -> None:
    activate(session, _ask(session, citizen))
    other = replace(make_applicant(), **_names(APPLICANT))
    command = make_request(other, program="imss", data=IMSS_DATA)
    with pytest.raises(PrerequisiteMissing):
        request_enrollment(session, command, now=NOW, actor=citizen, vault=VAULT)


def _names(person: Any) -> dict[str, Any]:
    names = ("given_names", "first_surname", "second_surname")
    return {name: getattr(person, name) for name in names}


def test_numbers_that_were_given_go_into_the_next_request(session: Session, citizen: Actor) -> None:
    for program in ("rfc", "nss"):
        activate(session, _ask(session, citizen, program))
    imss = _ask(session, citizen, "imss", data=IMSS_DATA)
    sent = _sent_data(session, imss)
    assert (sent["rfc"], sent["nss"]) == (RFC_NUMBER, NSS_NUMBER)


def test_an_nss_alone_is_no_enrollment_in_social_security(session: Session, citizen: Actor) -> None:
    folder = _choose(session, citizen, "infonavit")
    activate(session, _ask(session, citizen, "nss"))
    known = read_known(session, folder, VAULT)
    assert "nss" not in known.data_for(PROGRAMS["infonavit"])
    assert known.data_for(PROGRAMS["imss"])["nss"] == NSS_NUMBER


def test_an_answer_is_asked_once(session: Session, citizen: Actor) -> None:
    prepared = {"imss": Prepared(IMSS_DATA)}
    folder = _choose(session, citizen, "infonavit", prepared=prepared)
    known = read_known(session, folder, VAULT)
    assert known.data_for(PROGRAMS["infonavit"]) == {"period": "monthly"}
    # The members of a family are asked other things there.
    family = {"has_family": True, "family": [{"name": "Rosa", "kinship": "child"}]}
    folder = _choose(session, citizen, "imss", prepared={"imss": Prepared(family)})
    known = read_known(session, folder, VAULT)
    assert known.data_for(PROGRAMS["imss"])["family"]
    assert "family" not in known.data_for(PROGRAMS["imss_family_health"])


def test_answers_are_sealed(session: Session, citizen: Actor) -> None:
    folder = _choose(session, citizen, "imss", prepared={"imss": Prepared(IMSS_DATA)})
    assert folder.answers_sealed is not None
    assert b"Guadalajara" not in folder.answers_sealed
    assert open_answers(session, folder, vault=VAULT) == {"imss": IMSS_DATA}


def test_the_next_begins_by_itself_when_that_was_chosen_and_all_is_there(
    session: Session, citizen: Actor
) -> None:
    prepared = {"imss": Prepared({**IMSS_DATA, "nss": NSS_NUMBER}, CONSENT)}
    folder = _choose(session, citizen, "imss", starts_next=True, prepared=prepared)
    rfc = activate(session, _ask(session, citizen))
    assert _go_on(session, rfc) == ["imss"]
    assert _states(session, folder)["imss"] == StepState.UNDER_WAY
    imss = session.scalars(select(Enrollment).where(Enrollment.program == "imss")).one()
    assert (imss.account_id, imss.folder_id) == (citizen.account_id, folder.id)
    assert _sent_data(session, imss)["rfc"] == RFC_NUMBER
    # Again, as a job may come twice.
    begin_prepared(session, rfc.id, "imss", now=NOW, vault=VAULT)
    assert _go_on(session, rfc) == []


@pytest.mark.parametrize("lacking", ["choice", "consent", "data"])
def test_else_the_person_is_told_that_they_can_go_on(
    session: Session, citizen: Actor, lacking: str
) -> None:
    data = {**IMSS_DATA, "nss": NSS_NUMBER}
    if lacking == "data":
        del data["occupation"]
    prepared = {"imss": Prepared(data, () if lacking == "consent" else CONSENT)}
    starts = lacking != "choice"
    folder = _choose(session, citizen, "imss", starts_next=starts, prepared=prepared)
    rfc = activate(session, _ask(session, citizen))
    assert _go_on(session, rfc) == []
    assert list_unblocked(session, rfc.id, VAULT) == ["imss"]
    assert _states(session, folder)["imss"] == StepState.READY


def test_who_has_only_an_rfc_is_told_nothing(session: Session, citizen: Actor) -> None:
    rfc = activate(session, _ask(session, citizen))
    assert _go_on(session, rfc) == []
    assert list_unblocked(session, rfc.id, VAULT) == []


def test_a_consent_is_recorded_with_who_what_why_and_by_whom(
    session: Session, citizen: Actor
) -> None:
    enrollment = _ask(session, citizen, language="en")
    [consent] = session.scalars(select(Consent)).all()
    assert consent.folder_id == enrollment.folder_id
    assert (consent.agency, consent.purpose, consent.kind) == ("sat", "enrollment", CONSENT[0])
    assert consent.data == ["names", "birth_date", "curp", "email", "documents"]
    assert (consent.language, consent.given_at) == ("en", NOW)
    assert (consent.given_by_role, consent.given_by) == ("citizen", citizen.account_id)
    assert len(consent.text_version) == 12


def test_who_helps_consents_on_the_persons_behalf(session: Session) -> None:
    agent = Actor(Role.AGENT, make_account(session))
    _ask(session, agent)
    [consent] = session.scalars(select(Consent)).all()
    assert (consent.given_by_role, consent.given_by) == ("agent", agent.account_id)


def test_the_same_words_are_consented_to_once(session: Session, citizen: Actor) -> None:
    folder = _choose(session, citizen, "rfc", prepared={"rfc": Prepared({}, CONSENT)})
    _ask(session, citizen)
    [consent] = session.scalars(select(Consent)).all()
    assert consent.folder_id == folder.id


def _withdraw(session: Session, actor: Actor) -> Any:
    [consent] = session.scalars(select(Consent)).all()
    return withdraw_consent(session, consent.id, now=NOW, actor=actor)


def test_with_its_consent_a_request_that_was_not_sent_is_withdrawn(
    session: Session, citizen: Actor
) -> None:
    enrollment = _ask(session, citizen)
    gone = _withdraw(session, citizen)
    assert (gone.program, gone.request, gone.at_agency) == ("rfc", "withdrawn", False)
    assert enrollment.status == "withdrawn"
    assert begin_submission(session, enrollment.id, now=NOW, vault=VAULT) is None
    [consent] = session.scalars(select(Consent).execution_options(populate_existing=True)).all()
    assert (consent.withdrawn_at, consent.withdrawn_by_role) == (NOW, "citizen")


def test_what_the_agency_has_is_said_to_be_there(session: Session, citizen: Actor) -> None:
    enrollment = _ask(session, citizen)
    begin_submission(session, enrollment.id, now=NOW, vault=VAULT)
    gone = _withdraw(session, citizen)
    assert (gone.request, gone.at_agency) == ("withdrawn", True)


def test_what_is_active_stays_active_without_its_consent(session: Session, citizen: Actor) -> None:
    activate(session, _ask(session, citizen))
    assert (_withdraw(session, citizen).request, _withdraw(session, citizen).at_agency) == (
        "active",
        True,
    )


def test_without_its_consent_nothing_begins_by_itself(session: Session, citizen: Actor) -> None:
    prepared = {"imss": Prepared({**IMSS_DATA, "nss": NSS_NUMBER}, CONSENT)}
    _choose(session, citizen, "imss", starts_next=True, prepared=prepared)
    _withdraw(session, citizen)
    rfc = activate(session, _ask(session, citizen))
    assert _go_on(session, rfc) == []


HEALTH: dict[str, Any] = {"members": [{"name": "Rosa", "ill": True}]}


def test_data_on_health_need_a_consent_of_their_own_and_are_kept_until_they_are_sent(
    session: Session, citizen: Actor
) -> None:
    program = "imss_family_health"
    with pytest.raises(ConsentRequired):
        _ask(session, citizen, program, data=HEALTH)
    with pytest.raises(ConsentRequired):
        _choose(session, citizen, program, prepared={program: Prepared(HEALTH, CONSENT)})
    prepared = {program: Prepared(HEALTH, ("sensitive_data",))}
    folder = _choose(session, citizen, program, prepared=prepared)
    assert open_answers(session, folder, vault=VAULT) == {program: HEALTH}
    _ask(session, citizen, program, data=HEALTH, consents=(*CONSENT, "sensitive_data"))
    assert open_answers(session, folder, vault=VAULT) == {}
    kinds = set(session.scalars(select(Consent.kind)))
    assert kinds == {"transfer_to_agency", "sensitive_data"}


def test_a_corrected_curp_keeps_the_folder_and_what_was_corrected_is_told_once(
    session: Session, citizen: Actor
) -> None:
    data = {**IMSS_DATA, "rfc": RFC_NUMBER}
    imss = _ask(session, citizen, "imss", data=data)
    begin_submission(session, imss.id, now=NOW, vault=VAULT)
    details = Details(requested=("curp", "municipality"))
    corrects = AgencyStatus(Status.MORE_INFORMATION_REQUESTED, details=details)
    record_progress(session, imss.id, corrects, now=NOW, vault=VAULT)
    corrected = replace(APPLICANT, curp=_another_curp())
    given_answer = Answer({"municipality": "Tlaquepaque"}, {"curp": corrected.curp})
    answer(session, imss.id, given_answer, now=NOW, actor=citizen, vault=VAULT)
    command = make_request(corrected)
    rfc = request_enrollment(session, command, now=NOW, actor=citizen, vault=VAULT)
    assert rfc.folder_id == imss.folder_id
    folder = session.get_one(Folder, rfc.folder_id)
    answers = open_answers(session, folder, vault=VAULT)
    assert answers["imss"]["municipality"] == "Tlaquepaque"


def _another_curp() -> str:
    """The same person's of another sex: all that differs is a letter and the check digit."""
    named = Person(*_names(APPLICANT).values(), APPLICANT.birth_date)
    return make_curp(named, "H" if APPLICANT.curp[10] == "M" else "M")


def test_an_erased_folder_is_empty_and_proves_that_its_person_consented(
    session: Session, citizen: Actor
) -> None:
    prepared = {"imss": Prepared(IMSS_DATA, CONSENT)}
    folder = _choose(session, citizen, "imss", starts_next=True, prepared=prepared)
    erase(session, Erased(citizen.account_id, ()))
    session.refresh(folder)
    assert (folder.person_key, folder.answers_sealed) == (None, None)
    assert (folder.wanted, folder.starts_next) == ([], False)
    assert session.scalars(select(Consent.program)).all() == ["imss"]
    assert list_folders(session, folder.account_id or UUID(int=0)) == []


def test_a_plan_is_of_a_real_curp(session: Session, citizen: Actor) -> None:
    other = replace(APPLICANT, birth_date=make_applicant().birth_date)
    with pytest.raises(Invalid):
        choose_plan(session, ChoosePlan(("rfc",), other), now=NOW, actor=citizen, vault=VAULT)


@pytest.fixture
def db(database: DatabaseUrls) -> Iterator[Database]:
    with connected(database.app_url) as database_:
        yield database_


def test_officer_agent_and_citizen_at_once_one_request_lives(db: Database) -> None:
    with db.transaction(NETWORK_SCOPE) as session:
        office = add_consulate(session).code
        actors = [
            Actor(Role.OFFICER, make_account(session), office),
            Actor(Role.AGENT, make_account(session)),
            Actor(Role.CITIZEN, make_account(session)),
        ]

    def ask(actor: Actor) -> str:
        try:
            with db.transaction(actor.scope) as session:
                return _ask(session, actor).status
        except DomainError as refusal:
            return refusal.code

    for _ in range(5):
        with ThreadPoolExecutor(6) as threads:
            outcomes = list(threads.map(ask, actors * 2))
        refused = {AlreadyEnrolled.code, IdentityCheckPending.code}
        assert outcomes.count("received") <= 1
        assert set(outcomes) <= {"received", *refused}
    with db.transaction(NETWORK_SCOPE) as session:
        assert len(session.scalars(select(Enrollment)).all()) == 1


def test_a_program_that_ends_meanwhile_does_not_meet_what_needs_it(db: Database) -> None:
    with db.transaction(NETWORK_SCOPE) as session:
        actor = Actor(Role.CITIZEN, make_account(session))
        rfc = activate(session, _ask(session, actor)).id
    begun = Event()

    def ask() -> str:
        begun.wait()
        try:
            with db.transaction(actor.scope) as session:
                return _ask(session, actor, "imss", data=IMSS_DATA).status
        except PrerequisiteMissing as refusal:
            return refusal.code

    with ThreadPoolExecutor(1) as threads, db.transaction(NETWORK_SCOPE) as session:
        pending = threads.submit(ask)
        enrollment = LIFECYCLE.lock(session, rfc)
        LIFECYCLE.move(session, enrollment, Status.ENDED, now=NOW, actor=SYSTEM, reason_code=None)
        begun.set()
        _wait_for_lock(db)
        session.commit()
        assert pending.result(60) == "prerequisite_missing"


def test_what_meets_a_request_can_not_end_before_it_is_in(db: Database) -> None:
    with db.transaction(NETWORK_SCOPE) as session:
        actor = Actor(Role.CITIZEN, make_account(session))
        rfc = activate(session, _ask(session, actor)).id

    def end() -> None:
        with db.transaction(NETWORK_SCOPE) as session:
            LIFECYCLE.lock(session, rfc)

    with ThreadPoolExecutor(1) as threads, db.transaction(actor.scope) as session:
        _ask(session, actor, "imss", data=IMSS_DATA)
        ended = threads.submit(end)
        _wait_for_lock(db)
        assert not ended.done()
        session.commit()
        ended.result(60)


def _wait_for_lock(db: Database) -> None:
    """Until somebody in this database waits for a row."""
    waiting = text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
        " AND wait_event_type = 'Lock'"
    )
    until = monotonic() + 60
    while monotonic() < until:
        with db.transaction(Scope()) as session:
            if session.scalar(waiting):
                return
    raise AssertionError("nobody waits")
