"""The applicant, or staff for them, gives the information that was asked for."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from services.citizens.models import Person
from services.citizens.people import get_key
from services.enrollments.lifecycle import LIFECYCLE
from services.enrollments.models import Enrollment
from services.enrollments.progress import DATA_PLACE, resumed_by
from services.enrollments.requesting import refuse_unknown
from services.enrollments.rules import Action, Status, actions
from services.kernel.audit import Actor
from services.kernel.crypto import Vault
from services.kernel.errors import WrongState
from services.outbox.delivery import enqueue


def answer(
    session: Session,
    enrollment: UUID,
    data: Mapping[str, Any],
    *,
    now: datetime,
    actor: Actor,
    vault: Vault,
) -> Enrollment:
    """Add ``data`` to the request, which is in review again.

    Raises NotFound, `WrongState` when nothing was asked, Invalid ``unknown_field`` for data that
    the program doesn't take, `PersonForgotten`.
    """
    found = LIFECYCLE.lock(session, enrollment)
    if Action.ANSWER not in actions(Status(found.status)):
        raise WrongState(state=found.status)
    refuse_unknown(found.program, data)
    key = get_key(session.get_one(Person, found.person_id), vault)
    known = json.loads(key.open(found.data_sealed, place=DATA_PLACE, row=found.id))
    whole = json.dumps({**known, **data}, ensure_ascii=False)
    found.data_sealed = key.seal(whole, place=DATA_PLACE, row=found.id)
    LIFECYCLE.move(
        session,
        found,
        Status.IN_REVIEW,
        now=now,
        actor=actor,
        reason_code=None,
        resolve_by=resumed_by(found, Status.IN_REVIEW, now),
    )
    enqueue(session, "enrollments.amend", found.id)
    return found
