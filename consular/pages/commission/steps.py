"""The pages on which a session report is written, one decision each: what a form says, and what
becomes of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from typing import Any

from flask_babel import lazy_gettext as _
from marshmallow import Schema
from sqlalchemy.orm import Session

from consular.auth import actor, now
from consular.errors import FieldsInvalid
from consular.input.commission import (
    MOST_LINES,
    MOST_TYPED,
    AgendaForm,
    AttendanceForm,
    DateForm,
    PeriodForm,
    PlaceForm,
)
from consular.input.fields import Text
from consular.pages.forms import Errors, pick, read_fields
from services.commission.assembling import assemble, typed_texts
from services.commission.choices import ANNEXES, list_choices
from services.commission.editing import (
    change_details,
    choose_annexes,
    choose_results,
    set_agenda,
    set_attendance,
    set_english,
)
from services.commission.queries import (
    get_session,
    list_agenda,
    list_annexes,
    list_attendance,
    list_results,
)
from services.commission.rules import OWN_GROUP
from services.monitoring.rules import GROUPS

Form = Mapping[str, str]
# Before the code in the name of a box, and before what stands for a text in the name of the field
# of its English.
BOX = "c-"
ENGLISH = "en-"


@dataclass(frozen=True)
class Step:
    """A page of the way. ``read`` makes of the form what ``save`` takes, or collects what is wrong
    with it; ``fill`` is the form as it was kept. Pages without a form have none of the three."""

    code: str
    title: Any
    hint: Any = ""
    read: Callable[[Form, Errors | None], Any] | None = None
    save: Callable[[Session, Any, Any], object] | None = None
    fill: Callable[[Session, Any], dict[str, str]] | None = None
    group: int | None = None


def boxes(session: Session, step: Step, number: int) -> Sequence[tuple[str, Mapping[str, str]]]:
    """(code, name) of what may be chosen on a page of boxes of the session with that number."""
    if step.group is not None:
        return [(each.code, each.name) for each in list_choices(session, step.group, number)]
    return [(each.code, each.name) for each in ANNEXES.values()]


def chosen(form: Form) -> list[str]:
    """The codes of the boxes that are ticked."""
    return [name.removeprefix(BOX) for name, value in form.items() if value and is_box(name)]


def is_box(name: str) -> bool:
    """Whether a field is a box of such a page."""
    return name.startswith(BOX)


def lines(text: str) -> list[str]:
    """The lines of a text, without the empty ones."""
    return [line.strip() for line in text.splitlines() if line.strip()]


def _read(schema: type[Schema], names: Sequence[str], form: Form, errors: Errors | None) -> Any:
    return read_fields(schema(), pick(dict(form), *names), errors)


def _details(session: Session, id: Any, values: Mapping[str, Any]) -> object:
    return change_details(session, id, values, now=now(), actor=actor())


def _kept(names: Mapping[str, str], _session: Session, row: Any) -> dict[str, str]:
    """Fields as their columns have them."""
    values = {field: getattr(row, column) for field, column in names.items()}
    return {field: str(value) for field, value in values.items() if value}


def _lines_of(names: Sequence[str], form: Form, errors: Errors | None) -> Any:
    """Texts of one item a line. Raises FieldsInvalid, or adds to ``errors``."""
    schema = AttendanceForm if "came" in names else AgendaForm
    return read_fields(schema(), {name: lines(form.get(name, "")) for name in names}, errors)


def _save_attendance(session: Session, id: Any, values: Mapping[str, Any]) -> object:
    agencies = [(agency, True) for agency in values["came"]]
    agencies += [(agency, False) for agency in values["absent"]]
    return set_attendance(session, id, agencies, now=now(), actor=actor())


def _fill_attendance(session: Session, row: Any) -> dict[str, str]:
    rows = list_attendance(session, row.id)
    return {
        "came": "\n".join(each.agency for each in rows if each.attended),
        "absent": "\n".join(each.agency for each in rows if not each.attended),
    }


def _save_agenda(session: Session, id: Any, values: Mapping[str, Any]) -> object:
    return set_agenda(session, id, values["items"], now=now(), actor=actor())


def _fill_agenda(session: Session, row: Any) -> dict[str, str]:
    return {"items": "\n".join(each.item for each in list_agenda(session, row.id))}


def _read_boxes(form: Form, _errors: Errors | None) -> list[str]:
    codes = chosen(form)
    if len(codes) > MOST_LINES:
        raise FieldsInvalid({"form": [str(_("Elige menos."))]})
    return codes


def _save_group(group: int, session: Session, id: Any, codes: Sequence[str]) -> object:
    return choose_results(session, id, group, codes, now=now(), actor=actor())


def _fill_group(group: int, session: Session, row: Any) -> dict[str, str]:
    return {f"{BOX}{each.code}": "1" for each in list_results(session, row.id, group)}


def _save_annexes(session: Session, id: Any, codes: Sequence[str]) -> object:
    return choose_annexes(session, id, codes, now=now(), actor=actor())


def _fill_annexes(session: Session, row: Any) -> dict[str, str]:
    return {f"{BOX}{each.code}": "1" for each in list_annexes(session, row.id)}


def english_field(text: str) -> str:
    """The name of the field of a text's English: it stays the same wherever the text stands."""
    return f"{ENGLISH}{sha256(text.encode()).hexdigest()[:16]}"


