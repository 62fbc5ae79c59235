"""Identity checks at a window: what the API answers."""

from __future__ import annotations

from consular.api import answer_fields as fields
from services.identity.checking import Subject


class HeldAnswer(fields.Answer):
    """Something that another account holds in the person's name: an appointment for `service`, or
    an enrollment in that program; its id, folio and time only where it is at this office.
    `at_agency`: an agency has the request, and nobody can call it back."""

    kind = fields.Word(Subject)
    service = fields.Text()
    here = fields.Flag()
    appointment = fields.Id(allow_none=True)
    enrollment = fields.Id(allow_none=True)
    folio = fields.Text(allow_none=True)
    start = fields.Instant(allow_none=True, attribute="starts_at")
    at_agency = fields.Flag()


class HolderAnswer(fields.Answer):
    """The account's holder as they are now, to compare with the document."""

    given_names = fields.Text()
    first_surname = fields.Text()
    second_surname = fields.Text(allow_none=True)
    birth_date = fields.CalendarDay(allow_none=True)


class CheckAnswer(fields.Answer):
    """``held``: by other accounts; ``own``: by the person, with the folios to tell them; ``given``:
    the new folio of what was taken over; ``namesake``: another account is in the name of somebody
    of the same name and birth date, and shares this person's limits until they are told apart;
    ``correctable``: the account's holder, where it asked to have them corrected at a window."""

    id = fields.Id()
    folio = fields.Text()
    document = fields.Text()
    has_account = fields.Flag()
    held = fields.Many(HeldAnswer)
    own = fields.Many(HeldAnswer)
    namesake = fields.Flag()
    correctable = fields.One(HolderAnswer, allow_none=True)
    outcome = fields.Word(("checked", "taken_over", "released", "told_apart", "corrected"))
    given = fields.Text(allow_none=True)
