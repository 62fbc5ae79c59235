"""What follows a booking or a cancellation, away from whoever waits for the answer."""

from __future__ import annotations

from services.appointments import freeing, resembling
from services.outbox.delivery import Claim
from workers.runtime import Work


def free_places(work: Work, claim: Claim) -> None:
    """The places of a cancelled appointment can be booked again, by anybody."""
    with work.settle(claim, "freed") as session:
        freeing.free_places(session, claim.ref)


def compare_people(work: Work, claim: Claim) -> None:
    """Flag for the desk whoever looks like somebody of another live appointment."""
    with work.transaction() as session:
        resembling.write_keys(session, claim.ref, work.vault)
    with work.settle(claim, "compared") as session:
        resembling.flag(session, claim.ref)
