"""The plan of a folder: which programs, in which order, and how far each is.

Only what the person wants is stored. The rest follows from the programs' rules, the folder's
enrollments and the numbers that the person gave. A field that is called as a program asks for the
number which that program gives: so IMSS comes after the RFC, which it requires, and after the NSS,
which it can use.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from services.citizens.people import curp_key
from services.enrollments.errors import PrerequisiteMissing
from services.enrollments.models import Enrollment
from services.enrollments.programs.order import comes_after, in_order
from services.enrollments.programs.registry import PROGRAMS
from services.enrollments.programs.schema import Field, Program
from services.enrollments.queries import is_paid_by_transfer, open_result
from services.enrollments.rules import OVER, Status
from services.folders.consenting import list_consented
from services.folders.keeping import open_answers
from services.folders.models import Folder
from services.kernel.crypto import Vault


class StepState(StrEnum):
    """How far a step of a plan is."""

    DONE = "done"
    UNDER_WAY = "under_way"
    READY = "ready"
    WAITING = "waiting"


@dataclass(frozen=True)
class PlanStep:
    """``waits_for``: the programs before it that aren't done. ``enrollment`` is the latest, in
    ``status``. ``prepared``: its data and consents are there, so that it can begin by itself.
    ``given``: the person has the number already. ``paid``: a transfer pays what it waits for."""

    program: str
    state: StepState
    waits_for: tuple[str, ...] = ()
    enrollment: UUID | None = None
    status: Status | None = None
    prepared: bool = False
    given: bool = False
    paid: bool = False


@dataclass(frozen=True)
class Known:
    """What a folder holds: the latest enrollment of each program, what was given and told, and the
    programs whose payment a transfer makes."""

    latest: Mapping[str, Enrollment] = field(default_factory=dict)
    results: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    answers: dict[str, dict[str, Any]] = field(default_factory=dict)
    consented: Mapping[str, Collection[str]] = field(default_factory=dict)
    paid: Collection[str] = ()

    def numbers_for(self, program: Program) -> dict[str, str]:
        """The numbers that it asks for and that active enrollments gave. One that meets a required
        program is that program's own."""
        numbers: dict[str, str] = {}
        for each in program.fields:
            sources = [each.meets] if each.meets else [*self.results]
            held = [self.results.get(source, {}).get(each.name) for source in sources]
            if each.name in PROGRAMS and any(held):
                numbers[each.name] = next(filter(None, held))
        return numbers

    def data_for(self, program: Program) -> dict[str, Any]:
        """The answers that the folder holds for a program: those numbers, and what was told
        before, for this program or another that asks the same."""
        answers = {field.name: self._answer_to(program, field) for field in program.fields}
        return {
            **{name: value for name, value in answers.items() if value is not None},
            **self.numbers_for(program),
        }

    def _answer_to(self, program: Program, field: Field) -> Any:
        own = self.answers.get(program.code, {})
        if field.name in own or field.meets not in (None, field.name):
            return own.get(field.name)
        for code, answers in reversed(self.answers.items()):
            other = PROGRAMS.get(code)
            if field.name in answers and other and any(map(field.asks_the_same, other.fields)):
                return answers[field.name]
        return None

    def has_number(self, program: str) -> bool:
        """Whether the person gave the number that the program would give."""
        return any(program in answers for answers in self.answers.values())


def lacks(program: Program, data: Mapping[str, Any]) -> list[str]:
    """The names of what the program must be told and ``data`` doesn't have."""
    return [
        field.name
        for field in program.fields
        if field.required and field.is_asked(data) and field.name not in data
    ]


def steps_of(wanted: Collection[str], known: Known) -> list[PlanStep]:
    """The plan, and what is live besides it."""
    live = {code for code, enrollment in known.latest.items() if enrollment.status not in OVER}
    plan = in_order({*wanted, *live} & set(PROGRAMS))
    done = {code for code in plan if _is_done(code, known)}
    return [_step(PROGRAMS[code], [*plan], done, known) for code in plan]


