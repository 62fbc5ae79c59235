"""Who comes to an appointment, as the booking's form says: the second person's fields end in _2."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask_babel import gettext as _

from consular.input.appointments import MOST_PEOPLE, AttendeeSchema
from consular.pages.forms import DATE_PARTS, Errors, check, date_of, pick
from consular.pages.portal.form_prefill import as_form
from services.appointments.people import Attendee
from services.appointments.rules import is_minor
from services.citizens.people import PersonData

NAMES = ("given_names", "first_surname", "second_surname")
TEXTS = (*NAMES, "curp", *(f"birth_date-{part}" for part in DATE_PARTS))
# Buttons of the form; the second one's value is the number of the person. FILL's and JOIN's is who
# was saved: as the first, or one more.
ADD, REMOVE, FILL, JOIN = "add_person", "remove_person", "fill_person", "join_person"


def party_of(form: dict[str, str]) -> int:
    """How many people the form is about."""
    written = form.get("party", "")
    return min(max(int(written), 1), MOST_PEOPLE) if written.isdecimal() else 1


def with_another(form: dict[str, str]) -> dict[str, str]:
    """The form with fields for one person more."""
    return {**form, "party": str(min(party_of(form) + 1, MOST_PEOPLE))}


def filled(form: dict[str, str], n: int, person: PersonData) -> dict[str, str]:
    """The form with what was saved of somebody as person number ``n``."""
    saved = as_form(person)
    return {**form, **{_name(name, n): saved.get(name, "") for name in TEXTS}}


def is_in(form: dict[str, str], person: PersonData) -> bool:
    """Whether the form is about that person already."""
    saved = as_form(person)
    return any(
        all(form.get(_name(name, n), "") == saved.get(name, "") for name in NAMES)
        for n in range(1, party_of(form) + 1)
    )


def without(form: dict[str, str], person: str) -> dict[str, str]:
    """The form without that person; whoever came after has the number before."""
    party = party_of(form)
    if not person.isdecimal() or not 1 < int(person) <= party:
        return form
    kept = {name: value for name, value in form.items() if not _of(name, party)}
    for n in range(int(person), party):
        kept |= {_name(t, n): form.get(_name(t, n + 1), "") for t in TEXTS}
    return {**kept, "party": str(party - 1)}


def read_people(form: dict[str, str], errors: Errors) -> tuple[Attendee, ...]:
    """Everybody who comes; what is wrong goes to ``errors``, by the form's own names."""
    people = []
    for n in range(1, party_of(form) + 1):
        wrong: Errors = {}
        people.append(_read_one(form, n, wrong))
        errors |= {_name(name, n): words for name, words in wrong.items()}
    return tuple(people)


def _read_one(form: dict[str, str], n: int, errors: Errors) -> Any:
    own = {name: form.get(_name(name, n), "") for name in TEXTS}
    values: dict[str, Any] = pick(own, *NAMES, "curp")
    born = date_of(own, "birth_date")
    return check(AttendeeSchema(), {**values, **({"birth_date": born} if born else {})}, errors)


def labels(party: int) -> dict[str, str]:
    """What the fields of further people are called in the list of errors."""
    words = {
        "given_names": _("Nombre o nombres"),
        "first_surname": _("Primer apellido"),
        "second_surname": _("Segundo apellido"),
        "birth_date": _("Fecha de nacimiento"),
        "curp": _("CURP"),
    }
    return {
        _name(name, n): str(_("Persona %(n)s, %(field)s", n=n, field=word))
        for n in range(2, party + 1)
        for name, word in words.items()
    }


def minors_of(people: tuple[Attendee, ...], day: date) -> list[Attendee]:
    """Those with whom both parents have to come, or permit it."""
    return [person for person in people if is_minor(person.birth_date, day)]


def _name(name: str, n: int) -> str:
    if n == 1:
        return name
    field, dash, part = name.partition("-")
    return f"{field}_{n}{dash}{part}"


def _of(name: str, n: int) -> bool:
    return n > 1 and name in {_name(text, n) for text in TEXTS}
