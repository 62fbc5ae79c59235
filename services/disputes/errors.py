"""What can go wrong with a dispute."""

from __future__ import annotations

from services.kernel.errors import Conflict, Invalid


class DisputeWindowOver(Conflict):
    """An error could be claimed until ``last_day`` (12 CFR 1005.33(b))."""

    code = "dispute_window_over"


class DisputeOpen(Conflict):
    """An error of this remittance was claimed, and is still being investigated: ``folio``."""

    code = "dispute_open"


class NothingToDispute(Conflict):
    """Nothing was paid for this remittance."""

    code = "nothing_to_dispute"


class DisputeTaken(Conflict):
    """Another person investigates it."""

    code = "dispute_taken"


class RemedyNotOffered(Invalid):
    """This error can't be put right like that: the remittance is under way, or was given back."""

    code = "remedy_not_offered"
