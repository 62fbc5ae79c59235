"""What can go wrong when a citizen signs in."""

from __future__ import annotations

from services.kernel.errors import Conflict, Invalid, TooMany


class CodeWrong(Invalid):
    """Another code than the newest one sent, or too many tries with it."""

    code = "code_wrong"


class CodeExpired(Invalid):
    """Older than ten minutes, used, or never sent."""

    code = "code_expired"


class ProfileRequired(Conflict):
    """The account has no names yet."""

    code = "profile_required"


class IdentityBound(Conflict):
    """Money was sent under this name, birth date and CURP: changing them needs a check first."""

    code = "identity_bound"


class TooManyAttempts(TooMany):
    """Too often from the same hand or to the same address."""

    code = "too_many_requests"
