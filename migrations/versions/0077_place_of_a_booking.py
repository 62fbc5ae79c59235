"""A booking says at which mobile consulate it is."""

from __future__ import annotations

from migrations.support import install

revision = "0077"
down_revision = "0076"


def upgrade() -> None:
    install("appointments", book_appointment_v3="1d0e86a8", seat_booking="4ade3795")