def _read_english(form: Form, errors: Errors | None) -> Any:
    """English by the name of its field, empty where there is none."""
    names = [name for name in form if name.startswith(ENGLISH)]
    schema = Schema.from_dict({name: Text(most=MOST_TYPED, load_default="") for name in names})
    return read_fields(schema(), pick(form, *names), errors)


def _save_english(session: Session, id: Any, values: Mapping[str, str]) -> object:
    texts = typed_texts(assemble(session, get_session(session, id)))
    fields = {text: english_field(text) for text in texts}
    english = {text: values[name] for text, name in fields.items() if name in values}
    return set_english(session, id, english, now=now(), actor=actor())


def _fill_english(session: Session, row: Any) -> dict[str, str]:
    english = assemble(session, row)["english"]
    return {english_field(text): said for text, said in english.items()}


def _group_step(group: int) -> Step:
    own = group == OWN_GROUP
    return Step(
        f"group-{group}",
        _("¿Qué informa el Grupo %(group)s?", group=group),
        _("Los números se cuentan al guardar; nadie los escribe.")
        if own
        else _("Son las cifras que el grupo entregó, con su fuente."),
        _read_boxes,
        partial(_save_group, group),
        partial(_fill_group, group),
        group,
    )


WIZARD: Mapping[str, Step] = {
    step.code: step
    for step in (
        Step(
            "date",
            _("¿Qué día fue la sesión?"),
            "",
            partial(_read, DateForm, ("held_on",)),
            _details,
            partial(_kept, {"held_on": "held_on"}),
        ),
        Step(
            "place",
            _("¿Dónde fue?"),
            "",
            partial(_read, PlaceForm, ("place",)),
            _details,
            partial(_kept, {"place": "place"}),
        ),
        Step(
            "period",
            _("¿De qué días informa?"),
            _("Con esos días se cuentan las cifras, y se comparan con los anteriores."),
            partial(_read, PeriodForm, ("from", "to")),
            _details,
            partial(_kept, {"from": "first", "to": "last"}),
        ),
        Step(
            "attendance",
            _("¿Qué dependencias asistieron?"),
            _("Solo dependencias, nunca nombres de personas. Una en cada línea."),
            partial(_lines_of, ("came", "absent")),
            _save_attendance,
            _fill_attendance,
        ),
        Step(
            "agenda",
            _("¿Cuál fue el orden del día?"),
            _("Un punto en cada línea, sin número."),
            partial(_lines_of, ("items",)),
            _save_agenda,
            _fill_agenda,
        ),
        Step("follow-up", _("¿Cómo van los acuerdos anteriores?")),
        *map(_group_step, GROUPS),
        Step("agreements", _("¿Qué acordó esta sesión?")),
        Step(
            "annexes",
            _("¿Qué tablas van al final?"),
            "",
            _read_boxes,
            _save_annexes,
            _fill_annexes,
        ),
        Step(
            "english",
            _("¿Cómo se dice en inglés?"),
            _(
                "Es lo que se escribió en este informe, para su PDF en inglés. Lo que dejes vacío"
                " saldrá ahí en español."
            ),
            _read_english,
            _save_english,
            _fill_english,
        ),
    )
}


def next_step(code: str) -> str | None:
    """The page that follows; None after the last."""
    codes = list(WIZARD)
    place = codes.index(code) + 1
    return codes[place] if place < len(codes) else None
