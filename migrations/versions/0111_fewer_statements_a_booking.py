"""A booking looks at its time, at who books and at the seat in fewer statements."""

from __future__ import annotations

from migrations.support import install

revision = "0111"
down_revision = "0110"


def upgrade() -> None:
    install(
        "appointments",
        take_seat="3f7f54ae",
        refuse_hoarding="eb6f6904",
        book_appointment_v4="6076ad42",
    )
