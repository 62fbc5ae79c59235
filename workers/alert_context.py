"""What messages to staff about figures say: never anything of a person."""

from __future__ import annotations

from datetime import date
from textwrap import shorten
from uuid import UUID

from sqlalchemy.orm import Session

from services.alerts.agreements import find_reminder
from services.alerts.names import question_name
from services.alerts.queries import find_mail, reading_of
from services.alerts.reporting import write_report
from services.alerts.rules import ZONE
from services.alerts.saying import address_of, say_figure
from services.alerts.scheduling import find_run
from services.alerts.words import AGREEMENT_OVERDUE, AGREEMENT_SOON
from services.commission.queries import Followed
from services.kernel.catalogue import DEFAULT_LANGUAGE, translate
from workers.message_context import Means, MessageContext, local_day, local_time

MOST_OF_AGREEMENT = 200


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


def scheduled_report(session: Session, run_id: UUID, means: Means) -> MessageContext | None:
    """A report that is due, to its reader; None where it was stopped meanwhile."""
    due = find_run(session, run_id)
    if due is None:
        return None
    report, run, email = due
    written = write_report(session, report, run)
    values = {
        "about": written.about,
        "days": written.days,
        "total": written.total,
        "lines": written.lines,
        "rows": str(written.rows),
        "cutoff": local_time(run.as_of, ZONE.key, report.language),
        "page": f"{means.site}{written.page}",
        "xlsx": f"{means.site}{written.xlsx}",
        "csv": f"{means.site}{written.csv}",
        "stop": f"{means.site}/monitoring/scheduled-reports/{report.id}",
    }
    return MessageContext("figures_report", report.language, values, email)


def agreements_due(session: Session, mail_id: UUID, means: Means) -> MessageContext | None:
    """Agreements whose day is near or has passed, to one of those who keep them; None once none of
    them is open. In Spanish, as the Commission's own words are."""
    due = find_reminder(session, mail_id)
    if due is None:
        return None
    today = means.now.astimezone(ZONE).date()
    values = {
        "lines": "\n".join(_agreement(each, today) for each in due[0]),
        "address": f"{means.site}/monitoring/sessions",
    }
    return MessageContext("agreements_due", DEFAULT_LANGUAGE, values, due[1])


def _agreement(each: Followed, today: date) -> str:
    text = AGREEMENT_OVERDUE if each.due_on < today else AGREEMENT_SOON
    return translate(text, DEFAULT_LANGUAGE) % {
        "day": local_day(each.due_on, DEFAULT_LANGUAGE),
        "agreed": shorten(each.agreement.agreed, MOST_OF_AGREEMENT, placeholder="…"),
        "responsible": each.agreement.responsible,
        "session": each.session_number,
    }
