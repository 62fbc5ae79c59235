"""What can go wrong with an enrolment."""

from __future__ import annotations

from services.kernel.errors import Conflict, Invalid


class ProgramNotAvailable(Invalid):
    """The programme doesn't exist, or can't be entered through us at present."""

    code = "program_not_available"


class ConsentRequired(Invalid):
    """The agency gets personal data only with the applicant's consent."""

    code = "consent_required"


class AlreadyEnrolled(Conflict):
    """The person holds a live enrolment in that programme already."""

    code = "already_enrolled"
