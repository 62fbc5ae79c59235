"""What can go wrong with an enrollment."""

from __future__ import annotations

from services.kernel.errors import Conflict, Invalid


class ProgramNotAvailable(Invalid):
    """The program doesn't exist, or can't be entered through us at present."""

    code = "program_not_available"


class ConsentRequired(Invalid):
    """The agency gets personal data only with the applicant's consent."""

    code = "consent_required"


class AlreadyEnrolled(Conflict):
    """The person holds a live enrollment in that program already."""

    code = "already_enrolled"


class PrerequisiteMissing(Conflict):
    """Another program comes first: ``requires`` is its code, ``plan`` all of them in order."""

    code = "prerequisite_missing"


class TariffUnknown(Invalid):
    """No table of what the program costs is known for that day."""

    code = "tariff_unknown"


class OwnAccountRequired(Invalid):
    """The person consents to this program with a code of their own or signed in: nobody consents
    for them."""

    code = "own_account_required"


class NobodyToTell(Conflict):
    """The person left neither an e-mail nor a phone."""

    code = "nobody_to_tell"
