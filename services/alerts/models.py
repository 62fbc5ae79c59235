"""Rules that watch figures, whom they tell, and what was told; reports by schedule; reminders.

Readers are staff, by their accounts: no address is kept here, and no row is about anybody else.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from services.alerts.rules import Condition, Covers, Every, Reminder, Span, State, Watch
from services.kernel.db import Base, Owners, PartOf
from services.kernel.tables import one_of

_MOMENT = sa.DateTime(timezone=True)


class AlertRule(Base):
    """What is watched, and why. It is never changed, only paused: another question is another rule.

    ``looked_at`` is when it was evaluated last; its messages are in ``language``.
    """

    __tablename__ = "alert_rules"
    owners = Owners(office="consulate_code")
    __table_args__ = (
        sa.CheckConstraint(one_of("span", Span), name="span"),
        sa.CheckConstraint(one_of("condition", Condition), name="condition"),
        sa.CheckConstraint("language IN ('es', 'en')", name="language"),
        sa.CheckConstraint("(condition = 'below_target') = (amount IS NULL)", name="amount"),
        sa.CheckConstraint("amount >= 0", name="not_negative"),
        sa.CheckConstraint(
            "condition NOT IN ('changed', 'changed_from_year') OR span <> 'now'", name="compares"
        ),
        sa.CheckConstraint("length(why) BETWEEN 1 AND 300", name="why"),
        sa.CheckConstraint("(paused_at IS NULL) = (paused_by IS NULL)", name="paused"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    indicator: Mapped[str] = mapped_column(sa.Text)
    consulate_code: Mapped[str | None] = mapped_column(sa.ForeignKey("consulates.code"))
    country: Mapped[str | None] = mapped_column(sa.Text)
    program: Mapped[str | None] = mapped_column(sa.Text)
    status: Mapped[str | None] = mapped_column(sa.Text)
    span: Mapped[str] = mapped_column(sa.Text)
    condition: Mapped[str] = mapped_column(sa.Text)
    amount: Mapped[Decimal | None] = mapped_column(sa.Numeric(18, 3))
    why: Mapped[str] = mapped_column(sa.Text)
    language: Mapped[str] = mapped_column(sa.Text)
    made_at: Mapped[datetime] = mapped_column(_MOMENT)
    made_by: Mapped[UUID]
    paused_at: Mapped[datetime | None] = mapped_column(_MOMENT)
    paused_by: Mapped[UUID | None]
    looked_at: Mapped[datetime | None] = mapped_column(_MOMENT)

    @property
    def watch(self) -> Watch:
        """What it asks."""
        return Watch(
            indicator=self.indicator,
            span=Span(self.span),
            condition=Condition(self.condition),
            limit=self.amount,
            consulate=self.consulate_code,
            country=self.country,
            program=self.program,
            status=self.status,
        )


class AlertReader(Base):
    """Somebody of staff whom a rule tells, until they want no more of it."""

    __tablename__ = "alert_readers"
    owners = PartOf("rule_id", AlertRule)
    __table_args__ = (sa.Index("ix_alert_readers_staff_id", "staff_id"),)

    rule_id: Mapped[UUID] = mapped_column(sa.ForeignKey("alert_rules.id"), primary_key=True)
    staff_id: Mapped[UUID] = mapped_column(sa.ForeignKey("staff_accounts.id"), primary_key=True)
    stopped_at: Mapped[datetime | None] = mapped_column(_MOMENT)


class AlertNotice(Base):
    """What a rule told, with the figure as it was counted: of each period each state once.

    ``day`` is the first day of the period, or of what is looked at as of now the day itself;
    ``against`` is what the value was compared with.
    """

    __tablename__ = "alert_notices"
    owners = PartOf("rule_id", AlertRule)
    __table_args__ = (
        sa.UniqueConstraint("rule_id", "day", "state", name="uq_alert_notices_period_state"),
        sa.CheckConstraint(one_of("state", State), name="state"),
        sa.CheckConstraint("day <= last_day", name="days"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    rule_id: Mapped[UUID] = mapped_column(sa.ForeignKey("alert_rules.id"))
    state: Mapped[str] = mapped_column(sa.Text)
    day: Mapped[date]
    last_day: Mapped[date]
    value: Mapped[int] = mapped_column(sa.BigInteger)
    against: Mapped[Decimal] = mapped_column(sa.Numeric(18, 3))
    as_of: Mapped[datetime] = mapped_column(_MOMENT)
    at: Mapped[datetime] = mapped_column(_MOMENT)


class AlertMail(Base):
    """A notice to one of its readers: what its item of the outbox refers to."""

    __tablename__ = "alert_mails"
    owners = PartOf("rule_id", AlertRule)
    __table_args__ = (
        sa.UniqueConstraint("notice_id", "staff_id", name="uq_alert_mails_notice_id"),
        sa.Index("ix_alert_mails_rule_id", "rule_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    rule_id: Mapped[UUID] = mapped_column(sa.ForeignKey("alert_rules.id"))
    notice_id: Mapped[UUID] = mapped_column(sa.ForeignKey("alert_notices.id"))
    staff_id: Mapped[UUID] = mapped_column(sa.ForeignKey("staff_accounts.id"))


class ScheduledReport(Base):
    """A question that is answered by mail to one reader, every so often at an hour of Mexico City,
    until somebody stops it."""

    __tablename__ = "scheduled_reports"
    owners = Owners(office="consulate_code")
    __table_args__ = (
        sa.CheckConstraint(one_of("covers", Covers), name="covers"),
        sa.CheckConstraint(one_of("every", Every), name="every"),
        sa.CheckConstraint("hour BETWEEN 0 AND 23", name="hour"),
        sa.CheckConstraint("language IN ('es', 'en')", name="language"),
        sa.CheckConstraint("(stopped_at IS NULL) = (stopped_by IS NULL)", name="stopped"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    staff_id: Mapped[UUID] = mapped_column(sa.ForeignKey("staff_accounts.id"))
    indicator: Mapped[str] = mapped_column(sa.Text)
    by: Mapped[str] = mapped_column(sa.Text)
    consulate_code: Mapped[str | None] = mapped_column(sa.ForeignKey("consulates.code"))
    country: Mapped[str | None] = mapped_column(sa.Text)
    program: Mapped[str | None] = mapped_column(sa.Text)
    status: Mapped[str | None] = mapped_column(sa.Text)
    covers: Mapped[str] = mapped_column(sa.Text)
    every: Mapped[str] = mapped_column(sa.Text)
    hour: Mapped[int] = mapped_column(sa.SmallInteger)
    language: Mapped[str] = mapped_column(sa.Text)
    made_at: Mapped[datetime] = mapped_column(_MOMENT)
    made_by: Mapped[UUID]
    stopped_at: Mapped[datetime | None] = mapped_column(_MOMENT)
    stopped_by: Mapped[UUID | None]


class ReportRun(Base):
    """A report that was due, once each: its days and the moment up to which it counts."""

    __tablename__ = "report_runs"
    owners = PartOf("report_id", ScheduledReport)
    __table_args__ = (
        sa.UniqueConstraint("report_id", "due_on", name="uq_report_runs_due"),
        sa.CheckConstraint("first <= last", name="days"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    report_id: Mapped[UUID] = mapped_column(sa.ForeignKey("scheduled_reports.id"))
    due_on: Mapped[date]
    first: Mapped[date]
    last: Mapped[date]
    as_of: Mapped[datetime] = mapped_column(_MOMENT)


class AgreementReminder(Base):
    """Somebody was reminded of an agreement's day, of each day once that it is near and once that
    it has passed. ``mail``: what is told together is one message."""

    __tablename__ = "agreement_reminders"
    __table_args__ = (
        sa.CheckConstraint(one_of("kind", Reminder), name="kind"),
        sa.Index("ix_agreement_reminders_mail", "mail"),
    )

    agreement_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("commission_agreements.id", ondelete="CASCADE"), primary_key=True
    )
    due_on: Mapped[date] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    staff_id: Mapped[UUID] = mapped_column(sa.ForeignKey("staff_accounts.id"), primary_key=True)
    mail: Mapped[UUID]
    at: Mapped[datetime] = mapped_column(_MOMENT)
