"""Open data: what an analyst writes about a version."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, post_load

from consular.input.fields import Moment, Text
from services.open_data.publishing import Changes


class PublishForm(Schema):
    """What is new, in both languages; ``as_of``: the moment of the version that was looked at."""

    changes_es = Text(most=500, required=True)
    changes_en = Text(most=500, required=True)
    as_of = Moment(required=True)

    @post_load
    def _command(self, data: dict[str, Any], **_kwargs: Any) -> tuple[Changes, Any]:
        return Changes(data["changes_es"], data["changes_en"]), data["as_of"]
