"""Erase the messages to somebody."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, delete, or_
from sqlalchemy.orm import Session

from services.messages.models import SentMessage


def erase(session: Session, account: UUID | None, things: Sequence[UUID]) -> None:
    """Those of the account, and those about their appointments, enrollments and remittances."""
    whose: list[ColumnElement[bool]] = [SentMessage.ref.in_(things)]
    if account:
        whose.append(SentMessage.account_id == account)
    session.execute(
        delete(SentMessage).where(or_(*whose)).execution_options(synchronize_session=False)
    )
