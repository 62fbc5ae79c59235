"""All pages of the desk; importing them puts them on the blueprint."""

from __future__ import annotations

from consular.pages.desk import (
    agenda,
    appointment,
    board,
    calendar,
    cash,
    charging,
    documents,
    enrolling,
    enrollments,
    figures,
    identity,
    importing,
    messages,
    offline,
    people,
    pre_application,
    queue,
    ready_documents,
    receipts,
    sessions,
)
from consular.pages.desk.blueprint import pages

__all__ = [
    "agenda",
    "appointment",
    "board",
    "calendar",
    "cash",
    "charging",
    "documents",
    "enrolling",
    "enrollments",
    "figures",
    "identity",
    "importing",
    "messages",
    "offline",
    "pages",
    "people",
    "pre_application",
    "queue",
    "ready_documents",
    "receipts",
    "sessions",
]
