"""A booking and its refusal look people and limits up by key, each in one statement."""

from __future__ import annotations

from migrations.support import install

revision = "0028"
down_revision = "0027"


def upgrade() -> None:
    install(
        "appointments",
        holders_key="72159dfb",
        refuse_hoarding="f2e119de",
        refuse_booking_v2="02d00a7b",
    )
