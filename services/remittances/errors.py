"""What can go wrong with a remittance."""

from __future__ import annotations

from services.kernel.errors import Conflict, Invalid, Unavailable


class AmountOutOfRange(Invalid):
    """Below the minimum or above the limit of one transfer: ``minimum`` and ``maximum`` in USD."""

    code = "amount_out_of_range"


class DuesExceedAmount(Invalid):
    """What is sent doesn't reach beyond the dues, which take ``dues`` USD of it."""

    code = "dues_exceed_amount"


class NoDues(Conflict):
    """The enrollment doesn't wait for a payment that can be made now."""

    code = "no_dues"


class DuesChanged(Conflict):
    """The dues aren't those of the quote any more: ask for another quote."""

    code = "dues_changed"


class DuesOrdered(Conflict):
    """A transfer pays these dues already."""

    code = "dues_ordered"


class QuoteExpired(Conflict):
    """The rate was locked until ``expires_at``: ask for another quote."""

    code = "quote_expired"


class QuoteUsed(Conflict):
    """A remittance was ordered from this quote already."""

    code = "quote_used"


class ProfileRequired(Conflict):
    """The account has no holder with a birth date yet: who sends must be known first."""

    code = "profile_required"


class LimitExceeded(Conflict):
    """``limit`` is ``day`` or ``month``; ``available`` USD are left, more from ``frees_at`` on."""

    code = "limit_exceeded"


class PersonLimitExceeded(Conflict):
    """Together with what the same person sent from other accounts it would pass the ``limit``.

    How much that was isn't told: whoever knows a name could ask for somebody else's sums.
    """

    code = "person_limit_exceeded"


class CancelWindowOver(Conflict):
    """The remittance could be cancelled until ``cancel_until`` (12 CFR 1005.34)."""

    code = "cancel_window_over"


class AlreadyPaid(Conflict):
    """The remittance was paid out already."""

    code = "already_paid"


class NoPlaceToCollect(Conflict):
    """Cash can't be collected in the ``municipality``: the nearest ``place`` has that ``name`` and
    ``address`` and is ``kilometres`` away."""

    code = "no_place_to_collect"


class RemedyExceedsPaid(Conflict):
    """With what went back before it would be more than the sender paid."""

    code = "remedy_exceeds_paid"


class HouseAccount(Invalid):
    """The account is one of ours or of the agency's."""

    code = "house_account"


class RecipientNotConfirmed(Invalid):
    """A first large transfer to somebody, or to an account whose holder is called otherwise: the
    sender has to say that they are sure."""

    code = "recipient_not_confirmed"


class RecipientForgotten(Conflict):
    """The recipient's key was deleted, so that the account can't be read."""

    code = "recipient_forgotten"


class TooManyRecipients(Conflict):
    """The account has as many saved recipients as it may."""

    code = "too_many_recipients"


class CorrectionPending(Conflict):
    """The agency hasn't answered to the correction before."""

    code = "correction_pending"


class TooManyCorrections(Conflict):
    """The recipient's name was corrected ``most`` times."""

    code = "too_many_corrections"


class RateUnavailable(Unavailable):
    """No recent exchange rate is at hand."""

    code = "rate_unavailable"


class TariffUnavailable(Unavailable):
    """A rule that is needed is not in force on this day; ``rule`` says which."""

    code = "tariff_unavailable"


class FundingUnavailable(Unavailable):
    """No payment provider takes the sender's money here."""

    code = "funding_unavailable"


class PayoutsStopped(Unavailable):
    """The books differ: nothing is sent to be paid until a person has looked."""

    code = "payouts_stopped"
