"""Who did what to whose data: appended in the transaction of what was done, never changed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import DateTime, Index, Text, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from services.kernel.db import NETWORK, Base, Owners, Scope
from services.kernel.ids import new_id
from services.kernel.writes import Write, write


class Role(StrEnum):
    """What a token may say its bearer is (contract, "Common rules")."""

    CITIZEN = "citizen"
    OFFICER = "officer"
    SUPERVISOR = "supervisor"
    AGENT = "agent"
    ANALYST = "analyst"
    TREASURY = "treasury"
    COMPLIANCE = "compliance"
    AUDITOR = "auditor"
    ADMIN = "admin"
    SYSTEM = "system"


OFFICE_ROLES = frozenset({Role.OFFICER, Role.SUPERVISOR})


@dataclass(frozen=True)
class Actor:
    """Whoever acts: an account of a citizen or of staff, or the system itself.

    ``for_agency``: the system writes down what an agency said.
    """

    role: Role
    account_id: UUID | None = None
    consulate: str | None = None
    request_id: str | None = None
    for_agency: bool = False

    @property
    def is_citizen(self) -> bool:
        """Acts for their own account only."""
        return self.role is Role.CITIZEN

    @property
    def scope(self) -> Scope:
        """Rows this actor may see: their own, their office's, or the network's."""
        if self.is_citizen:
            return Scope(account=self.account_id, actor=self.account_id)
        if self.role in OFFICE_ROLES:
            return Scope(consulate=self.consulate or "", actor=self.account_id)
        return Scope(consulate=NETWORK, actor=self.account_id)


SYSTEM = Actor(Role.SYSTEM)
AGENCY = Actor(Role.SYSTEM, for_agency=True)


class AuditEntry(Base):
    """One entry. The application may insert and read; nobody may change or delete."""

    __tablename__ = "audit_entries"
    owners = Owners(office="consulate_code", account="person_account_id")
    __table_args__ = (
        Index("ix_audit_entries_person_account_id_at", "person_account_id", "at"),
        Index("ix_audit_entries_subject_id", "subject_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    actor_role: Mapped[str] = mapped_column(Text)
    actor_id: Mapped[UUID | None]
    consulate_code: Mapped[str | None] = mapped_column(Text)
    action: Mapped[str] = mapped_column(Text)
    subject_kind: Mapped[str] = mapped_column(Text)
    subject_id: Mapped[UUID | None]
    person_account_id: Mapped[UUID | None]
    request_id: Mapped[str | None] = mapped_column(Text)


@dataclass(frozen=True)
class Subject:
    """Subject of an audit entry, and its office.

    ``account`` is whose data it was, so that they can list it.
    """

    kind: str
    id: UUID | None
    account: UUID | None = None
    consulate: str | None = None

    @classmethod
    def of(cls, kind: str, row: Any) -> Subject:
        """A row of ours, with the account and the office that its columns name."""
        account, consulate = (getattr(row, name, None) for name in ("account_id", "consulate_code"))
        return cls(kind, row.id, account, consulate)


_INTO = """
    INSERT INTO audit_entries (
        id, at, actor_role, actor_id, consulate_code, action, subject_kind, subject_id,
        person_account_id, request_id)
"""
_ENTRY = f"""
    {_INTO}
    VALUES (:id, :at, :role, :actor, :consulate, :action, :kind, :subject, :account, :request)
"""
_ENTRIES = text(
    f"""
    {_INTO}
    SELECT id, :at, :role, :actor, consulate, :action, kind, subject, account, :request
    FROM unnest(
        CAST(:id AS uuid[]), CAST(:consulate AS text[]), CAST(:kind AS text[]),
        CAST(:subject AS uuid[]), CAST(:account AS uuid[])
    ) entry (id, consulate, kind, subject, account)
    """  # noqa: S608 - our own text
)


def entry(subject: Subject, *, action: str, now: datetime, actor: Actor) -> Write:
    """The entry of one subject, to be written with something else."""
    return Write(_ENTRY, {**_common(action, now, actor), **_of(subject, actor)})


def record(session: Session, *subjects: Subject, action: str, now: datetime, actor: Actor) -> None:
    """Append an entry for each subject, in one statement."""
    if len(subjects) == 1:
        write(session, entry(*subjects, action=action, now=now, actor=actor))
    elif subjects:
        entries = [_of(subject, actor) for subject in subjects]
        columns = {name: [each[name] for each in entries] for name in entries[0]}
        session.execute(_ENTRIES, {**_common(action, now, actor), **columns})


def _common(action: str, now: datetime, actor: Actor) -> dict[str, Any]:
    return {
        "at": now,
        "role": actor.role.value,
        "actor": actor.account_id,
        "action": action,
        "request": actor.request_id,
    }


def _of(subject: Subject, actor: Actor) -> dict[str, Any]:
    return {
        "id": new_id(),
        "consulate": subject.consulate or actor.consulate,
        "kind": subject.kind,
        "subject": subject.id,
        "account": subject.account,
    }
