"""Count searches of citizens that found no free time: see `services.appointments.unmet`."""

from __future__ import annotations

from flask import g

from consular.auth import now, vault
from consular.callers import address_index
from consular.db import transaction
from services.appointments.unmet import note_unmet
from services.kernel.audit import OFFICE_ROLES
from services.kernel.db import NETWORK_SCOPE


def note_nothing_found(service: str, consulate: str | None) -> None:
    """By account, or by network address for whoever isn't signed in: a robot counts as one, with
    however many sessions. An office's own staff look for other reasons.

    In a transaction of its own: call it after the one that searched.
    """
    actor = g.get("actor")
    if actor is not None and actor.role in OFFICE_ROLES:
        return
    who = str(actor.account_id) if actor and actor.account_id else address_index("unmet").hex()
    seeker = vault().blind_index("unmet", f"{who} {service} {consulate}")
    # Whoever isn't signed in may write nothing in a scope of their own.
    with transaction(NETWORK_SCOPE) as session:
        note_unmet(session, service=service, consulate=consulate, seeker=seeker, now=now())
