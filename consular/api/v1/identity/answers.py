"""Identity checks at a window: what the API answers."""

from __future__ import annotations

from consular.api.answer_fields import Answer, Flag, Id, Instant, Many, Text, Word


class HeldAnswer(Answer):
    """A place that another account holds in the person's name; what and when it is, only where it
    is at this office."""

    service = Text()
    here = Flag()
    appointment = Id(allow_none=True)
    folio = Text(allow_none=True)
    start = Instant(allow_none=True, attribute="starts_at")


class CheckAnswer(Answer):
    """``held``: by other accounts; ``own``: by the person, with the folios to tell them; ``given``:
    the folio of the appointment that was taken over."""

    id = Id()
    folio = Text()
    document = Text()
    has_account = Flag()
    held = Many(HeldAnswer)
    own = Many(HeldAnswer)
    outcome = Word(("checked", "taken_over", "released", "told_apart"))
    given = Text(allow_none=True)
