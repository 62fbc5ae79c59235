"""Write the draft of a session report. Each command replaces one part of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, insert
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from services.commission.assembling import assemble, typed_texts
from services.commission.choices import ANNEXES, default_codes, list_choices
from services.commission.counting import Counted, Period, count, count_annex
from services.commission.errors import AgreementFollowed, SessionTaken
from services.commission.lifecycle import LIFECYCLE
from services.commission.models import (
    AgendaItem,
    Agreement,
    Annex,
    Attendance,
    CommissionSession,
    FollowUp,
    Result,
)
from services.commission.queries import find_english, list_annexes, list_followed, list_results
from services.commission.rules import Action, FollowUpStatus, Status, actions
from services.kernel.audit import Actor
from services.kernel.db import Base, violated_constraint
from services.kernel.errors import Invalid, NotFound, WrongState
from services.kernel.ids import new_id
from services.kernel.tables import append_numbered
from services.monitoring.rules import GROUPS


@dataclass(frozen=True)
class NewAgreement:
    """What was agreed, who answers for it and by when."""

    agreed: str
    responsible: str
    due_on: date


@dataclass(frozen=True)
class FollowAgreement:
    """How far an agreement is, what shows it, and its new day where it gets one."""

    agreement: UUID
    status: FollowUpStatus
    evidence: str
    due_on: date | None = None


@dataclass(frozen=True)
class MakeReport:
    """A session and what is known of it already. ``results``: codes of choices by group; every
    group reports all it has unless they are named. ``english``: that of typed texts by the Spanish;
    what an earlier session said in the same words has its English already."""

    number: int
    held_on: date | None = None
    place: str | None = None
    first: date | None = None
    last: date | None = None
    as_of: datetime | None = None
    attendance: Sequence[tuple[str, bool]] = ()
    agenda: Sequence[str] = ()
    results: Mapping[int, Sequence[str]] | None = None
    agreements: Sequence[NewAgreement] = ()
    annexes: Sequence[str] = tuple(ANNEXES)
    english: Mapping[str, str] = field(default_factory=dict)
    example: bool = False


def make_report(
    session: Session, command: MakeReport, *, now: datetime, actor: Actor
) -> CommissionSession:
    """Begin the report of a session. Raises `SessionTaken`, Invalid for an unknown choice."""
    commission = CommissionSession(
        id=new_id(),
        number=command.number,
        example=command.example,
        held_on=command.held_on,
        place=command.place,
        first=command.first,
        last=command.last,
        status=Status.DRAFT.value,
        version=1,
        english={
            **find_english(session, command.number, example=command.example),
            **command.english,
        },
        made_by=actor.account_id,
        created_at=now,
        changed_at=now,
    )
    session.add(commission)
    try:
        session.flush()
    except IntegrityError as error:
        if violated_constraint(error) == "uq_commission_sessions_number":
            raise SessionTaken(field="number") from error
        raise
    LIFECYCLE.record(session, commission, now=now, actor=actor, action="commission.make")
    _fill(session, commission, command)
    return commission


def _fill(session: Session, commission: CommissionSession, command: MakeReport) -> None:
    _replace(session, commission, Attendance, _came(command.attendance))
    _replace(session, commission, AgendaItem, [{"item": item} for item in command.agenda])
    for agreement in command.agreements:
        _add_agreement(session, commission, agreement)
    commission.as_of = command.as_of
    chosen = command.results
    for group in GROUPS:
        codes = (
            default_codes(session, group, command.number)
            if chosen is None
            else chosen.get(group, ())
        )
        _choose(session, commission, group, codes)
    _choose_annexes(session, commission, command.annexes)


def change_details(
    session: Session, id: UUID, details: Mapping[str, Any], *, now: datetime, actor: Actor
) -> CommissionSession:
    """Change the date, the place or the period (``held_on``, ``place``, ``first``, ``last``). A new
    period counts the numbers anew."""

    def change(session: Session, commission: CommissionSession) -> None:
        for name, value in details.items():
            setattr(commission, name, value)
        session.flush()
        if "first" in details:
            _recount(session, commission)

    return _edit(session, id, now, actor, change)


def set_attendance(
    session: Session, id: UUID, agencies: Sequence[tuple[str, bool]], *, now: datetime, actor: Actor
) -> CommissionSession:
    """Say which agencies were called, and which of them came."""
    return _edit(session, id, now, actor, _replace, Attendance, _came(agencies))


def set_agenda(
    session: Session, id: UUID, items: Sequence[str], *, now: datetime, actor: Actor
) -> CommissionSession:
    """Write the agenda."""
    rows = [{"item": item} for item in items]
    return _edit(session, id, now, actor, _replace, AgendaItem, rows)


def choose_results(
    session: Session, id: UUID, group: int, codes: Sequence[str], *, now: datetime, actor: Actor
) -> CommissionSession:
    """Choose what a group reports; each number is asked of its source. Raises Invalid."""
    return _edit(session, id, now, actor, _choose, group, codes)


def choose_annexes(
    session: Session, id: UUID, codes: Sequence[str], *, now: datetime, actor: Actor
) -> CommissionSession:
    """Choose the tables at the end. Raises Invalid."""
    return _edit(session, id, now, actor, _choose_annexes, codes)


def set_english(
    session: Session, id: UUID, english: Mapping[str, str], *, now: datetime, actor: Actor
) -> CommissionSession:
    """Write the English of typed texts, by the Spanish; an empty one takes it away. Raises Invalid
    for what isn't typed into the report."""

    def change(session: Session, commission: CommissionSession) -> None:
        if unknown := english.keys() - set(typed_texts(assemble(session, commission))):
            raise Invalid("not_expected", field="english", unknown=", ".join(sorted(unknown)))
        known = {**commission.english, **english}
        commission.english = {text: said for text, said in known.items() if said}

    return _edit(session, id, now, actor, change)


