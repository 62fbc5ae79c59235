"""The agencies' callbacks: what the API answers."""

from __future__ import annotations

from consular.api.answer_fields import Answer, Word


class CallbackAnswer(Answer):
    """``known``: the same message was stored before."""

    status = Word(("stored", "known"))
