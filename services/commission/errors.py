"""What can go wrong with a session report."""

from __future__ import annotations

from collections.abc import Sequence

from services.commission.rules import Part
from services.kernel.errors import Conflict


class SessionTaken(Conflict):
    """There is a report of the session with that number already."""

    code = "session_taken"


class ReportIncomplete(Conflict):
    """Something that a report must hold is missing; ``missing`` says which parts."""

    code = "report_incomplete"

    def __init__(self, missing: Sequence[Part]) -> None:
        super().__init__(missing=", ".join(missing))
        self.missing = tuple(missing)


class NothingChanged(Conflict):
    """The amended version says the same as the one that was signed."""

    code = "nothing_changed"


class AgreementFollowed(Conflict):
    """A later session followed the agreement up."""

    code = "agreement_followed"


class SelfSigning(Conflict):
    """Whoever prepared a report doesn't sign it."""

    code = "self_signing"
