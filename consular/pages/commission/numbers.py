"""Where a number of a report comes from: its query, asked again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from flask import render_template, request, url_for
from sqlalchemy.orm import Session

from consular.auth import allow
from consular.db import transaction
from consular.input.commission import ReportQuery
from consular.input.loading import load_fields
from consular.pages.commission import presenters
from consular.pages.commission.blueprint import READERS, SESSIONS, pages
from consular.printing.report import cut_off_text, query_text
from consular.printing.report_words import in_words, value_text
from services.commission.assembling import assemble, plain
from services.commission.counting import ask_again
from services.commission.queries import get_report, get_session
from services.commission.rules import Source
from services.kernel.errors import NotFound


@pages.get(f"{SESSIONS}/<uuid:id>/numbers/<int:group>/<int:place>")
@allow(READERS)
def number(id: UUID, group: int, place: int) -> str:
    """Show a number with its query, its moment and its revision, and the same query asked again: as
    of that moment, and now."""
    version = load_fields(ReportQuery(), request.args.to_dict())["version"]
    with transaction() as session:
        commission = get_session(session, id)
        if version:
            content = json.loads(get_report(session, id, version).content)
        else:
            content = assemble(session, commission)
        result = _find(content, group, place)
        return render_template(
            "commission/number.html",
            session=presenters.in_list(commission),
            version=version,
            number=f"{group}.{place}",
            name=in_words(result["texts"]["name"]),
            value=value_text(result["value"], result["unit"]),
            before=value_text(result["before"]) if result["before"] is not None else "",
            note=in_words(result["texts"]["note"]),
            source=in_words(result["texts"]["source"]),
            cut_off=cut_off_text(result),
            query=query_text(result),
            as_of=result["as_of"] or "",
            revision=result["revision"],
            **_asked_again(session, result),
        )


def _find(content: Mapping[str, Any], group: int, place: int) -> Mapping[str, Any]:
    results = {each["group"]: each["results"] for each in content["groups"]}.get(group, [])
    if not 1 <= place <= len(results):
        raise NotFound()
    result: Mapping[str, Any] = results[place - 1]
    return result


def _asked_again(session: Session, result: Mapping[str, Any]) -> dict[str, Any]:
    """The answers to the query as of then, where it is counted here, and now; and the address that
    repeats it."""
    source, query, unit = result["source"], result["query"], result["unit"]
    today = _plain(ask_again(session, source, query, None))
    shown = {"today": value_text(today, unit), "changed": today != result["value"]}
    if source != Source.INDICATOR:
        return {**shown, "then": None, "same": None, "address": _address(query), "since": ""}
    then = _plain(ask_again(session, source, query, datetime.fromisoformat(result["as_of"])))
    days = {"from": query.get("first"), "to": query.get("last")}
    of = {"indicator": query["indicator"], "since": result["as_of"], **days}
    return {
        **shown,
        "then": value_text(then, unit),
        "same": then == result["value"],
        "address": _figure_address(query, as_of=result["as_of"], **days),
        "since": url_for("changes.changes", **of),
    }


def _figure_address(query: Mapping[str, Any], **asked: Any) -> str:
    """The page of what is counted here, with the same question."""
    of = {name: query[name] for name in ("election", "status") if name in query}
    return url_for("indicator_pages.indicator", code=query["indicator"], **of, **asked)


def _plain(value: Decimal | None) -> str | None:
    return None if value is None else plain(value)


def _address(query: Mapping[str, Any]) -> str:
    if "election" in query:
        return url_for("elections.history")
    when = {name: query[name] for name in ("session", "period") if name in query}
    return url_for("group_figures_pages.entries", **when)
