"""The agencies' callbacks: what the API answers."""

from __future__ import annotations

from consular.api import answer_fields as fields


class CallbackAnswer(fields.Answer):
    """``known``: the same message was stored before."""

    status = fields.Word(("stored", "known"))
