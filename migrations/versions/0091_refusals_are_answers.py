"""A booking that is refused before anything is written is answered, not an error."""

from __future__ import annotations

from migrations.support import install

revision = "0091"
down_revision = "0090"


def upgrade() -> None:
    install(
        "appointments",
        take_seat="a07a4a4f",
        find_seats="336d47d5",
        booking_refusal="9e4ab4b2",
        refuse_booking_v2="2ee6d6df",
        book_appointment_v4="3770a250",
        book_appointment_v3="7ccf5366",
    )
