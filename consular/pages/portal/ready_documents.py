"""Documents that somebody can collect, as their pages show them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from consular.auth import now
from consular.i18n import words
from consular.pages.portal.names import office, service_names
from services.citizens.people import full_name
from services.collection.handing_over import may_collect
from services.collection.queries import Document, list_of_appointment, list_waiting_of_account


def of_account(session: Session, account: UUID) -> list[dict[str, Any]]:
    """Those that wait, of everybody of the account."""
    return _shown(session, list_waiting_of_account(session, account))


def of_appointment(session: Session, appointment: UUID) -> list[dict[str, Any]]:
    """Those that were made in an appointment, also once they were collected."""
    return _shown(session, list_of_appointment(session, appointment))


def _shown(session: Session, documents: Iterable[Document]) -> list[dict[str, Any]]:
    names = service_names(session)
    return [
        {
            "appointment": each.rendered.appointment_id,
            "service": names.get(each.rendered.service_code, each.rendered.service_code),
            "service_code": each.rendered.service_code,
            "who": full_name(each.person),
            "consulate": office(session, each.row.consulate_code),
            "ready_at": each.row.ready_at,
            "collected_at": each.row.collected_at,
            "collector": each.row.collector,
            "may_collect": [
                (words("collection.collector", who), words("collection.rule", who))
                for who in may_collect(session, each, now=now())
            ],
        }
        for each in documents
    ]