def add_agreement(
    session: Session, id: UUID, agreement: NewAgreement, *, now: datetime, actor: Actor
) -> CommissionSession:
    """Add something that the session agreed on."""
    return _edit(session, id, now, actor, _add_agreement, agreement)


def remove_agreement(
    session: Session, id: UUID, agreement: UUID, *, now: datetime, actor: Actor
) -> CommissionSession:
    """Take an agreement out of the draft. Raises `AgreementFollowed`."""

    def remove(session: Session, commission: CommissionSession) -> None:
        rows = delete(Agreement).where(
            Agreement.id == agreement, Agreement.session_id == commission.id
        )
        try:
            session.execute(rows)
        except IntegrityError as error:
            raise AgreementFollowed() from error

    return _edit(session, id, now, actor, remove)


def follow_up(
    session: Session, id: UUID, command: FollowAgreement, *, now: datetime, actor: Actor
) -> CommissionSession:
    """Say how far an agreement of an earlier session is. Raises NotFound for one that isn't carried
    over to this session."""

    def follow(session: Session, commission: CommissionSession) -> None:
        carried = {each.agreement.id for each in list_followed(session, commission)}
        if command.agreement not in carried:
            raise NotFound()
        values = {
            "status": command.status.value,
            "evidence": command.evidence,
            "due_on": command.due_on,
        }
        session.execute(
            upsert(FollowUp)
            .values(session_id=commission.id, agreement_id=command.agreement, **values)
            .on_conflict_do_update(
                index_elements=[FollowUp.session_id, FollowUp.agreement_id], set_=values
            )
        )

    return _edit(session, id, now, actor, follow)


def refresh(
    session: Session, id: UUID, *, now: datetime, actor: Actor, as_of: datetime | None = None
) -> CommissionSession:
    """Count every number anew, as of ``as_of`` or now."""

    def count_again(session: Session, commission: CommissionSession) -> None:
        commission.as_of = as_of
        _recount(session, commission)

    return _edit(session, id, now, actor, count_again)


def _edit(
    session: Session,
    id: UUID,
    now: datetime,
    actor: Actor,
    change: Callable[..., None],
    *what: Any,
) -> CommissionSession:
    """``change`` the draft by ``what``, under its lock. Raises NotFound, WrongState once it is
    prepared."""
    commission = LIFECYCLE.lock(session, id)
    if Action.EDIT not in actions(commission.status, actor.account_id, commission.prepared_by):
        raise WrongState(state=commission.status)
    change(session, commission, *what)
    commission.changed_at = now
    session.flush()
    LIFECYCLE.record(
        session, commission, before=commission.status, now=now, actor=actor,
        action="commission.edit",
    )  # fmt: skip
    return commission


def _came(agencies: Sequence[tuple[str, bool]]) -> list[dict[str, Any]]:
    return [{"agency": agency, "attended": attended} for agency, attended in agencies]


def _replace(
    session: Session,
    commission: CommissionSession,
    model: type[Base],
    rows: Sequence[Mapping[str, Any]],
    **which: Any,
) -> None:
    """Replace a session's rows of a table, or those that ``which`` narrows down."""
    table: Any = model
    session.execute(delete(table).filter_by(session_id=commission.id, **which))
    numbered = [
        {"session_id": commission.id, "position": place, **which, **row}
        for place, row in enumerate(rows, 1)
    ]
    if numbered:
        session.execute(insert(table), numbered)


def _choose(
    session: Session, commission: CommissionSession, group: int, codes: Sequence[str]
) -> None:
    choices = {each.code: each for each in list_choices(session, group, commission.number)}
    if unknown := set(codes) - set(choices):
        raise Invalid("not_expected", field="results", unknown=", ".join(sorted(unknown)))
    rows = []
    for code in (each for each in choices if each in codes):
        counted = count(session, choices[code], _period(commission))
        commission.as_of = commission.as_of or counted.as_of
        rows.append({"code": code, **_columns(counted)})
    _replace(session, commission, Result, rows, working_group=group)


def _columns(counted: Counted) -> dict[str, Any]:
    columns = {name: getattr(counted, name) for name in Counted.__dataclass_fields__}
    return {**columns, "source": counted.source.value}


def _choose_annexes(session: Session, commission: CommissionSession, codes: Sequence[str]) -> None:
    if unknown := set(codes) - set(ANNEXES):
        raise Invalid("not_expected", field="annexes", unknown=", ".join(sorted(unknown)))
    rows = [
        {"code": code, "content": count_annex(session, ANNEXES[code], _period(commission))}
        for code in ANNEXES
        if code in codes
    ]
    _replace(session, commission, Annex, rows)


def _recount(session: Session, commission: CommissionSession) -> None:
    """Ask every source again. What a source no longer has is left out."""
    for group in GROUPS:
        known = {each.code for each in list_choices(session, group, commission.number)}
        codes = [row.code for row in list_results(session, commission.id, group)]
        _choose(session, commission, group, [code for code in codes if code in known])
    _choose_annexes(session, commission, [row.code for row in list_annexes(session, commission.id)])


def _period(commission: CommissionSession) -> Period:
    return Period(commission.number, commission.first, commission.last, commission.as_of)


def _add_agreement(
    session: Session, commission: CommissionSession, agreement: NewAgreement
) -> None:
    append_numbered(
        session,
        Agreement,
        {
            "id": new_id(),
            "session_id": commission.id,
            "agreed": agreement.agreed,
            "responsible": agreement.responsible,
            "due_on": agreement.due_on,
        },
        owner="session_id",
    )
