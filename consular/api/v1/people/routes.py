"""People who are written twice, over the API: for the desk of the office where they came."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from operator import attrgetter
from typing import Any
from uuid import UUID

from flask import Blueprint
from sqlalchemy.orm import Session

from consular.access_log import record_reading
from consular.api.contract import endpoint, run_once
from consular.api.v1.people.answers import DuplicatesAnswer, MergeAnswer, NearAnswer
from consular.auth import DESK, actor, now, vault
from consular.db import transaction
from consular.input.identity import MergeSchema
from services.appointments.duplicates import get_person_who_comes, list_near, list_same_name
from services.identity.merging import MergePeople, get_merge, list_merges, list_same, merge
from services.kernel.db import NETWORK_SCOPE
from services.processes.taking_apart import take_apart

api = Blueprint("people", __name__, url_prefix="/api/v1")


@endpoint(
    api,
    "GET",
    "/appointments/<uuid:appointment>/attendees/<int:n>/duplicates",
    operation="listDuplicates",
    who=DESK,
    answer=DuplicatesAnswer(),
)
def list_duplicates(appointment: UUID, n: int) -> dict[str, Any]:
    """List who of the office may be this person, written otherwise, and whom they were merged with.

    A look is an entry that the person can list.
    """
    with transaction() as session:
        person = get_person_who_comes(session, appointment, n, actor().consulate or "")
        record_reading(session, "person", person)
        same = list_same(session, list_same_name(session, person))
        near = list_near(session, person, but=same, vault=vault())
        return DuplicatesAnswer.render(
            person=person.id,
            merges=_merges(list_merges(session, same)),
            near=[
                NearAnswer.render(each.person, person=each.person.id, reason=each.reason)
                for each in near
            ],
        )


@endpoint(
    api,
    "POST",
    "/person-merges",
    operation="mergePeople",
    who=DESK,
    body=MergeSchema(),
    answer=MergeAnswer(),
    status=201,
    errors={404: ("not_found",), 409: ("wrong_state", "identities_differ")},
)
def merge_people(command: MergePeople) -> dict[str, Any]:
    """Merge two people of the office who are one, by the document that was seen.

    Nothing that was booked, charged or sent is rewritten, so that it can be taken back.
    """

    def do(session: Session) -> dict[str, Any]:
        id = merge(session, command, now=now(), actor=actor(), vault=vault())
        return _merges(get_merge(session, id))[0]

    return run_once(do, status=201, scope=NETWORK_SCOPE)


@endpoint(
    api,
    "DELETE",
    "/person-merges/<uuid:merge_id>",
    operation="unmergePeople",
    who=DESK,
    answer=MergeAnswer(),
    errors={409: ("wrong_state",)},
)
def unmerge_people(merge_id: UUID) -> dict[str, Any]:
    """Take a merge of the office back: they are two people after all."""
    with transaction(NETWORK_SCOPE) as session:
        take_apart(session, merge_id, now=now(), actor=actor(), vault=vault())
        return _merges(get_merge(session, merge_id))[0]


def _merges(rows: Sequence[Any]) -> list[dict[str, Any]]:
    """Each merge once, with all rows that point to its person."""
    grouped = groupby(sorted(rows, key=attrgetter("id")), key=attrgetter("id"))
    parts = [list(of_one) for _, of_one in grouped]
    return [
        MergeAnswer.render(
            part[0], person=part[0].person_id, people=[str(r.merged_id) for r in part]
        )
        for part in parts
    ]
