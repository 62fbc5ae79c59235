"""All that a report says, as data: what is printed, hashed and compared with the version before."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from hashlib import sha256
from typing import Any

from sqlalchemy.orm import Session

from services.commission.models import Agreement, CommissionSession, Result
from services.commission.queries import (
    Followed,
    find_report,
    list_agenda,
    list_agreements,
    list_annexes,
    list_attendance,
    list_followed,
    list_results,
)
from services.kernel.signatures import canonical
from services.monitoring.rules import GROUPS
from services.staff.accounts import find_name

Content = Mapping[str, Any]


def assemble(session: Session, commission: CommissionSession) -> Content:
    """The report as it stands, with what it changes of the version that was signed before."""
    before = find_report(session, commission.id) if commission.amends else None
    earlier = json.loads(before.content) if before else None
    content: dict[str, Any] = {
        "number": commission.number,
        "version": commission.version,
        "example": commission.example,
        "held_on": _day(commission.held_on),
        "place": commission.place,
        "first": _day(commission.first),
        "last": _day(commission.last),
        "as_of": commission.as_of.isoformat() if commission.as_of else None,
        "attendance": [
            {"agency": row.agency, "attended": row.attended}
            for row in list_attendance(session, commission.id)
        ],
        "agenda": [row.item for row in list_agenda(session, commission.id)],
        "followed": [_followed(each) for each in list_followed(session, commission)],
        "groups": _groups(list_results(session, commission.id)),
        "agreements": [_agreement(row) for row in list_agreements(session, commission.id)],
        "annexes": [row.content for row in list_annexes(session, commission.id)],
        "prepared": _by(session, commission),
        "signed": None,
        "amends": {"version": before.version, "reason": commission.amends} if before else None,
    }
    # What the version before said stands in the list of changes.
    texts = [*typed_texts(content), *(typed_texts(earlier) if earlier else ())]
    known = commission.english
    content["english"] = {text: known[text] for text in texts if text in known}
    if earlier:
        content["amends"]["changes"] = list(changes(earlier, content))
    return content


def typed_texts(content: Content) -> Sequence[str]:
    """What somebody typed into the report, in Spanish: each text once, in the report's order."""
    agreed = [*content["followed"], *content["agreements"]]
    texts = [
        content["place"],
        content["amends"] and content["amends"]["reason"],
        *(row["agency"] for row in content["attendance"]),
        *content["agenda"],
        *(row.get(name) for row in agreed for name in ("agreed", "responsible", "evidence")),
    ]
    return list(dict.fromkeys(text for text in texts if text))


def without_english(content: Content) -> Sequence[str]:
    """The typed texts that have no English, so that an English report says them in Spanish."""
    return [text for text in typed_texts(content) if text not in content["english"]]


def content_text(content: Content) -> str:
    """The one JSON text of a content, of which its hash is."""
    return canonical(content)


def content_hash(content: Content) -> str:
    """SHA-256 of that text, in hexadecimal."""
    return sha256(content_text(content).encode()).hexdigest()


def changes(before: Content, after: Content) -> Iterator[Content]:
    """What differs between two versions: ``part``, ``name`` (in both languages, where it has one),
    ``before`` and ``after``: a value, or a row as the content has it; None where there is none."""
    for part in ("held_on", "place", "first", "last"):
        if before[part] != after[part]:
            yield _change(part, None, before[part], after[part])
    for part in ("attendance", "agenda", "followed", "agreements"):
        yield from _changed_lines(part, before[part], after[part])
    yield from _changed_english(before, after)
    yield from _changed_numbers(before, after)


def numbers(content: Content) -> Mapping[tuple[int, str], Content]:
    """The numbers of a report by group and code."""
    return {
        (each["group"], result["code"]): result
        for each in content["groups"]
        for result in each["results"]
    }


def _changed_english(before: Content, after: Content) -> Iterator[Content]:
    """Of texts that both versions have; the first ones had no English."""
    old, new = before.get("english", {}), after["english"]
    for text in typed_texts(after):
        if text in typed_texts(before) and old.get(text) != new.get(text):
            yield _change("english", {"es": text, "en": text}, old.get(text), new.get(text))


def _changed_numbers(before: Content, after: Content) -> Iterator[Content]:
    old, new = numbers(before), numbers(after)
    for key in dict.fromkeys([*old, *new]):
        was, is_now = old.get(key), new.get(key)
        values = (was and was["value"], is_now and is_now["value"])
        if values[0] != values[1]:
            name = (is_now or was or {})["texts"]["name"]
            yield _change("results", name, *values)


def _changed_lines(part: str, old: Sequence[Any], new: Sequence[Any]) -> Iterator[Content]:
    for line in old:
        if line not in new:
            yield _change(part, None, line, None)
    for line in new:
        if line not in old:
            yield _change(part, None, None, line)


def _change(part: str, name: Any, before: Any, after: Any) -> Content:
    return {"part": part, "name": name, "before": before, "after": after}


def _groups(results: Sequence[Result]) -> list[Content]:
    return [
        {"group": group, "results": [_result(r) for r in results if r.working_group == group]}
        for group in GROUPS
    ]


def _result(row: Result) -> Content:
    return {
        "code": row.code,
        "source": row.source,
        "query": row.query,
        "value": plain(row.value),
        "before": None if row.before is None else plain(row.before),
        "unit": row.unit,
        "cut_off": _day(row.cut_off),
        "as_of": row.as_of.isoformat() if row.as_of else None,
        "revision": row.revision,
        "texts": row.texts,
    }


def plain(value: Decimal) -> str:
    """A number without zeros at its end, never with an exponent."""
    return f"{value.normalize():f}"


def _followed(each: Followed) -> Content:
    row = each.agreement
    return {
        "session": each.session_number,
        "position": row.position,
        "agreed": row.agreed,
        "responsible": row.responsible,
        "due_on": _day(each.due_on),
        "status": each.now.status if each.now else each.before.value,
        "evidence": each.now.evidence if each.now else None,
        "moved_to": _day(each.now.due_on) if each.now else None,
    }


def _agreement(row: Agreement) -> Content:
    return {
        "position": row.position,
        "agreed": row.agreed,
        "responsible": row.responsible,
        "due_on": _day(row.due_on),
    }


def _by(session: Session, commission: CommissionSession) -> Content | None:
    if commission.prepared_by is None or commission.prepared_at is None:
        return None
    return by(session, commission.prepared_by, commission.prepared_at)


def by(session: Session, account: Any, at: datetime) -> Content:
    """Who did something, as staff are called, and when."""
    return {"name": find_name(session, account) or str(account), "at": at.isoformat()}


def _day(day: date | None) -> str | None:
    return day.isoformat() if day else None
