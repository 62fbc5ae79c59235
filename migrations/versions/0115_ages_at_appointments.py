"""Who comes to an appointment has a band of ages on its day, under which people are counted.

Those that were booked before have none, in ``attendees`` as in the facts, and stay so until they
move to another day.
"""

from __future__ import annotations

from alembic import op

from migrations.support import WEB, grant, install, validate

revision = "0115"
down_revision = "0114"


def upgrade() -> None:
    op.execute("ALTER TABLE attendees ADD COLUMN age_band text")
    op.execute(
        """
        ALTER TABLE attendees ADD CONSTRAINT ck_attendees_age_band CHECK (
            age_band IN ('0-17', '18-29', '30-44', '45-59', '60plus')) NOT VALID
        """
    )
    validate("attendees", "ck_attendees_age_band")
    grant("attendees", "UPDATE (age_band)", to=WEB)
    install("facts", record_party="b2ea46d1", name_age_band="bf376489")
    install("appointments", book_appointment_v4="91f71871")
    op.execute(
        """
        CREATE TRIGGER name_age_band BEFORE INSERT ON facts FOR EACH ROW
        WHEN (NEW.age_band IS NULL AND NEW.kind = 'appointment')
        EXECUTE FUNCTION name_age_band()
        """
    )
