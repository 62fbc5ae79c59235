"""A document is sealed, kept as long as its rule says, and gone with its person."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from services.citizens.erasing import Erased
from services.citizens.models import Person
from services.citizens.people import get_key
from services.enrollments.documents import delete_expired_documents
from services.enrollments.models import Enrollment
from services.enrollments.progress import begin_submission
from services.enrollments.requesting import request_enrollment
from services.enrollments.rules import Status
from services.files.cleaning import CleanFile
from services.files.rules import Stored
from services.folders.documents import get_document, list_documents, open_content
from services.folders.erasing import erase
from services.folders.models import Document, Folder
from services.folders.removing import remove
from services.folders.rules import document_retention
from services.folders.uploading import UploadDocument, upload
from services.kernel.audit import Actor, Role
from services.kernel.clock import system_clock
from services.kernel.crypto import SealBroken
from services.kernel.db import NETWORK_SCOPE
from services.kernel.errors import Conflict, NotFound
from tests.factories.enrollments import make_account, make_request
from tests.factories.remittances import VAULT
from tests.servers import DatabaseUrls, connected

NOW = system_clock()
KEPT = document_retention(NOW.date())
FILE = CleanFile(Stored.JPEG, b"a picture", b"a small one", 1)


@pytest.fixture
def session(shared_database: DatabaseUrls) -> Iterator[Session]:
    """As the workers have it; nothing stays."""
    with (
        connected(shared_database.worker_url) as database,
        database.transaction(NETWORK_SCOPE) as session,
    ):
        yield session
        session.rollback()


class Owner:
    """Somebody with a request and a folder."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.actor = Actor(Role.CITIZEN, make_account(session))
        self.enrollment = request_enrollment(
            session, make_request(), now=NOW, actor=self.actor, vault=VAULT
        )
        assert self.enrollment.folder_id
        self.folder: UUID = self.enrollment.folder_id

    def upload(self, kind: str = "identification", replaces: UUID | None = None) -> Document:
        command = UploadDocument(kind, "acta.jpg", FILE, replaces)
        return upload(self.session, self.folder, command, now=NOW, actor=self.actor, vault=VAULT)

    def ended(self, status: Status = Status.REJECTED) -> None:
        """The request is over now."""
        mine = update(Enrollment).where(Enrollment.id == self.enrollment.id)
        for step in (Status.SENT_TO_AGENCY, status):
            self.session.execute(mine.values(status=step))

    def left(self) -> set[UUID]:
        query = select(Document.id).where(Document.folder_id == self.folder)
        return set(self.session.scalars(query))

    def swept(self, after: timedelta) -> set[UUID]:
        """What is left when the documents are looked through so much later."""
        delete_expired_documents(self.session, now=NOW + after + timedelta(minutes=1))
        return self.left()


def test_a_document_opens_with_its_persons_key_in_its_own_row_only(session: Session) -> None:
    owner = Owner(session)
    one, other = owner.upload(), owner.upload()
    assert open_content(session, one, VAULT) == FILE.data
    assert open_content(session, one, VAULT, preview=True) == FILE.preview
    folder = session.get_one(Folder, owner.folder)
    key = get_key(session.get_one(Person, folder.person_id), VAULT)
    sealed = session.scalars(select(Document.file_sealed).where(Document.id == one.id)).one()
    with pytest.raises(SealBroken):
        key.open_bytes(bytes(sealed or b""), place="documents.file_sealed", row=other.id)


def test_documents_stay_while_a_request_is_under_way(session: Session) -> None:
    owner = Owner(session)
    document = owner.upload().id
    assert owner.swept(timedelta(days=1000)) == {document}


@pytest.mark.parametrize("status", [Status.REJECTED, Status.ACTIVE, Status.WITHDRAWN])
def test_they_go_so_long_after_the_last_request_was_over(session: Session, status: Status) -> None:
    owner = Owner(session)
    document = owner.upload().id
    owner.ended(status)
    assert owner.swept(KEPT.after_end - timedelta(days=1)) == {document}
    assert owner.swept(KEPT.after_end) == set()


def test_they_go_where_nothing_was_asked_for(session: Session) -> None:
    owner = Owner(session)
    document = owner.upload().id
    session.execute(
        update(Enrollment).where(Enrollment.id == owner.enrollment.id).values(folder_id=None)
    )
    assert owner.swept(KEPT.unused - timedelta(days=1)) == {document}
    assert owner.swept(KEPT.unused) == set()


def test_one_that_was_replaced_or_removed_goes_before(session: Session) -> None:
    owner = Owner(session)
    old, taken = owner.upload(), owner.upload()
    new = owner.upload(replaces=old.id)
    remove(session, owner.folder, taken.id, now=NOW, actor=owner.actor)
    assert [each.id for each in list_documents(session, owner.folder)] == [new.id]
    assert owner.swept(KEPT.replaced - timedelta(days=1)) == {old.id, new.id, taken.id}
    assert owner.swept(KEPT.replaced) == {new.id}
    session.expire_all()
    assert get_document(session, owner.folder, new.id).replaces is None


def test_what_a_request_went_out_with_is_not_taken_back(session: Session) -> None:
    owner = Owner(session)
    document = owner.upload()
    begin_submission(session, owner.enrollment.id, now=NOW, vault=VAULT)
    session.refresh(document)
    assert document.sent_at == NOW
    with pytest.raises(Conflict):
        remove(session, owner.folder, document.id, now=NOW, actor=owner.actor)
    with pytest.raises(IntegrityError, match="ck_documents_removed"):
        session.execute(
            update(Document)
            .where(Document.id == document.id)
            .values(
                state="removed", position=None, ended_at=NOW,
                file_sealed=None, preview_sealed=None, name_sealed=None,
            )
        )  # fmt: skip


def test_erasing_a_person_deletes_their_documents(session: Session) -> None:
    owner, other = Owner(session), Owner(session)
    owner.upload(replaces=owner.upload().id)
    kept = other.upload().id
    erase(session, Erased(owner.actor.account_id, [owner.enrollment.person_id]))
    assert (owner.left(), other.left()) == (set(), {kept})


def test_another_folders_document_is_not_found(session: Session) -> None:
    owner, other = Owner(session), Owner(session)
    with pytest.raises(NotFound):
        get_document(session, other.folder, owner.upload().id)
