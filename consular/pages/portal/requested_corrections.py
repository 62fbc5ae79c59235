"""What an agency wants corrected, and the answer to it, for the portal's form and the desk's."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from consular.errors import FieldsInvalid
from consular.i18n import translated, words
from consular.input.enrollments import AnswerSchema
from consular.input.programs import load_answers
from consular.pages.forms import Errors, check, date_of, pick
from consular.pages.portal.program_form import by_page_name, data_of
from services.enrollments.answering import Answer
from services.enrollments.documents import list_missing, requested_documents
from services.enrollments.programs.registry import PROGRAMS
from services.enrollments.programs.schema import Field, Program
from services.enrollments.rules import applicant_fields
from services.enrollments.words import DOCUMENTS


@dataclass(frozen=True)
class RequestedCorrections:
    """What the agency wants corrected: of the applicant, of the program's fields, or a document.

    ``missing`` are those of the documents that weren't uploaded since.
    """

    applicant: tuple[str, ...]
    fields: tuple[Field, ...]
    documents: Sequence[str]
    missing: Collection[str]


def requested_corrections(
    session: Session, enrollment: Any, requested: Sequence[str]
) -> RequestedCorrections:
    """What the agency named, sorted by where it is asked for."""
    program = PROGRAMS[enrollment.program]
    return RequestedCorrections(
        applicant_fields(requested),
        tuple(field for field in program.fields if field.name in requested),
        [_document(program, name) for name in requested_documents(enrollment, requested)],
        [_document(program, name) for name in list_missing(session, enrollment, requested)],
    )


def _document(program: Program, code: str) -> str:
    """A document by its name in the program, or else by what it is called anywhere."""
    documents = program.form.documents if program.form else ()
    named = (translated(each.label) for each in documents if each.code == code)
    known = words("enrollments.document", code) if code in DOCUMENTS else _("Otro documento")
    return next(named, known)


def read_answer(
    program: Program, corrections: RequestedCorrections, form: dict[str, str], errors: Errors
) -> Answer | None:
    """The answer that the form gives, or None with what is wrong with it."""
    born = date_of(form, "birth_date") if "birth_date" in corrections.applicant else None
    texts = [name for name in corrections.applicant if name != "birth_date"]
    applicant = {**pick(form, *texts), **({"birth_date": born} if born else {})}
    data, wrong = data_of(corrections.fields, form), Errors()
    sent = check(AnswerSchema(), {"data": data, "applicant": applicant}, wrong)
    try:
        data = load_answers(program, data)
    except FieldsInvalid as invalid:
        wrong |= invalid.errors
    errors |= by_page_name(wrong)
    return Answer(data, sent["applicant"]) if sent and not errors else None
