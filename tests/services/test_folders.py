"""One folder for each person, whoever files and however many at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from uuid import UUID

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from services.citizens.people import make_person
from services.enrollments.models import Enrollment
from services.enrollments.requesting import request_enrollment
from services.enrollments.withdrawing import withdraw
from services.folders.models import Folder
from services.folders.opening import open_folder
from services.kernel.audit import Actor, Role
from services.kernel.clock import system_clock
from services.kernel.db import NETWORK_SCOPE, Database, Scope
from tests.factories.consulates import add_consulate
from tests.factories.enrollments import make_account, make_applicant, make_request
from tests.factories.remittances import NOW, VAULT
from tests.servers import DatabaseUrls

APPLICANT = make_applicant()


def _ask(session: Session, actor: Actor, **changes: object) -> Enrollment:
    command = make_request(APPLICANT, **changes)
    return request_enrollment(session, command, now=NOW, actor=actor, vault=VAULT)


def _ask_and_end(session: Session, actor: Actor, **changes: object) -> UUID | None:
    enrollment = _ask(session, actor, **changes)
    withdraw(session, enrollment.id, now=NOW, actor=actor)
    return enrollment.folder_id


def test_a_second_request_goes_into_the_same_folder(session: Session, citizen: Actor) -> None:
    folders = [_ask_and_end(session, citizen) for _ in range(2)]
    assert folders[0] is not None
    assert folders[0] == folders[1]


def test_each_member_of_a_family_has_their_own(session: Session, citizen: Actor) -> None:
    mother = make_request(make_applicant())
    own = _ask(session, citizen)
    hers = request_enrollment(session, mother, now=NOW, actor=citizen, vault=VAULT)
    assert own.folder_id != hers.folder_id


def test_at_a_desk_somebody_has_one_at_each_office(session: Session) -> None:
    offices = [add_consulate(session, code).code for code in ("losangeles", "tokio")]
    officers = [Actor(Role.OFFICER, make_account(session), office) for office in offices]
    folders = [_ask_and_end(session, officer) for officer in (*officers, *officers)]
    assert folders[:2] == folders[2:]
    assert len(set(folders)) == 2


def test_who_calls_the_telephone_centre_has_one(session: Session) -> None:
    agent = Actor(Role.AGENT, make_account(session))
    assert _ask_and_end(session, agent) == _ask_and_end(session, agent)


def test_the_office_of_an_accounts_folder_is_that_of_its_latest_request(
    session: Session, citizen: Actor
) -> None:
    for office in ("losangeles", "tokio"):
        add_consulate(session, office)
        folder = _ask_and_end(session, citizen, consulate=office)
        assert session.get_one(Folder, folder).consulate_code == office
    assert _ask_and_end(session, citizen) == folder
    assert session.get_one(Folder, folder).consulate_code == "tokio"


def test_eight_first_requests_at_once_open_one_folder(database: DatabaseUrls) -> None:
    db = Database(database.app_url)
    with db.transaction(NETWORK_SCOPE) as session:
        account = make_account(session)
    together = Barrier(8)

    def open_one(_number: int) -> UUID:
        with db.transaction(Scope(account=account)) as session:
            person = make_person(APPLICANT, account=account, now=NOW, vault=VAULT)
            session.add(person)
            session.flush()
            together.wait()
            return open_folder(session, person, now=system_clock()).id

    with ThreadPoolExecutor(8) as threads:
        assert len(set(threads.map(open_one, range(8)))) == 1
    with db.transaction(Scope(account=account)) as session:
        assert session.scalar(select(func.count()).select_from(Folder)) == 1
    db.dispose()


def test_a_folder_is_seen_by_its_account_and_its_office_only(session: Session) -> None:
    offices = [add_consulate(session, code).code for code in ("losangeles", "tokio")]
    actor = Actor(Role.CITIZEN, make_account(session))
    folder = _ask_and_end(session, actor, consulate="losangeles")

    def seen(scope: Scope) -> bool:
        values = {"office": scope.consulate, "account": str(scope.account or "")}
        session.execute(
            text(
                "SELECT set_config('app.consulate', :office, true),"
                " set_config('app.account', :account, true)"
            ),
            values,
        )
        query = text("SELECT count(*) FROM folders WHERE id = :id")
        return bool(session.scalar(query, {"id": folder}))

    assert seen(actor.scope)
    assert seen(Scope(consulate=offices[0]))
    assert not seen(Scope(consulate=offices[1]))
    assert not seen(Scope(account=UUID(int=1)))
