"""The agencies' callbacks: what the API answers."""

from __future__ import annotations

from marshmallow import Schema

from consular.api.answer_fields import Word


class CallbackAnswer(Schema):
    """``known``: the same message was stored before."""

    status = Word(("stored", "known"), required=True)
