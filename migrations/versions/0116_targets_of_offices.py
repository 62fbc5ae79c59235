"""What an indicator is to reach may be said of one office."""

from __future__ import annotations

from alembic import op

from migrations.support import replace_constraint, secure, validate

revision = "0116"
down_revision = "0115"


def upgrade() -> None:
    op.execute("ALTER TABLE indicator_targets ADD COLUMN consulate_code text")
    op.execute(
        "ALTER TABLE indicator_targets ADD CONSTRAINT fk_indicator_targets_consulate_code"
        " FOREIGN KEY (consulate_code) REFERENCES consulates NOT VALID"
    )
    validate("indicator_targets", "fk_indicator_targets_consulate_code")
    replace_constraint("indicator_targets", "uq_indicator_targets_revision")
    # Some hundreds of rows, which nobody writes but an analyst now and then.
    op.execute(
        "-- squawk-ignore constraint-missing-not-valid, disallowed-unique-constraint\n"
        "ALTER TABLE indicator_targets ADD CONSTRAINT uq_indicator_targets_revision"
        " UNIQUE NULLS NOT DISTINCT (indicator, period, program, consulate_code, revision)"
    )
    secure("indicator_targets", account=None)
