"""What can go wrong when a citizen signs in."""

from __future__ import annotations

from services.kernel.errors import Conflict, Invalid, TooMany


class CodeIncomplete(Invalid):
    """Not six digits, so no try of any code: nothing is counted."""

    code = "code_incomplete"


class CodeWrong(Invalid):
    """None of the codes that were sent; ``left`` more tries."""

    code = "code_wrong"


class CodeTriesUsed(Invalid):
    """Five wrong codes: the right one is no good any more, another must be sent."""

    code = "code_tries_used"


class CodeExpired(Invalid):
    """Older than ten minutes, used, or never sent to this browser."""

    code = "code_expired"


class ProfileRequired(Conflict):
    """The account has no names yet."""

    code = "profile_required"


class TooManyDependants(Conflict):
    """The account has as many saved people as it may."""

    code = "too_many_dependants"


class PersonForgotten(Conflict):
    """Their key was deleted: what was sealed under it can't be opened any more."""

    code = "person_forgotten"


class IdentityBound(Conflict):
    """Money was sent under this name, birth date and CURP: changing them needs a check first."""

    code = "identity_bound"


class TooManyAttempts(TooMany):
    """Too often from the same hand or to the same address."""

    code = "too_many_requests"
