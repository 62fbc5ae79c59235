"""Disputes: what the API answers."""

from __future__ import annotations

from consular.api import answer_fields as fields
from services.disputes.rules import Kind, Remedy, Status
from services.remittances.rules import RemedyState


class RefundAnswer(fields.Answer):
    """Money on its way back for an error. ``due_on`` is the last day to have it given;
    ``returned``: the sender's bank took it back with all that they paid."""

    status = fields.Word(RemedyState)
    due_on = fields.CalendarDay()
    settled_at = fields.Instant(allow_none=True)


class DisputeAnswer(fields.Answer):
    """An error that was claimed. ``refunded`` is what goes back for it, ``refund`` how far that is;
    ``explanation`` is what was found, once it is decided."""

    id = fields.Id()
    folio = fields.Text()
    kind = fields.Word(Kind)
    status = fields.Word(Status)
    description = fields.Text(allow_none=True)
    claimed_at = fields.Instant()
    investigate_by = fields.CalendarDay()
    decided_at = fields.Instant(allow_none=True)
    remedy = fields.Word(Remedy, allow_none=True)
    refunded = fields.One(fields.MoneyPair, allow_none=True)
    refund = fields.One(RefundAnswer, allow_none=True)
    explanation = fields.Text(allow_none=True)


class DisputeList(fields.ListAnswer):
    """The newest first."""

    items = fields.Many(DisputeAnswer)
