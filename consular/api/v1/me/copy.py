"""Everything we hold of a citizen, in one answer.

LGPDPPSO 2025: the right of access is to all of it, not to a summary.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from consular.access_words import words_of_action
from consular.api.v1.appointments import routes as appointments
from consular.api.v1.appointments.answers import PlaceWatchAnswer
from consular.api.v1.disputes import routes as disputes
from consular.api.v1.documents import routes as documents
from consular.api.v1.enrollments import routes as enrollments
from consular.api.v1.folders import routes as folders
from consular.api.v1.holds import routes as holds
from consular.api.v1.me.answers import (
    AccessAnswer,
    DependantAnswer,
    HelperLinkAnswer,
    MergedPersonAnswer,
    MergedVisitAnswer,
    PersonAnswer,
    PreApplicationCopyAnswer,
    SentMessageAnswer,
    SignInAnswer,
)
from consular.api.v1.recipients.answers import RecipientCopyAnswer
from consular.api.v1.remittances import routes as remittances
from consular.auth import vault
from services.appointments import pre_applying
from services.appointments.attaching import list_attached, names_of
from services.appointments.duplicates import list_visits
from services.appointments.holding import list_holds
from services.appointments.pre_application_forms import fields_of
from services.appointments.queries import list_appointments
from services.appointments.watching import list_watches
from services.citizens.accesses import list_accesses
from services.citizens.accounts import list_identities, list_people
from services.citizens.dependants import Saved, list_dependants
from services.citizens.helping import list_links
from services.citizens.people import open_person
from services.enrollments.queries import list_enrollments
from services.folders.documents import list_of_account, open_names
from services.folders.queries import list_folders
from services.identity.merging import list_merged
from services.kernel.tables import Page
from services.messages.delivering import find_address
from services.messages.queries import list_to_account
from services.remittances.queries import list_remittances
from services.remittances.recipients import list_recipients

AT_ONCE = 100
Place = tuple[datetime, UUID]


def _written_before(session: Session, row: Any) -> list[dict[str, Any]]:
    """What the people of an appointment wrote and sent before coming."""
    attached = list_attached(session, row, vault())
    return [
        PreApplicationCopyAnswer.render(
            written,
            appointment=row.id,
            asks=[field.name for field in fields_of(row.services)],
            documents=names_of(attached.get(written.who.id, ())),
        )
        for written in pre_applying.read_all(session, row, vault())
        if written.answers or written.who.id in attached
    ]


def whole_copy(session: Session, account: UUID) -> dict[str, Any]:
    """In the scope of the account: what row security shows is theirs."""
    return {
        "sign_in": [SignInAnswer.render(row) for row in list_identities(session, account)],
        "people": [_person(row) for row in list_people(session, account)],
        "dependants": [dependant(row) for row in list_dependants(session, account, vault())],
        "appointments": [
            shown
            for page in _pages(partial(list_appointments, session, account=account))
            for shown in appointments.shown(session, page)
        ],
        "pre_applications": [
            copied
            for page in _pages(partial(list_appointments, session, account=account))
            for row in page
            for copied in _written_before(session, row)
        ],
        "place_watches": [PlaceWatchAnswer.render(row) for row in list_watches(session, account)],
        "holds": [holds.shown(session, row) for row in list_holds(session, account)],
        "enrollments": [
            enrollments.detailed(session, row)
            for page in _pages(partial(list_enrollments, session))
            for row in page
        ],
        "folders": [
            folders.whole_folder(session, folder) for folder in list_folders(session, account)
        ],
        "documents": [
            documents.rendered(each)
            for each in open_names(session, list_of_account(session, account), vault())
        ],
        "remittances": [
            remittances.copied(session, row)
            for page in _pages(partial(list_remittances, session, account=account))
            for row in page
        ],
        "disputes": [
            claimed
            for page in _pages(partial(list_remittances, session, account=account))
            for row in page
            for claimed in disputes.of_remittance(session, row.id)
        ],
        "recipients": [
            RecipientCopyAnswer.render(saved.entry, id=saved.id)
            for saved in list_recipients(session, account, vault())
        ],
        "messages": [
            SentMessageAnswer.render(message, address=find_address(message, vault()))
            for message in list_to_account(session, account)
        ],
        "helper_links": [HelperLinkAnswer.render(link) for link in list_links(session, account)],
        "accesses": [
            access(entry)
            for page in _pages(partial(list_accesses, session, account))
            for entry in page
        ],
    }


def merged_people(session: Session, account: UUID) -> list[dict[str, Any]]:
    """Rows of others' that are the account's people by a merge at a desk, with their appointments.
    In the scope of the network: the account's own doesn't show them."""
    own = {row.id for row in list_people(session, account)}
    return [
        MergedPersonAnswer.render(
            row,
            appointments=[
                MergedVisitAnswer.render(appointment, folio=member.folio, status=member.status)
                for appointment, member in list_visits(session, [row.id])
            ],
        )
        for row in list_merged(session, own)
    ]


def dependant(saved: Saved) -> dict[str, Any]:
    """Somebody who was saved."""
    return DependantAnswer.render(saved.person, id=saved.id)


def access(entry: Any) -> dict[str, Any]:
    """One access to a person's data: who, what, when, and where."""
    action, what = words_of_action(entry.action)
    return AccessAnswer.render(entry, action=action, what=what)


def _pages(ask: Callable[..., Page[Any, Place]]) -> Iterator[Sequence[Any]]:
    after: Place | None = None
    while True:
        page = ask(limit=AT_ONCE, after=after)
        yield page.items
        after = page.next
        if after is None:
            return


def _person(person: Any) -> dict[str, Any]:
    return PersonAnswer.render(
        open_person(person, vault()),
        holder=person.holder,
        birth_place=person.birth_place,
        since=person.created_at,
    )
