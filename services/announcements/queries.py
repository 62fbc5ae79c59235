"""Read announcements."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from services.announcements.models import Announcement


def list_to_show(session: Session, *, now: datetime) -> Sequence[Announcement]:
    """Those that are shown now or will be, of every office that the scope has, the newest first."""
    query = select(Announcement).where(
        Announcement.withdrawn_at.is_(None),
        or_(Announcement.ends_at.is_(None), Announcement.ends_at > now),
    )
    return session.scalars(query.order_by(Announcement.posted_at.desc())).all()


def list_posted(session: Session, *, limit: int) -> Sequence[Announcement]:
    """The last ones that were posted, also those that are over."""
    query = select(Announcement).order_by(Announcement.posted_at.desc(), Announcement.id)
    return session.scalars(query.limit(limit)).all()
