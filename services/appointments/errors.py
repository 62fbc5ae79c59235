"""What can go wrong with an appointment."""

from __future__ import annotations

from services.kernel.errors import Conflict, Invalid


class SlotTaken(Conflict):
    """No assignment of desks seats everybody at that start."""

    code = "slot_taken"


class SearchGivenUp(SlotTaken):
    """The search for seats hit its bound: refused, though somebody might have been seated."""


class SlotNotOffered(Conflict):
    """The office offers nothing at that start, or it has passed."""

    code = "slot_not_offered"


class ClaimTaken(Conflict):
    """A person of the request holds a live place for that service already."""

    code = "already_booked"


class BookingLimit(Conflict):
    """The account, contact or address holds as many live appointments as it may."""

    code = "booking_limit"


class HoldOver(Conflict):
    """The hold ran out, or was prolonged before."""

    code = "hold_over"


class PersonRepeated(Invalid):
    """Somebody is named twice in one request."""

    code = "person_repeated"


class NotASpelling(Invalid):
    """The names are another person's, not another way to write those of who was booked."""

    code = "not_a_spelling"


class TooEarly(Conflict):
    """The step can't be taken before the appointment's day, or before its start."""

    code = "too_early"


class AlreadyCalled(Conflict):
    """Another desk called the person first; ``desk`` is its name."""

    code = "already_called"

    def __init__(self, desk: str) -> None:
        super().__init__(desk=desk)


class NobodyWaits(Conflict):
    """Nobody in the room waits for that desk, or for what it serves."""

    code = "nobody_waits"


class ChargedAlready(Conflict):
    """A receipt was given: correcting it needs a second person."""

    code = "charged_already"


class MovedMeanwhile(Conflict):
    """Somebody took a step with the person since they were seen as they were."""

    code = "moved_meanwhile"


class NotedTooLongAgo(Conflict):
    """What was noted without the network arrives after the day that it was for."""

    code = "noted_too_long_ago"


class TicketTaken(Conflict):
    """The ticket's folio was given to somebody else."""

    code = "ticket_taken"


class NothingToUndo(Conflict):
    """The last step is older than a minute, was undone, or another followed."""

    code = "nothing_to_undo"


class ServiceNotOffered(Invalid):
    """The service doesn't exist or can't be booked."""

    code = "service_not_offered"

    def __init__(self, *, field: str = "service", **params: object) -> None:
        super().__init__(field=field, **params)


class DeskNotOpen(Invalid):
    """No session of that day has a window of that name."""

    code = "desk_not_open"


class DeskTaken(Conflict):
    """Another session holds the desk at that time; ``desk`` is its name."""

    code = "desk_taken"

    def __init__(self, desk: str) -> None:
        super().__init__(field="desks", desk=desk)


class OfficeClosed(Invalid):
    """The office doesn't open on that day."""

    code = "office_closed"


class ServiceLongerThanSession(Invalid):
    """A service takes longer than the session is open."""

    code = "service_longer_than_session"


class TooManyDeskPatterns(Invalid):
    """More different combinations of services at desks than can be counted exactly."""

    code = "too_many_desk_patterns"


class MorePlacesKept(Invalid):
    """More places are kept than there are windows."""

    code = "more_places_kept"


class ShareNotAllowed(Invalid):
    """Places of that share aren't for whoever asks, or not for that day."""

    code = "share_not_allowed"

    def __init__(self) -> None:
        super().__init__(field="share")


class DayFull(Conflict):
    """The day has as many people for the service as it takes."""

    code = "day_full"


class SessionTooShort(Invalid):
    """Not one slot fits between opening and closing."""

    code = "session_too_short"


class BreakOutsideHours(Invalid):
    """A break doesn't lie within the hours."""

    code = "break_outside_hours"


class RuleNotUnderstood(Invalid):
    """The RRULE can't be used for days."""

    code = "rule_not_understood"


class NoDays(Invalid):
    """The rule gives no day on which the office can open."""

    code = "no_days"
