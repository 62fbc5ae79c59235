"""Pure rules: what an incident can be about, and how each may end."""

from __future__ import annotations

from enum import StrEnum


class Kind(StrEnum):
    """Kinds of incidents.

    The first four contradict the books: ``paid_after_refund`` (the agency paid what was given
    back), ``refused_after_paid`` (it takes back a payment), ``amount_differs`` (it has another
    amount than was ordered), ``key_reused`` (it has another order under our folio).
    ``cancel_refused``: it refuses a cancellation. ``answer_overdue``: no final word by the
    time that was promised; ``agency_silent``: nothing that settles anything for an hour.
    ``job_retrying``: a job has been tried again for an hour; ``job_parked``: it was given up.
    ``callback_unmatched``: an agency speaks of a folio that we don't have. ``field_unusable``: an
    optional field of an agency's answers can't be used. ``withdrawn_at_agency``: somebody else
    proved to be the person of a request that the agency has. ``process_dead``: no relay, worker or
    schedule is alive. ``agency_unavailable``: an agency's breaker has been open for long.
    ``term_ending``: an agency's term to decide a request ends soon; ``asked_twice``: it asks once
    more for information, which it may once; ``given_after_end``: it decides a request that had
    ended because a term lapsed.
    ``results_contradict``: an agency's file of results says two things of a request, or has one
    that wasn't sent. ``sums_differ``: sums that are kept of facts aren't what a recount gives.
    ``books_differ``: a row of the ledger isn't what it was, or a balance isn't its lines' sum.
    ``funding_returned``: the sender's bank took back what was paid out or given back already;
    ``funding_contradicts``: the provider of payments says what must not be. ``refund_due``: the
    term to give a sender's money back ends soon; ``remedy_due``: so does that of a remedy;
    ``dispute_overdue``: a claimed error wasn't decided within its term. ``name_listed``: a
    name of an order that is at the agency is on a list that is screened against.
    """

    PAID_AFTER_REFUND = "paid_after_refund"
    REFUSED_AFTER_PAID = "refused_after_paid"
    AMOUNT_DIFFERS = "amount_differs"
    KEY_REUSED = "key_reused"
    CANCEL_REFUSED = "cancel_refused"
    ANSWER_OVERDUE = "answer_overdue"
    AGENCY_SILENT = "agency_silent"
    JOB_RETRYING = "job_retrying"
    JOB_PARKED = "job_parked"
    CALLBACK_UNMATCHED = "callback_unmatched"
    FIELD_UNUSABLE = "field_unusable"
    WITHDRAWN_AT_AGENCY = "withdrawn_at_agency"
    PROCESS_DEAD = "process_dead"
    AGENCY_UNAVAILABLE = "agency_unavailable"
    TERM_ENDING = "term_ending"
    ASKED_TWICE = "asked_twice"
    GIVEN_AFTER_END = "given_after_end"
    RESULTS_CONTRADICT = "results_contradict"
    SUMS_DIFFER = "sums_differ"
    BOOKS_DIFFER = "books_differ"
    FUNDING_RETURNED = "funding_returned"
    FUNDING_CONTRADICTS = "funding_contradicts"
    REFUND_DUE = "refund_due"
    NAME_LISTED = "name_listed"
    DISPUTE_OVERDUE = "dispute_overdue"
    REMEDY_DUE = "remedy_due"


class Subject(StrEnum):
    """What an incident's ``subject_id`` is the id of; what has none of its own has one made up."""

    REMITTANCE = "remittance"
    ENROLLMENT = "enrollment"
    AGENCY_MESSAGE = "agency_message"
    JOB = "job"
    AGENCY_FIELD = "agency_field"
    PROCESS = "process"
    AGENCY = "agency"
    SUMS = "sums"
    DISPUTE = "dispute"


class Resolution(StrEnum):
    """How it ended. ``recovered``: by itself, no person closed it.

    Money in suspense is ``corrected`` (the agency put it right: the entry is reversed) or
    ``written_off`` (the house bears it). Anything else is ``explained``.
    """

    EXPLAINED = "explained"
    CORRECTED = "corrected"
    WRITTEN_OFF = "written_off"
    RECOVERED = "recovered"


class Step(StrEnum):
    """Steps of an incident's history."""

    OPENED = "opened"
    TAKEN = "taken"
    NOTED = "noted"
    RESOLVED = "resolved"
    CLEARED = "cleared"


class Action(StrEnum):
    """What a person may do with an incident."""

    TAKE = "take"
    NOTE = "note"
    RESOLVE = "resolve"


def actions(*, resolved: bool, taken: bool) -> frozenset[Action]:
    """What may be done now: the use cases refuse by it, and the page offers by it."""
    if resolved:
        return frozenset()
    return frozenset(Action) - ({Action.TAKE} if taken else frozenset())


# They end with the state that they speak of, whoever looked at them or not.
END_BY_THEMSELVES = frozenset(
    {
        Kind.ANSWER_OVERDUE,
        Kind.AGENCY_SILENT,
        Kind.CANCEL_REFUSED,
        Kind.JOB_RETRYING,
        Kind.PROCESS_DEAD,
        Kind.AGENCY_UNAVAILABLE,
        Kind.SUMS_DIFFER,
        Kind.BOOKS_DIFFER,
        Kind.REFUND_DUE,
        Kind.NAME_LISTED,
        Kind.DISPUTE_OVERDUE,
        Kind.REMEDY_DUE,
    }
)


# Told to the duty officer as soon as they are open.
CALLS_AT_ONCE = frozenset({Kind.BOOKS_DIFFER, Kind.ANSWER_OVERDUE, Kind.DISPUTE_OVERDUE})


def resolutions(kind: Kind, suspense_minor: int) -> tuple[Resolution, ...]:
    """Return the resolutions open to a person.

    What the agency took back after it had paid is owed to the sender: it can't be written off.
    """
    if not suspense_minor:
        return (Resolution.EXPLAINED,)
    if kind is Kind.REFUSED_AFTER_PAID:
        return (Resolution.CORRECTED,)
    return (Resolution.CORRECTED, Resolution.WRITTEN_OFF)
