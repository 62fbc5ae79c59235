"""What messages to staff about figures say: never anything of a person."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.orm import Session

from services.alerts.names import question_name
from services.alerts.queries import find_mail, reading_of
from services.alerts.rules import ZONE
from services.alerts.saying import address_of, say_figure
from workers.message_context import Means, MessageContext, local_time


def alert_notice(session: Session, mail_id: UUID, means: Means) -> MessageContext | None:
    """What a rule told, to one of its readers; None where they want no more of it."""
    mail = find_mail(session, mail_id)
    if mail is None:
        return None
    watch, language, reading = mail.rule.watch, mail.rule.language, reading_of(mail.notice)
    values = {
        "about": question_name(session, watch, language),
        "said": say_figure(session, watch, reading, language),
        "cutoff": local_time(reading.as_of, ZONE.key, language),
        "why": mail.rule.why,
        "address": f"{means.site}{address_of(watch, reading)}",
        "rule": f"{means.site}/monitoring/alerts/{mail.rule.id}",
    }
    return MessageContext(f"alert_{mail.notice.state}", language, values, mail.email)
