"""What can go wrong when somebody's identity is in question."""

from __future__ import annotations

from services.kernel.errors import Conflict, Invalid


class IdentityCheckPending(Conflict):
    """Another account holds what was asked for. Nothing is told but that identity must be checked,
    and the folio to do it with."""

    code = "identity_check_pending"


class NobodyElse(Conflict):
    """No other account holds anything in the person's name."""

    code = "nobody_else"


class AccountOrCurpRequired(Invalid):
    """Neither an account nor a CURP identifies the person."""

    code = "account_or_curp_required"


class CurpRequired(Invalid):
    """The agency takes no request without a CURP, and the check has none."""

    code = "curp_required"


class NothingToCorrect(Conflict):
    """The account didn't ask for it, or its data are those of the document already."""

    code = "nothing_to_correct"


class IdentitiesDiffer(Conflict):
    """Documents say that they are two people: their CURPs differ, they were told apart at a window,
    or each account proved to be somebody else."""

    code = "identities_differ"
