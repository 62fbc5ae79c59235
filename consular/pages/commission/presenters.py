"""What the pages of session reports show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from flask import url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy.orm import Session

from consular.i18n import date_plain, date_short, words
from consular.pages.commission.steps import BOX, english_field
from consular.printing.report import cut_off_text, group_name, session_name
from consular.printing.report_words import change_text, in_words, note_text, value_text
from services.commission.assembling import assemble, typed_texts, without_english
from services.commission.queries import (
    list_agreements,
    list_annexes,
    list_followed,
    list_missing,
    list_open_agreements,
    list_reports,
)
from services.commission.rules import FollowUpStatus, Status

Rows = Sequence[Mapping[str, Any]]


def in_list(commission: Any) -> dict[str, Any]:
    """A session as lists and headings name it."""
    return {
        "id": commission.id,
        "name": session_name({"number": commission.number}),
        "number": commission.number,
        "day": commission.held_on,
        "status": commission.status,
        "status_words": words("commission.status", commission.status),
        "version": commission.version,
        "example": commission.example,
        "draft": commission.status == Status.DRAFT,
    }


def whole(session: Session, commission: Any, *, may_edit: bool) -> dict[str, Any]:
    """A session's page: what its report says, what it lacks, and the versions that were signed."""
    content = assemble(session, commission)
    return {
        "session": {**in_list(commission), "amends": commission.amends},
        "missing": [words("commission.part", part) for part in list_missing(session, commission)],
        "as_of": commission.as_of,
        "prepared": content["prepared"] and content["prepared"]["name"],
        "answers": _answers(session, commission, content, may_edit),
        "groups": [_group(commission, group) for group in content["groups"] if group["results"]],
        "versions": [
            {"version": row.version, "at": row.signed_at}
            for row in list_reports(session, commission.id)
        ],
    }


def followed(session: Session, commission: Any) -> list[dict[str, Any]]:
    """Agreements of earlier sessions that are open, with what this session says of each."""
    return [_followed(each, commission.held_on) for each in list_followed(session, commission)]


def open_agreements(session: Session, today: date) -> list[dict[str, Any]]:
    """Agreements of all sessions that are open, with how each was when it was seen last."""
    return [_followed(each, today) for each in list_open_agreements(session)]


def _followed(each: Any, on: date | None) -> dict[str, Any]:
    return {
        "id": each.agreement.id,
        "number": f"{each.session_number}/{each.agreement.position}",
        "agreed": each.agreement.agreed,
        "responsible": each.agreement.responsible,
        "due": each.due_on,
        "status_words": words("commission.follow_up", each.now.status) if each.now else "",
        "before_words": words("commission.follow_up", each.before),
        "overdue": on is not None and each.due_on < on,
        "form": _follow_up_form(each.now),
    }


def agreements(session: Session, commission: Any) -> list[dict[str, Any]]:
    """What the session agreed on."""
    return [
        {
            "id": row.id,
            "number": f"{commission.number}/{row.position}",
            "agreed": row.agreed,
            "responsible": row.responsible,
            "due": row.due_on,
        }
        for row in list_agreements(session, commission.id)
    ]


def typed(session: Session, commission: Any) -> dict[str, Any]:
    """What was typed into the report, each with the field of its English; how many have none."""
    content = assemble(session, commission)
    lines = [{"name": english_field(text), "text": text} for text in typed_texts(content)]
    return {"lines": lines, "lacking": _lacking(content)}


def boxes(choices: Sequence[tuple[str, Mapping[str, str]]]) -> list[dict[str, str]]:
    """Boxes to tick, by the name of their field."""
    return [{"name": f"{BOX}{code}", "label": in_words(name)} for code, name in choices]


def _follow_up_form(now: Any) -> dict[str, str]:
    if now is None:
        return {"status": FollowUpStatus.PENDING.value}
    due = {"due": now.due_on.isoformat()} if now.due_on else {}
    return {"status": now.status, "evidence": now.evidence, **due}


def _answers(
    session: Session, commission: Any, content: Mapping[str, Any], may_edit: bool
) -> list[dict[str, Any]]:
    """What was answered, each with the page that changes it, for whoever may."""
    nothing = _("Falta")
    by_group = {each["group"]: each["results"] for each in content["groups"]}
    came = [each["agency"] for each in content["attendance"] if each["attended"]]
    open_ones = list_followed(session, commission)
    rows = [
        ("date", _("Fecha de la sesión"), _day(commission.held_on)),
        ("place", _("Lugar de la sesión"), commission.place),
        ("period", _("Periodo del informe"), _period(commission)),
        ("attendance", _("Asistieron"), ", ".join(came)),
        ("agenda", _("Orden del día"), " · ".join(content["agenda"])),
        ("follow-up", _("Acuerdos en seguimiento"), _reviewed(open_ones)),
        *(
            (f"group-{group}", _("Grupo %(group)s", group=group), _count(results))
            for group, results in by_group.items()
        ),
        ("agreements", _("Acuerdos de esta sesión"), str(len(content["agreements"]))),
        ("annexes", _("Anexos"), _annexes(session, commission)),
        ("english", _("Lo escrito, en inglés"), _english(content)),
    ]
    return [
        {
            "label": label,
            "value": value or nothing,
            "change": _change(commission, code) if may_edit else None,
        }
        for code, label, value in rows
    ]


def _change(commission: Any, code: str) -> str:
    return url_for("commission.step", id=commission.id, code=code, check="1")


def _day(day: Any) -> str:
    return date_plain(day) if day else ""


def _period(commission: Any) -> str:
    if not (commission.first and commission.last):
        return ""
    first, last = date_short(commission.first), date_short(commission.last)
    return str(_("Del %(first)s al %(last)s", first=first, last=last))


def _reviewed(carried: Sequence[Any]) -> str:
    if not carried:
        return str(_("Ninguno abierto"))
    done = sum(each.now is not None for each in carried)
    return str(_("%(done)s de %(all)s revisados", done=done, all=len(carried)))


def _count(results: Rows) -> str:
    words = ngettext("%(num)s cifra", "%(num)s cifras", len(results))
    return str(words if results else _("Sin cifras"))


def _english(content: Mapping[str, Any]) -> str:
    done = _("Todo tiene inglés") if typed_texts(content) else _("Nada escrito todavía")
    return _lacking(content) or str(done)


def _lacking(content: Mapping[str, Any]) -> str:
    count = len(without_english(content))
    words = ngettext(
        "%(num)s texto no tiene inglés todavía", "%(num)s textos no tienen inglés todavía", count
    )
    return str(words) if count else ""


def _annexes(session: Session, commission: Any) -> str:
    names = (in_words(row.content["name"]) for row in list_annexes(session, commission.id))
    return " · ".join(names) or str(_("Ninguno"))


def _group(commission: Any, group: Mapping[str, Any]) -> dict[str, Any]:
    """A group's numbers, each with the address that says where it is from."""
    return {
        "name": group_name(group["group"]),
        "rows": [
            {
                "number": f"{group['group']}.{place}",
                "name": in_words(each["texts"]["name"]),
                "note": note_text(each),
                "value": value_text(each["value"], each["unit"]),
                "before": value_text(each["before"]),
                "change": change_text(each["value"], each["before"]),
                "cut_off": cut_off_text(each),
                "source": in_words(each["texts"]["source"]),
                "address": url_for(
                    "commission.number", id=commission.id, group=group["group"], place=place
                ),
            }
            for place, each in enumerate(group["results"], 1)
        ],
    }
