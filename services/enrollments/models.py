"""Enrollments, what happened to them, and who holds a live one."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column, relationship

from services.citizens.models import Person, PersonClaim
from services.enrollments.batch_rules import BatchStatus, RowOutcome
from services.enrollments.rules import UNDECIDED, By, Channel, ConsentGiven, CurpCheck, Status
from services.kernel.db import Base, Owners, PartOf
from services.kernel.tables import one_of

_AT = sa.DateTime(timezone=True)


class Enrollment(Base):
    """One request of one person to enroll in one program.

    ``day`` is the day it was made, at its office or else in Mexico City. ``data_sealed``,
    ``result_sealed`` and ``details_sealed`` (what the agency said besides: see `details`) are JSON
    under the applicant's key, bound to this row. ``agency_changed_at`` is when, by its own clock,
    the agency's newest word that was taken became so. Last days, in Mexico City: ``answer_by`` to
    answer what the agency asked for, ``pay_by`` to pay (of an active one: for what follows its
    cover), ``resolve_by`` for the agency to decide, ``covered_to`` of what an active one gives.
    ``curp_check`` is what the population register said of the CURP before it was sent,
    ``curp_differs`` names what it has otherwise; null where nobody has asked yet.
    ``folder_id`` is null where a version filed it that knew no folders, or the person was erased
    by then. ``enrolled_person_id`` says as whom an active one is counted; the database keeps it.
    """

    __tablename__ = "enrollments"
    owners = Owners(office="consulate_code", account="account_id")
    __table_args__ = (
        sa.CheckConstraint(one_of("status", Status), name="status"),
        sa.CheckConstraint("'transfer_to_agency' = ANY (consents)", name="consents"),
        sa.CheckConstraint(one_of("curp_check", CurpCheck), name="curp_check"),
        sa.Index("ix_enrollments_account_id", "account_id"),
        sa.Index("ix_enrollments_folder_id", "folder_id"),
        sa.Index("ix_enrollments_consulate_code_created_at", "consulate_code", "created_at"),
        sa.Index(
            "ix_enrollments_covered_to",
            "covered_to",
            postgresql_where=sa.text("status = 'active'"),
        ),
        sa.Index(
            "ix_enrollments_to_ask",
            "changed_at",
            postgresql_where=sa.text(one_of("status", UNDECIDED)),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    folio: Mapped[str] = mapped_column(sa.Text, unique=True)
    program: Mapped[str] = mapped_column(sa.Text)
    consulate_code: Mapped[str | None] = mapped_column(sa.ForeignKey("consulates.code"))
    account_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("accounts.id"))
    person_id: Mapped[UUID] = mapped_column(sa.ForeignKey("people.id"))
    folder_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("folders.id"))
    status: Mapped[str] = mapped_column(sa.Text)
    reason_code: Mapped[str | None] = mapped_column(sa.Text)
    data_sealed: Mapped[bytes] = mapped_column(sa.LargeBinary)
    result_sealed: Mapped[bytes | None] = mapped_column(sa.LargeBinary)
    details_sealed: Mapped[bytes | None] = mapped_column(sa.LargeBinary)
    agency_changed_at: Mapped[datetime | None] = mapped_column(_AT)
    answer_by: Mapped[date | None]
    pay_by: Mapped[date | None]
    resolve_by: Mapped[date | None]
    covered_to: Mapped[date | None]
    curp_check: Mapped[str | None] = mapped_column(sa.Text)
    curp_differs: Mapped[list[str] | None] = mapped_column(ARRAY(sa.Text))
    consents: Mapped[list[str]] = mapped_column(ARRAY(sa.Text))
    consented_at: Mapped[datetime] = mapped_column(_AT)
    language: Mapped[str] = mapped_column(sa.Text)
    day: Mapped[date]
    created_at: Mapped[datetime] = mapped_column(_AT)
    changed_at: Mapped[datetime] = mapped_column(_AT)
    enrolled_person_id: Mapped[UUID | None]

    # Read with it, in one round trip: hardly anything is done with one that doesn't need its
    # person.
    person: Mapped[Person | None] = relationship(lazy="joined", viewonly=True)


class EnrolledPerson(Base):
    """Somebody who has active enrollments, and how many: that is one person, whatever they asked
    for and through whichever account. Gone with the last of them.

    The database alone reads and writes it (`count_enrolled_person`). ``person_key`` is
    `people.curp_index`; null once the person was erased. Facts have its ``id`` as their subject.
    """

    __tablename__ = "enrolled_people"
    __table_args__ = (
        sa.UniqueConstraint("person_key"),
        sa.CheckConstraint("enrollments >= 0", name="enrollments"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    person_key: Mapped[bytes | None] = mapped_column(sa.LargeBinary)
    enrollments: Mapped[int]


class EnrollmentEvent(Base):
    """One step of an enrollment's history, from position 1. Never changed.

    ``actor`` is a `rules.By`; who of the staff it was, the audit says. ``covered_to`` of a step by
    which the cover of an active one became longer is its last day.
    """

    __tablename__ = "enrollment_events"
    owners = PartOf("enrollment_id", Enrollment)
    __table_args__ = (
        sa.CheckConstraint(one_of("actor", By), name="actor"),
        # An agency asks for more information once (LFPA 17-A).
        sa.Index(
            "uq_enrollment_events_asked_once",
            "enrollment_id",
            unique=True,
            postgresql_where=sa.text("status = 'more_information_requested'"),
        ),
        # However often the agency says so, a cover is renewed once to that day.
        sa.Index(
            "uq_enrollment_events_covered_to",
            "enrollment_id",
            "covered_to",
            unique=True,
            postgresql_where=sa.text("covered_to IS NOT NULL"),
        ),
    )

    enrollment_id: Mapped[UUID] = mapped_column(sa.ForeignKey("enrollments.id"), primary_key=True)
    position: Mapped[int] = mapped_column(sa.SmallInteger, primary_key=True)
    status: Mapped[str] = mapped_column(sa.Text)
    at: Mapped[datetime] = mapped_column(_AT)
    reason_code: Mapped[str | None] = mapped_column(sa.Text)
    actor: Mapped[str | None] = mapped_column(sa.Text)
    covered_to: Mapped[date | None]


class EnrollmentReminder(Base):
    """Somebody was reminded (see `lapsing.Reminder`) that the term of an enrollment ends on
    ``last_day``: once for each last day."""

    __tablename__ = "enrollment_reminders"
    owners = PartOf("enrollment_id", Enrollment)

    enrollment_id: Mapped[UUID] = mapped_column(sa.ForeignKey("enrollments.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    last_day: Mapped[date] = mapped_column(primary_key=True)


class PassedDocument(Base):
    """The agency of the enrollment has the document, since ``passed_at``."""

    __tablename__ = "passed_documents"
    owners = PartOf("enrollment_id", Enrollment)
    __table_args__ = (sa.Index("ix_passed_documents_document_id", "document_id"),)

    enrollment_id: Mapped[UUID] = mapped_column(sa.ForeignKey("enrollments.id"), primary_key=True)
    document_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("documents.id", ondelete="CASCADE"), primary_key=True
    )
    passed_at: Mapped[datetime] = mapped_column(_AT)


class AssistedRequest(Base):
    """Staff asked for the enrollment for a person at a window or on the telephone, who consented.

    ``document`` says in words which one was seen. Kept as proof of the consent.
    """

    __tablename__ = "assisted_requests"
    owners = PartOf("enrollment_id", Enrollment)
    __table_args__ = (
        sa.CheckConstraint(one_of("channel", Channel), name="channel"),
        sa.CheckConstraint(one_of("consent", ConsentGiven), name="consent"),
        sa.CheckConstraint(
            "consent = 'declared' OR (channel = 'in_person') = (consent = 'identity_shown')",
            name="in_person",
        ),
        sa.CheckConstraint(
            "(consent = 'identity_shown') = (document IS NOT NULL)",
            name="document",
        ),
        sa.Index("ix_assisted_requests_asked_by", "asked_by"),
    )

    enrollment_id: Mapped[UUID] = mapped_column(sa.ForeignKey("enrollments.id"), primary_key=True)
    channel: Mapped[str] = mapped_column(sa.Text)
    consent: Mapped[str] = mapped_column(sa.Text)
    document: Mapped[str | None] = mapped_column(sa.Text)
    asked_by: Mapped[UUID]
    asked_by_role: Mapped[str] = mapped_column(sa.Text)
    asked_at: Mapped[datetime] = mapped_column(_AT)


class EnrollmentClaim(PersonClaim, Base):
    """A person (as a keyed hash) holds a live enrollment in a program; gone when it ends."""

    __tablename__ = "enrollment_claims"
    owners = PartOf("enrollment_id", Enrollment)
    __table_args__ = (sa.Index("ix_enrollment_claims_enrollment_id", "enrollment_id"),)

    program: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    enrollment_id: Mapped[UUID] = mapped_column(sa.ForeignKey("enrollments.id"))


class EnrollmentBatch(Base):
    """Requests that go to an agency in one file, under a key of the batch's own. Nobody's data.

    ``day`` is the one that it was collected on, in Mexico City.
    """

    __tablename__ = "enrollment_batches"
    __table_args__ = (
        sa.CheckConstraint(one_of("status", BatchStatus), name="status"),
        sa.Index(
            "ix_enrollment_batches_open",
            "changed_at",
            postgresql_where=sa.text("status <> 'answered'"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(sa.Text, unique=True)
    agency: Mapped[str] = mapped_column(sa.Text)
    day: Mapped[date]
    status: Mapped[str] = mapped_column(sa.Text)
    created_at: Mapped[datetime] = mapped_column(_AT)
    changed_at: Mapped[datetime] = mapped_column(_AT)


class EnrollmentBatchRow(Base):
    """A request in a batch, or waiting for one where ``batch_id`` is null. It ends once."""

    __tablename__ = "enrollment_batch_rows"
    owners = PartOf("enrollment_id", Enrollment)
    __table_args__ = (
        sa.CheckConstraint(one_of("outcome", RowOutcome), name="outcome"),
        sa.CheckConstraint("(outcome IS NULL) = (settled_at IS NULL)", name="settled"),
        sa.CheckConstraint("batch_id IS NOT NULL OR settled_at IS NULL", name="in_batch"),
        # A request is in one batch at a time, or waits for one.
        sa.Index(
            "uq_enrollment_batch_rows_open",
            "enrollment_id",
            unique=True,
            postgresql_where=sa.text("settled_at IS NULL"),
        ),
        sa.Index("ix_enrollment_batch_rows_enrollment_id", "enrollment_id"),
        sa.Index("ix_enrollment_batch_rows_batch_id", "batch_id"),
        sa.Index(
            "ix_enrollment_batch_rows_waiting",
            "agency",
            "id",
            postgresql_where=sa.text("batch_id IS NULL AND settled_at IS NULL"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    agency: Mapped[str] = mapped_column(sa.Text)
    enrollment_id: Mapped[UUID] = mapped_column(sa.ForeignKey("enrollments.id"))
    batch_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("enrollment_batches.id"))
    queued_at: Mapped[datetime] = mapped_column(_AT)
    settled_at: Mapped[datetime | None] = mapped_column(_AT)
    outcome: Mapped[str | None] = mapped_column(sa.Text)
