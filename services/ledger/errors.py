"""What can go wrong when a transfer is posted."""

from __future__ import annotations

from services.kernel.errors import Conflict, Invalid


class AlreadyPosted(Conflict):
    """Another transfer has this id: nothing is posted twice."""

    code = "already_posted"


class TransferRepeated(Invalid):
    """A batch has the same id twice: none of it is posted."""

    code = "transfer_repeated"


class NotEnoughMoney(Conflict):
    """A customer's account holds less than the transfer takes from it."""

    code = "not_enough_money"


class HoldEnded(Conflict):
    """The hold was posted, voided or has expired: it ends once."""

    code = "hold_ended"


class HoldLapsed(Conflict):
    """The hold's time is over: it can't be posted any more."""

    code = "hold_lapsed"


class HoldNotLapsed(Conflict):
    """The hold's time isn't over: it can't expire yet."""

    code = "hold_not_lapsed"


class AccountDiffers(Conflict):
    """An account of this name is there, and isn't a customer's in this currency."""

    code = "account_differs"
