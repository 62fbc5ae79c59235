"""What a message to the recipient of a transfer says: in Spanish, wherever the sender lives."""

from __future__ import annotations

from textwrap import shorten
from uuid import UUID

from sqlalchemy.orm import Session

from services.kernel.ids import spaced
from services.remittances.telling import find_news
from workers.message_context import Means, MessageContext, local_day

LANGUAGE = "es"
# Characters: a text message has three parts at the most.
BRANCH_IN_MESSAGE = 90
NAME_IN_MESSAGE = 50


def recipient_news(session: Session, remittance: UUID, means: Means) -> MessageContext | None:
    """What there is to collect, or no longer; None where there is nothing to tell."""
    told = find_news(session, remittance, means.vault)
    if told is None:
        return None
    until = told.collect_until
    pesos, centavos = divmod(told.amount_minor, 100)
    values = {
        "pesos": f"${pesos:,}.{centavos:02d} MXN",
        "branch": shorten(told.branch or "Finabien", BRANCH_IN_MESSAGE, placeholder="…"),
        "name": shorten(told.name, NAME_IN_MESSAGE, placeholder="…"),
        "folio": spaced(told.folio),
        "day": local_day(until, LANGUAGE) if until else "",
        "lookup": f"{means.site}/cobrar",
        "stop": f"{means.site}/alto/{told.folio}",
    }
    return MessageContext(told.news, LANGUAGE, values, phone=told.phone, account=told.account)