def list_unblocked(session: Session, enrollment: UUID, vault: Vault) -> list[str]:
    """The programs in the plan of ``enrollment`` that can be asked for now and never were."""
    done = session.get_one(Enrollment, enrollment)
    folder = session.get(Folder, done.folder_id) if done.folder_id else None
    plan = read_plan(session, folder, vault) if folder else []
    return [s.program for s in plan if s.state is StepState.READY and s.status is None]


def refuse_too_early(
    session: Session, program: Program, data: Mapping[str, Any], curp: str, vault: Vault
) -> None:
    """Raise `PrerequisiteMissing` unless the person is enrolled in each program that comes first,
    whoever asked for it, or has given a number from there. It stays so until the transaction ends.
    """
    met = {field.meets for field in program.fields if data.get(field.name)}
    for required in program.requires:
        enrolled = func.is_enrolled(curp_key(curp, vault), required)
        if required not in met and not session.scalar(select(enrolled)):
            plan = in_order([program.code])
            raise PrerequisiteMissing(field="program", requires=required, plan=plan)


def read_plan(session: Session, folder: Folder, vault: Vault) -> list[PlanStep]:
    """The folder's plan as it is now."""
    return steps_of(folder.wanted, read_known(session, folder, vault))


def find_plan(
    session: Session, enrollment: Enrollment, vault: Vault
) -> tuple[Folder, list[PlanStep]] | None:
    """The folder that a request is in, and its plan; None where the folder isn't to be seen, or its
    person is erased. A step whose request the transaction may not see is as if never asked for."""
    folder = session.get(Folder, enrollment.folder_id) if enrollment.folder_id else None
    if folder is None or folder.person_key is None:
        return None
    return folder, read_plan(session, folder, vault)


def read_known(session: Session, folder: Folder, vault: Vault) -> Known:
    """The folder's content, opened."""
    latest = _latest(session, folder)
    return Known(
        latest,
        _results(session, latest, vault),
        open_answers(session, folder, vault=vault),
        list_consented(session, folder.id),
        [code for code, each in latest.items() if is_paid_by_transfer(session, each)],
    )


def known_numbers(
    session: Session, folder: Folder, program: Program, vault: Vault
) -> dict[str, str]:
    """The numbers that the program asks for and that active enrollments of the folder gave."""
    if not any(each.name in PROGRAMS for each in program.fields):
        return {}
    results = _results(session, _latest(session, folder), vault)
    return Known(results=results).numbers_for(program)


def _latest(session: Session, folder: Folder) -> dict[str, Enrollment]:
    """The latest enrollment of each program."""
    return {
        enrollment.program: enrollment
        for enrollment in session.scalars(
            select(Enrollment)
            .where(Enrollment.folder_id == folder.id)
            .order_by(Enrollment.created_at, Enrollment.id)
        )
    }


def _results(
    session: Session, latest: Mapping[str, Enrollment], vault: Vault
) -> dict[str, Mapping[str, str]]:
    """What the active ones gave, by program."""
    active = [each for each in latest.values() if each.status == Status.ACTIVE]
    return {each.program: open_result(session, each, vault) or {} for each in active}


def _is_done(code: str, known: Known) -> bool:
    enrollment = known.latest.get(code)
    if enrollment is not None and enrollment.status not in OVER:
        return enrollment.status == Status.ACTIVE
    return known.has_number(code)


def _step(program: Program, plan: list[str], done: set[str], known: Known) -> PlanStep:
    enrollment = known.latest.get(program.code)
    waits_for = tuple(code for code in plan if code in comes_after(program) and code not in done)
    if program.code in done:
        state = StepState.DONE
    elif enrollment is not None and enrollment.status not in OVER:
        state = StepState.UNDER_WAY
    else:
        state = StepState.WAITING if waits_for else StepState.READY
    return PlanStep(
        program=program.code,
        state=state,
        waits_for=waits_for if state is StepState.WAITING else (),
        enrollment=enrollment.id if enrollment else None,
        status=Status(enrollment.status) if enrollment else None,
        prepared=_is_prepared(program, known),
        given=program.code in done and not (enrollment and enrollment.status == Status.ACTIVE),
        paid=program.code in known.paid,
    )


def _is_prepared(program: Program, known: Known) -> bool:
    consented = set(program.form.consents) <= set(known.consented.get(program.code, ()))
    return consented and not lacks(program, known.data_for(program))
