"""Identity checks at a window: what the API answers."""

from __future__ import annotations

from consular.api.answer_fields import Answer, CalendarDay, Flag, Id, Instant, Many, One, Text, Word
from services.identity.checking import Subject


class HeldAnswer(Answer):
    """Something that another account holds in the person's name: an appointment for `service`, or
    an enrollment in that program; its id, folio and time only where it is at this office.
    `at_agency`: an agency has the request, and nobody can call it back."""

    kind = Word(Subject)
    service = Text()
    here = Flag()
    appointment = Id(allow_none=True)
    enrollment = Id(allow_none=True)
    folio = Text(allow_none=True)
    start = Instant(allow_none=True, attribute="starts_at")
    at_agency = Flag()


class HolderAnswer(Answer):
    """The account's holder as they are now, to compare with the document."""

    given_names = Text()
    first_surname = Text()
    second_surname = Text(allow_none=True)
    birth_date = CalendarDay(allow_none=True)


class CheckAnswer(Answer):
    """``held``: by other accounts; ``own``: by the person, with the folios to tell them; ``given``:
    the new folio of what was taken over; ``namesake``: another account is in the name of somebody
    of the same name and birth date, and shares this person's limits until they are told apart;
    ``correctable``: the account's holder, where it asked to have them corrected at a window."""

    id = Id()
    folio = Text()
    document = Text()
    has_account = Flag()
    held = Many(HeldAnswer)
    own = Many(HeldAnswer)
    namesake = Flag()
    correctable = One(HolderAnswer, allow_none=True)
    outcome = Word(("checked", "taken_over", "released", "told_apart", "corrected"))
    given = Text(allow_none=True)
