"""What was given and charged, as the desk's pages show it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from consular.i18n import money, words
from consular.pages.portal.names import service_names
from services.cashier.queries import RenderedService, list_rendered
from services.cashier.rules import DIFFERENCE
from services.collection.queries import list_of_services
from services.kernel.money import format_minor


def presented_services(session: Session, appointment: UUID) -> list[dict[str, Any]]:
    """What was given in an appointment, for its page."""
    return present_rendered(session, list_rendered(session, [appointment]).get(appointment, []))


def present_rendered(session: Session, rendered: Sequence[RenderedService]) -> list[dict[str, Any]]:
    """Services that were given, with the parts of their price."""
    names = service_names(session)
    taken_back = {each.row.reverses_id for each in rendered}
    documents = list_of_services(session, [each.row.id for each in rendered])
    return [
        {
            "id": each.row.id,
            "service": names.get(each.row.service_code, each.row.service_code),
            "act": words("cashier.act", each.row.act) if each.row.act else "",
            "charged": each.charged,
            "lines": [present_line(line, each.row.currency) for line in each.lines],
            "receipt": each.receipt,
            "reverses": each.row.reverses_id is not None,
            "taken_back": each.row.id in taken_back,
            "reason": each.row.reason,
            "document": documents.get(each.row.id),
        }
        for each in rendered
    ]


def present_line(line: Any, currency: str) -> dict[str, str]:
    """A part of a price in words: what it is, by which article and ground, and how much."""
    case = None if line.code == DIFFERENCE else words("cashier.case", line.code)
    known = [case, line.article, line.ground]
    return {
        "label": words("cashier.kind", line.kind),
        "text": " · ".join(part for part in known if part),
        "amount": f"{'+' if line.minor > 0 else ''}{money(format_minor(line.minor), currency)}",
    }
