"""All pages of the desk; importing them puts them on the blueprint."""

from __future__ import annotations

from consular.auth import DESK
from consular.pages.booking_for_others import add_booking_for_others
from consular.pages.desk import (
    agenda,
    appointment,
    board,
    calendar,
    cash,
    changing,
    charging,
    closures,
    documents,
    enrolling,
    enrollments,
    figures,
    host_holidays,
    identity,
    importing,
    messages,
    names,
    office,
    offline,
    opening_history,
    people,
    pre_application,
    queue,
    ready_documents,
    receipts,
    return_pass,
    series,
    service_rules,
    sessions,
)
from consular.pages.desk.blueprint import pages

add_booking_for_others(pages, "/book", DESK)

__all__ = [
    "agenda",
    "appointment",
    "board",
    "calendar",
    "cash",
    "changing",
    "charging",
    "closures",
    "documents",
    "enrolling",
    "enrollments",
    "figures",
    "host_holidays",
    "identity",
    "importing",
    "messages",
    "names",
    "office",
    "offline",
    "opening_history",
    "pages",
    "people",
    "pre_application",
    "queue",
    "ready_documents",
    "receipts",
    "return_pass",
    "series",
    "service_rules",
    "sessions",
]
