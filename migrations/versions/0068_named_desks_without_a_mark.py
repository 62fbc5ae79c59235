"""Whether a session has named desks is told by who holds them: bookings write no session's row."""

from __future__ import annotations

from migrations.support import install

revision = "0068"
down_revision = "0067"


def upgrade() -> None:
    install(
        "appointments",
        searched_sessions="33aefa12",
        lock_seating_v2="41995e2d",
        lock_seating="8f8df072",
        take_seats="9fecd1c5",
        book_appointment_v3="eed87f1e",
    )
