"""The folder of a person: what they told once, what they want, what they consented to, and their
documents."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from services.files.rules import Stored
from services.folders.rules import MOST_DOCUMENTS, ConsentKind, DocumentState, Purpose
from services.kernel.db import Base, Owners, PartOf
from services.kernel.tables import one_of

_AT = sa.DateTime(timezone=True)


class Folder(Base):
    """All that one person asks for, across programs: one for each person whom an account names;
    filed at a desk for somebody without an account, one at each office.

    ``person_key`` is the keyed hash of the CURP, null once the person is erased. ``person_id`` is
    the row under whose key ``answers_sealed`` (JSON, by program and name of its field) is sealed.
    ``wanted`` are the programs of the plan; ``starts_next``: the person chose that the next
    one begins by itself. An account's folder is of the office that its latest request named.
    """

    __tablename__ = "folders"
    owners = Owners(office="consulate_code", account="account_id")
    __table_args__ = (
        sa.Index(
            "uq_folders_account_id",
            "account_id",
            "person_key",
            unique=True,
            postgresql_where=sa.text("account_id IS NOT NULL"),
        ),
        sa.Index(
            "uq_folders_consulate_code",
            sa.text("coalesce(consulate_code, '')"),
            "person_key",
            unique=True,
            postgresql_where=sa.text("account_id IS NULL"),
        ),
        sa.Index("ix_folders_person_id", "person_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    account_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("accounts.id"))
    consulate_code: Mapped[str | None] = mapped_column(sa.ForeignKey("consulates.code"))
    person_id: Mapped[UUID] = mapped_column(sa.ForeignKey("people.id"))
    person_key: Mapped[bytes | None] = mapped_column(sa.LargeBinary)
    answers_sealed: Mapped[bytes | None] = mapped_column(sa.LargeBinary)
    wanted: Mapped[list[str]] = mapped_column(ARRAY(sa.Text), server_default=sa.text("'{}'"))
    starts_next: Mapped[bool] = mapped_column(server_default=sa.false())
    created_at: Mapped[datetime] = mapped_column(_AT)


class Consent(Base):
    """One giving of consent: ``agency`` gets ``data`` (names of fields) for ``purpose``.

    ``text_version`` is the digest of the words that were shown, in ``language``. Kept as proof; it
    holds nothing that was told. ``given_by`` is the account of the person, or of whoever helped.
    """

    __tablename__ = "consents"
    owners = PartOf("folder_id", Folder)
    __table_args__ = (
        sa.CheckConstraint(one_of("kind", ConsentKind), name="kind"),
        sa.CheckConstraint(one_of("purpose", Purpose), name="purpose"),
        sa.CheckConstraint(
            "(withdrawn_at IS NULL) = (withdrawn_by_role IS NULL)", name="withdrawn"
        ),
        sa.Index("ix_consents_folder_id_program", "folder_id", "program"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    folder_id: Mapped[UUID] = mapped_column(sa.ForeignKey("folders.id"))
    program: Mapped[str] = mapped_column(sa.Text)
    agency: Mapped[str] = mapped_column(sa.Text)
    kind: Mapped[str] = mapped_column(sa.Text)
    purpose: Mapped[str] = mapped_column(sa.Text)
    data: Mapped[list[str]] = mapped_column(ARRAY(sa.Text))
    text_version: Mapped[str] = mapped_column(sa.Text)
    language: Mapped[str] = mapped_column(sa.Text)
    given_at: Mapped[datetime] = mapped_column(_AT)
    given_by_role: Mapped[str] = mapped_column(sa.Text)
    given_by: Mapped[UUID | None]
    withdrawn_at: Mapped[datetime | None] = mapped_column(_AT)
    withdrawn_by_role: Mapped[str | None] = mapped_column(sa.Text)
    withdrawn_by: Mapped[UUID | None]


class Document(Base):
    """One document of a folder, as `services.files` made it anew.

    ``kind`` is a code of the programs' documents. ``position`` is its place among those in use;
    ``replaces`` the one whose place it took. ``name_sealed`` (how its owner calls the file),
    ``file_sealed`` and ``preview_sealed`` are under the key of the folder's person, bound to this
    row. ``size`` and ``sha256`` are those of the file. ``confirmed_at``: its owner looked at the
    preview and said that it can be read; ``sent_at``: a request that it belongs to went to its
    agency.
    """

    __tablename__ = "documents"
    owners = PartOf("folder_id", Folder)
    __table_args__ = (
        sa.CheckConstraint(one_of("state", DocumentState), name="state"),
        sa.CheckConstraint(one_of("stored", Stored), name="stored"),
        sa.CheckConstraint(f"position BETWEEN 1 AND {MOST_DOCUMENTS}", name="position"),
        sa.CheckConstraint(
            "(state = 'in_use') = (position IS NOT NULL)"
            " AND (state = 'in_use') = (ended_at IS NULL)",
            name="in_use",
        ),
        sa.CheckConstraint(
            "(state = 'removed') = (file_sealed IS NULL)"
            " AND num_nonnulls(file_sealed, preview_sealed, name_sealed) IN (0, 3)",
            name="content",
        ),
        sa.CheckConstraint("state <> 'removed' OR sent_at IS NULL", name="removed"),
        sa.UniqueConstraint("folder_id", "position", name="uq_documents_position"),
        sa.UniqueConstraint("replaces", name="uq_documents_replaces"),
        sa.Index("ix_documents_folder_id", "folder_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    folder_id: Mapped[UUID] = mapped_column(sa.ForeignKey("folders.id"))
    kind: Mapped[str] = mapped_column(sa.Text)
    state: Mapped[str] = mapped_column(sa.Text)
    position: Mapped[int | None] = mapped_column(sa.SmallInteger)
    replaces: Mapped[UUID | None] = mapped_column(
        sa.ForeignKey("documents.id", ondelete="SET NULL")
    )
    stored: Mapped[str] = mapped_column(sa.Text)
    pages: Mapped[int] = mapped_column(sa.SmallInteger)
    size: Mapped[int] = mapped_column(sa.Integer)
    sha256: Mapped[bytes] = mapped_column(sa.LargeBinary)
    name_sealed: Mapped[bytes | None] = mapped_column(sa.LargeBinary)
    file_sealed: Mapped[bytes | None] = mapped_column(sa.LargeBinary, deferred=True)
    preview_sealed: Mapped[bytes | None] = mapped_column(sa.LargeBinary, deferred=True)
    uploaded_by_role: Mapped[str] = mapped_column(sa.Text)
    uploaded_by: Mapped[UUID | None]
    uploaded_at: Mapped[datetime] = mapped_column(_AT)
    confirmed_at: Mapped[datetime | None] = mapped_column(_AT)
    sent_at: Mapped[datetime | None] = mapped_column(_AT)
    ended_at: Mapped[datetime | None] = mapped_column(_AT)
