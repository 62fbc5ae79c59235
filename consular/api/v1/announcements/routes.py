"""Announcements that pages show: outages, closures, warnings of fraud."""

from __future__ import annotations

from typing import Any

from flask import Blueprint

from consular.announcements import shown_now
from consular.api.contract import endpoint
from consular.api.v1.announcements.answers import AnnouncementList
from consular.auth import ANYONE
from consular.input.announcements import AnnouncementQuery

api = Blueprint("announcements", __name__, url_prefix="/api/v1/announcements")


@endpoint(
    api,
    "GET",
    "",
    operation="listAnnouncements",
    who=ANYONE,
    query=AnnouncementQuery(),
    answer=AnnouncementList(),
    errors={},
)
def list_announcements(query: dict[str, Any]) -> dict[str, Any]:
    """List what is announced now, the newest first; what was posted shows within seconds."""
    return AnnouncementList.page(shown_now({query["consulate"]}))
