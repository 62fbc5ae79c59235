"""Announcements: what may be typed and asked for."""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast
from zoneinfo import ZoneInfo

from flask_babel import lazy_gettext as _
from marshmallow import Schema, ValidationError, fields, post_load

from consular.input.fields import Choice, Code, Text
from services.announcements.posting import PostAnnouncement
from services.announcements.rules import MOST_LETTERS, Kind


class LocalMoment(fields.String):
    """A day and time on the clock of ``zone``, as a browser's field sends it: 2026-12-07T09:00."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(load_default=None, **kwargs)

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> Any:
        text = super()._deserialize(value, attr, data, **kwargs)
        try:
            moment = datetime.strptime(text, "%Y-%m-%dT%H:%M")  # noqa: DTZ007
        except ValueError:
            raise ValidationError([_("Escribe el día y la hora.")]) from None
        return moment.replace(tzinfo=cast("AnnouncementForm", self.parent).clock)


class AnnouncementForm(Schema):
    """An announcement as it is typed; its times are those of ``zone``."""

    def __init__(self, zone: str) -> None:
        super().__init__()
        self.clock = ZoneInfo(zone)

    kind = Choice([kind.value for kind in Kind], required=True)
    text_es = Text(most=MOST_LETTERS, required=True)
    text_en = Text(most=MOST_LETTERS, required=True)
    consulate = Code(load_default=None)
    from_ = LocalMoment(data_key="from")
    until = LocalMoment()

    @post_load
    def _command(self, data: dict[str, Any], **_kwargs: Any) -> PostAnnouncement:
        return PostAnnouncement(
            kind=Kind(data["kind"]),
            text_es=data["text_es"],
            text_en=data["text_en"],
            consulate=data["consulate"],
            begins_at=data["from_"],
            ends_at=data["until"],
        )


class AnnouncementQuery(Schema):
    """``consulate``: also what this office announces."""

    consulate = Code(load_default=None)
