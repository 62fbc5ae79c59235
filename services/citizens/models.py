"""Accounts of citizens, the people they speak of, and how they sign in."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from services.kernel.db import Base, Owners


class Account(Base):
    """A citizen who can sign in. Their names are in the person row marked as holder."""

    __tablename__ = "accounts"
    owners = Owners(account="id")

    id: Mapped[UUID] = mapped_column(primary_key=True)
    language: Mapped[str] = mapped_column(sa.Text, server_default=sa.text("'es'"))
    created_at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True))


class Person(Base):
    """Somebody as they were named for one request: an account's holder, an attendee, an applicant.

    Names and birth date are plain, for the desk searches them; identifiers and contacts are
    sealed under ``data_key`` (see `services.citizens.people`). Deleting the key forgets them.
    """

    __tablename__ = "people"
    owners = Owners(office="consulate_code", account="account_id")
    __table_args__ = (
        sa.CheckConstraint("NOT holder OR account_id IS NOT NULL", name="holder_account"),
        sa.CheckConstraint(
            "erased_at IS NULL OR (given_names = '' AND first_surname = '' AND name_index = ''"
            " AND num_nonnulls(second_surname, birth_date, birth_place, data_key, curp_index,"
            " curp_sealed, email_sealed, phone_sealed) = 0)",
            name="erased",
        ),
        sa.Index("uq_people_holder", "account_id", unique=True, postgresql_where=sa.text("holder")),
        sa.Index("ix_people_account_id", "account_id"),
        sa.Index("ix_people_name_index", "name_index"),
        sa.Index("ix_people_birth_date", "birth_date", "consulate_code"),
        sa.Index(
            "ix_people_curp_index",
            "curp_index",
            postgresql_where=sa.text("curp_index IS NOT NULL"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    account_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("accounts.id"))
    consulate_code: Mapped[str | None] = mapped_column(sa.ForeignKey("consulates.code"))
    holder: Mapped[bool] = mapped_column(server_default=sa.text("false"))
    given_names: Mapped[str] = mapped_column(sa.Text)
    first_surname: Mapped[str] = mapped_column(sa.Text)
    second_surname: Mapped[str | None] = mapped_column(sa.Text)
    birth_date: Mapped[date | None]
    birth_place: Mapped[str | None] = mapped_column(sa.Text)
    name_index: Mapped[bytes] = mapped_column(sa.LargeBinary)
    data_key: Mapped[bytes | None] = mapped_column(sa.LargeBinary)
    curp_sealed: Mapped[bytes | None] = mapped_column(sa.LargeBinary)
    curp_index: Mapped[bytes | None] = mapped_column(sa.LargeBinary)
    email_sealed: Mapped[bytes | None] = mapped_column(sa.LargeBinary)
    phone_sealed: Mapped[bytes | None] = mapped_column(sa.LargeBinary)
    # Since then names, birth date and CURP stay as they are: money was sent under them.
    identity_bound_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
    created_at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True))
    # Since then the row tells nobody: see `services.citizens.people.BLANK`.
    erased_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))


class PersonClaim:
    """Columns of a table that says which person, as a keyed hash, holds something live."""

    person_key: Mapped[bytes] = mapped_column(sa.LargeBinary, primary_key=True)
    account_id: Mapped[UUID | None]


class Identity(Base):
    """A way to sign in to an account: an e-mail, a phone, a Llave MX user."""

    __tablename__ = "identities"
    owners = Owners(account="account_id")

    issuer: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    subject_index: Mapped[bytes] = mapped_column(sa.LargeBinary, primary_key=True)
    account_id: Mapped[UUID] = mapped_column(sa.ForeignKey("accounts.id"))
    created_at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True))


class SavedRow(Base):
    """Columns of a list that an account's holder keeps (`services.citizens.saved`)."""

    __abstract__ = True
    owners = Owners(account="account_id")

    id: Mapped[UUID] = mapped_column(primary_key=True)
    account_id: Mapped[UUID] = mapped_column(sa.ForeignKey("accounts.id"))
    position: Mapped[int] = mapped_column(sa.SmallInteger)
    content_sealed: Mapped[bytes] = mapped_column(sa.LargeBinary)
    data_key: Mapped[bytes] = mapped_column(sa.LargeBinary)
    created_at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True))


class Dependant(SavedRow):
    """Somebody whom an account's holder saved to fill in forms with."""

    __tablename__ = "dependants"
    __table_args__ = (
        sa.CheckConstraint("position BETWEEN 1 AND 10", name="position"),
        sa.UniqueConstraint("account_id", "position", name="uq_dependants_account_id"),
    )


class HelperLink(Base):
    """By it somebody's helper books one appointment for them, moves it and cancels it, each once
    and only what they allowed; ``appointment_id`` is which. About one that they had already nothing
    is left to book: ``used_at`` is set at once. Only the secret's fingerprint is kept."""

    __tablename__ = "helper_links"
    owners = Owners(account="account_id")
    __table_args__ = (
        sa.CheckConstraint("appointment_id IS NULL OR used_at IS NOT NULL", name="used"),
        sa.CheckConstraint(
            "may_book OR (appointment_id IS NOT NULL AND (may_move OR may_cancel))", name="may"
        ),
        sa.CheckConstraint(
            "moved_at IS NULL OR (may_move AND appointment_id IS NOT NULL)", name="moved"
        ),
        sa.CheckConstraint(
            "cancelled_at IS NULL OR (may_cancel AND appointment_id IS NOT NULL)", name="cancelled"
        ),
        sa.Index("ix_helper_links_account_id", "account_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    account_id: Mapped[UUID] = mapped_column(sa.ForeignKey("accounts.id"))
    secret_hash: Mapped[bytes] = mapped_column(sa.LargeBinary, unique=True)
    consented_at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True))
    expires_at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True))
    revoked_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
    used_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
    appointment_id: Mapped[UUID | None]
    may_book: Mapped[bool] = mapped_column(server_default=sa.text("true"))
    may_move: Mapped[bool] = mapped_column(server_default=sa.text("false"))
    may_cancel: Mapped[bool] = mapped_column(server_default=sa.text("false"))
    moved_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
    cancelled_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))


class LoginCode(Base):
    """A one-time code on its way to an e-mail or phone."""

    __tablename__ = "login_codes"
    __table_args__ = (
        sa.CheckConstraint("channel IN ('email', 'sms')", name="channel"),
        sa.CheckConstraint("attempts <= 5", name="attempts"),
        sa.Index("ix_login_codes_destination_index", "destination_index", "created_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    channel: Mapped[str] = mapped_column(sa.Text)
    destination_index: Mapped[bytes] = mapped_column(sa.LargeBinary)
    asked_by: Mapped[bytes | None] = mapped_column(sa.LargeBinary)
    destination_sealed: Mapped[bytes] = mapped_column(sa.LargeBinary)
    code_sealed: Mapped[bytes] = mapped_column(sa.LargeBinary)
    data_key: Mapped[bytes] = mapped_column(sa.LargeBinary)
    language: Mapped[str] = mapped_column(sa.Text)
    created_at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True))
    expires_at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True))
    attempts: Mapped[int] = mapped_column(sa.SmallInteger, server_default=sa.text("0"))
    used_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
    # Whom it signed in.
    account_id: Mapped[UUID | None]


class Attempts(Base):
    """How often a subject (a keyed hash of who or what) tried within a window."""

    __tablename__ = "attempts"

    subject: Mapped[bytes] = mapped_column(sa.LargeBinary, primary_key=True)
    window_start: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True), primary_key=True)
    count: Mapped[int] = mapped_column(sa.Integer)
