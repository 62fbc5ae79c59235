"""What a party needs besides a time: said once in the search for offices, carried from page to page
in the addresses and the draft."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from flask import g
from flask_babel import lazy_gettext as _
from marshmallow import Schema
from sqlalchemy.orm import Session

from consular.i18n import words
from consular.input.fields import Choice, Identifier
from consular.pages.forms import Errors, check, pick
from consular.pages.portal.names import at_mobile
from services.appointments.mobile import get_mobile, mobile_at
from services.appointments.reserves import Share, may_use
from services.kernel.audit import Role

# What the form calls them: a language or an interpreter, a window for everybody, places that are
# kept, a mobile consulate.
NEEDS = ("attended_in", "accessible", "share", "mobile")
ATTENDED_IN = {
    "language:en": _("Inglés"),
    "interpreter:maya": _("Maya, con intérprete"),
    "interpreter:mixteco": _("Mixteco, con intérprete"),
    "interpreter:nahuatl": _("Náhuatl, con intérprete"),
    "interpreter:zapoteco": _("Zapoteco, con intérprete"),
    "interpreter:lsm": _("Lengua de señas mexicana, con intérprete"),
}
_ACCESSIBLE = "accessible"
SKILLS = {**ATTENDED_IN, _ACCESSIBLE: _("Ventanilla accesible")}


_NeedsForm = Schema.from_dict(
    {
        "attended_in": Choice(tuple(ATTENDED_IN), load_default=None),
        "accessible": Choice((_ACCESSIBLE,), load_default=None),
        "share": Choice(tuple(Share), load_default=None),
        "mobile": Identifier(load_default=None),
    }
)


@dataclass(frozen=True)
class Needs:
    """``fields`` of the form that say so, for the addresses of other pages."""

    fields: dict[str, str]

    @property
    def skills(self) -> frozenset[str]:
        """What the windows must have."""
        return frozenset(
            self.fields[name] for name in ("attended_in", "accessible") if name in self.fields
        )

    @property
    def share(self) -> str:
        """Whose kept places may be used."""
        return self.fields.get("share", "")

    @property
    def place(self) -> str:
        """The mobile consulate that was chosen, if one was."""
        return self.fields.get("mobile", "")

    @property
    def words(self) -> list[Any]:
        """For people to check."""
        said = {
            "attended_in": SKILLS.get(self.fields.get("attended_in", "")),
            "accessible": SKILLS[_ACCESSIBLE],
            "share": self.share and _share_in_words(self.share),
        }
        return [said[name] for name in said if name in self.fields]


def _share_in_words(share: str) -> Any:
    if share == Share.ELDERLY_OR_DISABLED:
        return _("Va una persona adulta mayor o con discapacidad")
    return words("appointments.share", share)


def shares_of_reader() -> list[Share]:
    """In whose kept places the reader may book."""
    role = g.actor.role if g.actor else Role.CITIZEN
    return [share for share in Share if may_use(share, role)]


def read_needs(form: dict[str, str]) -> Needs:
    """What the form says; what it can't say, and a share that isn't the reader's to use, is
    nothing."""
    errors: Errors = {}
    read = check(_NeedsForm(), pick(form, *NEEDS), errors) or {}
    if read.get("share") not in shares_of_reader():
        read.pop("share", None)
    return Needs({name: str(value) for name, value in read.items() if value})


def at_place(
    session: Session,
    consulate: dict[str, Any],
    place: str,
    service: str = "",
    start: datetime | None = None,
) -> dict[str, Any]:
    """An office as pages show it, at the place of the mobile consulate that was chosen, or to which
    a booking of that start leads. Raises NotFound."""
    code, mobile = consulate["code"], None
    if place:
        mobile = get_mobile(session, code, UUID(place))
    elif start:
        mobile = mobile_at(session, code, service, start)
    shown = at_mobile(consulate, mobile)
    return {**shown, "name": f"{shown['name']}, {shown['address']}"} if mobile else shown


def fields_of(skills: Iterable[str], share: str) -> dict[str, str]:
    """Fields of the form that say so."""
    fields = {_ACCESSIBLE if each == _ACCESSIBLE else "attended_in": each for each in skills}
    return {**fields, "share": share} if share else fields


def without_needs(form: dict[str, str]) -> dict[str, str]:
    """The form as it is before a new search, whose empty boxes say nothing."""
    return {name: value for name, value in form.items() if name not in NEEDS}
