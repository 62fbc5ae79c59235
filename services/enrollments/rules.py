"""Pure rules: the states of an enrollment and how they follow each other.

No agency publishes a list of states; these are the words that agencies and offices use, in the
order that their procedures describe.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum

CONSENT = "transfer_to_agency"
# For data on health and the like: express, and given by somebody who signed in (LGPDPPSO 7, 15).
SENSITIVE_CONSENT = "sensitive_data"
# Without an office, days are counted where the agencies are.
HOME_ZONE = "America/Mexico_City"


class Status(StrEnum):
    """Status of an enrollment.

    ``unknown``: it was sent and the answer was lost, so that nobody knows whether it arrived. The
    agency is asked by folio until it is known.
    """

    RECEIVED = "received"
    IN_REVIEW = "in_review"
    MORE_INFORMATION_REQUESTED = "more_information_requested"
    APPOINTMENT_SCHEDULED = "appointment_scheduled"
    SENT_TO_AGENCY = "sent_to_agency"
    UNKNOWN = "unknown"
    PAYMENT_PENDING = "payment_pending"
    ACTIVE = "active"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    ENDED = "ended"


class PersonStatus(StrEnum):
    """What somebody is who has an active enrollment, as the database counts them."""

    ENROLLED = "enrolled"


class Action(StrEnum):
    """What the applicant, or staff for them, may do with an enrollment."""

    ANSWER = "answer"
    WITHDRAW = "withdraw"


# What an agency may say of a request that it has; or the applicant withdraws it.
_AT_AGENCY = frozenset(
    {
        Status.IN_REVIEW,
        Status.MORE_INFORMATION_REQUESTED,
        Status.APPOINTMENT_SCHEDULED,
        Status.PAYMENT_PENDING,
        Status.ACTIVE,
        Status.REJECTED,
        Status.WITHDRAWN,
        Status.ENDED,
    }
)

FIRST = frozenset({Status.RECEIVED})

# Status -> those that may follow it. Anything else is refused or, from an agency, ignored. The
# database holds every write to these too (`enrollment_step_allowed` in functions.sql).
TRANSITIONS: Mapping[Status, frozenset[Status]] = {
    Status.RECEIVED: frozenset({Status.SENT_TO_AGENCY, Status.REJECTED, Status.WITHDRAWN}),
    Status.SENT_TO_AGENCY: _AT_AGENCY | {Status.UNKNOWN},
    Status.UNKNOWN: _AT_AGENCY | {Status.SENT_TO_AGENCY},
    Status.IN_REVIEW: _AT_AGENCY - {Status.IN_REVIEW},
    Status.MORE_INFORMATION_REQUESTED: _AT_AGENCY - {Status.MORE_INFORMATION_REQUESTED},
    Status.APPOINTMENT_SCHEDULED: _AT_AGENCY - {Status.APPOINTMENT_SCHEDULED},
    Status.PAYMENT_PENDING: frozenset(
        {Status.ACTIVE, Status.REJECTED, Status.WITHDRAWN, Status.ENDED}
    ),
    Status.ACTIVE: frozenset({Status.ENDED}),
    Status.REJECTED: frozenset(),
    Status.WITHDRAWN: frozenset(),
    Status.ENDED: frozenset(),
}

# The agency still has to say something, and is asked.
UNDECIDED = frozenset(
    {
        Status.RECEIVED,
        Status.SENT_TO_AGENCY,
        Status.UNKNOWN,
        Status.IN_REVIEW,
        Status.MORE_INFORMATION_REQUESTED,
        Status.APPOINTMENT_SCHEDULED,
        Status.PAYMENT_PENDING,
    }
)

# The applicant waits for the agency; in the other undecided ones, something is theirs to do.
WAITING = frozenset({Status.RECEIVED, Status.SENT_TO_AGENCY, Status.UNKNOWN, Status.IN_REVIEW})


class WaitsFor(StrEnum):
    """For whom a request waits. For the ``office`` where the person has something to do and there
    is nowhere to write to them."""

    OFFICE = "office"
    PERSON = "person"
    AGENCY = "agency"
    NOBODY = "nobody"


# In these a person holds no place in the program: they may ask for it again.
OVER = frozenset({Status.REJECTED, Status.WITHDRAWN, Status.ENDED})

# The term in which the agency has to decide runs in these; it stands still while the applicant has
# something to do (LFPA 17, 17-A).
CLOCK_RUNS = frozenset({Status.SENT_TO_AGENCY, Status.UNKNOWN, Status.IN_REVIEW})

# Why it ended when a term lapsed: what was asked for wasn't given in time; the agency said nothing
# in its own; the cover that it gave has ended. ``ASKED_LATE``: nothing was given, but the agency
# had asked when it was too late to end the request for that.
NOT_ANSWERED = "not_answered"
NO_ANSWER_IN_TERM = "no_answer_in_term"
COVER_LAPSED = "cover_lapsed"
ASKED_LATE = "asked_late"
# Why an active one has a step more: the agency gave a longer cover.
COVER_RENEWED = "cover_renewed"
# No reason of an end: it waits for a payment still, and the last day for that has passed.
PAYMENT_LAPSED = "payment_lapsed"

# Ended by us for a term: the agency's later word can't turn it, and a person settles it with them.
ENDED_BY_TERM = frozenset({NOT_ANSWERED, NO_ANSWER_IN_TERM})

# Why it ended: somebody else proved at a window that they are the person whom it names. What the
# agency gives for it all the same isn't shown to the account that asked.
IDENTITY_CHECKED = "identity_checked"

# Of who asked: what hadn't left us, or the person took back; what was approved, then or still; and
# what the agency said yes or no to.
NOT_SENT = frozenset({Status.RECEIVED, Status.WITHDRAWN})
APPROVED = frozenset({Status.ACTIVE, Status.ENDED})
ANSWERED = APPROVED | {Status.REJECTED}

# There may be something to pay: before it is given, or for what follows its cover.
PAYABLE = frozenset({Status.PAYMENT_PENDING, Status.ACTIVE})

# Nothing more is expected.
DECIDED = OVER | {Status.ACTIVE}


class CurpCheck(StrEnum):
    """What the population register said of an applicant's CURP before the request was sent.

    ``differs``: names or birth date are registered otherwise; the agency has the last word on that.
    ``unchecked``: the register didn't answer in time, and the request went on without it.
    """

    AGREES = "agrees"
    DIFFERS = "differs"
    UNCHECKED = "unchecked"
    UNKNOWN = "unknown"
    REPLACED = "replaced"
    CANCELLED = "cancelled"


# With such a CURP nobody can be enrolled: the request ends with this reason, and isn't sent.
CURP_REASONS: Mapping[CurpCheck, str] = {
    CurpCheck.UNKNOWN: "curp_not_found",
    CurpCheck.REPLACED: "curp_replaced",
    CurpCheck.CANCELLED: "curp_cancelled",
}


class By(StrEnum):
    """Whoever brought an enrollment to a status, as its history names them."""

    APPLICANT = "applicant"
    STAFF = "staff"
    AGENCY = "agency"
    SYSTEM = "system"


class Channel(StrEnum):
    """How somebody whom the staff help reached them."""

    IN_PERSON = "in_person"
    TELEPHONE = "telephone"


class ConsentGiven(StrEnum):
    """How whoever was helped gave their consent.

    ``identity_shown``: at a window, with their document seen; ``code``: by telephone, with a code
    that was sent to their own e-mail or phone; ``spoken``: by telephone, without either;
    ``declared``: another system sent the request for whoever helped, who declares it.
    """

    IDENTITY_SHOWN = "identity_shown"
    CODE = "code"
    SPOKEN = "spoken"
    DECLARED = "declared"


class Paper(StrEnum):
    """What may be printed: that it was asked for, how to pay, that it is active."""

    ACKNOWLEDGEMENT = "acknowledgement"
    PAYMENT = "payment"
    PROOF = "proof"


# Decisions of which the applicant hears at once.
TOLD = frozenset({Status.ACTIVE, Status.REJECTED})


_NAMES = ("given_names", "first_surname", "second_surname")
# What an agency may want corrected of the applicant -> what is then asked for: who is asked for a
# name is asked for all of it, and a CURP goes with the birth date in it.
_OF_APPLICANT: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(_NAMES, _NAMES),
    "curp": ("curp", "birth_date"),
    "birth_date": ("birth_date", "curp"),
    "email": ("email",),
}


def applicant_fields(requested: Iterable[str]) -> tuple[str, ...]:
    """What of the applicant is asked for, where the agency wants this corrected."""
    names = (name for each in requested for name in _OF_APPLICANT.get(each, ()))
    return tuple(dict.fromkeys(names))


def actions(status: Status) -> frozenset[Action]:
    """What the applicant, or staff for them, may do now.

    The use cases refuse by it, and API and pages offer by it.
    """
    answering = {Action.ANSWER} if status is Status.MORE_INFORMATION_REQUESTED else frozenset()
    open_still = {Action.WITHDRAW} if Status.WITHDRAWN in TRANSITIONS[status] else frozenset()
    return frozenset(answering | open_still)


def papers(status: Status) -> frozenset[Paper]:
    """What may be printed now. There is something to pay once the agency said how, for the first
    time or for what follows a cover."""
    own = {Status.PAYMENT_PENDING: {Paper.PAYMENT}, Status.ACTIVE: {Paper.PAYMENT, Paper.PROOF}}
    return frozenset({Paper.ACKNOWLEDGEMENT} | own.get(status, set()))


def waits_for(status: Status, *, reachable: bool, paid: bool = False) -> WaitsFor:
    """For whom a request waits; ``reachable``: whether the person left an e-mail or a phone;
    ``paid``: a transfer pays what it waits for, which the agency has still to confirm."""
    if status in DECIDED:
        return WaitsFor.NOBODY
    if status in WAITING or (paid and status is Status.PAYMENT_PENDING):
        return WaitsFor.AGENCY
    return WaitsFor.PERSON if reachable else WaitsFor.OFFICE


def may_resend_notice(status: Status, *, paid: bool) -> bool:
    """Whether there is something in it that the person hears of; what a transfer pays, they aren't
    told to pay."""
    if status is Status.PAYMENT_PENDING:
        return not paid
    return status in TOLD or status in UNDECIDED - WAITING
