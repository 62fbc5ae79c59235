"""A fact tells of its person where from, which sex and which band of ages; old ones don't know.

``record_fact_v2`` gives a line that the version before moves what the subject's first line has.
"""

from __future__ import annotations

from alembic import op

from migrations.support import install, validate

revision = "0088"
down_revision = "0087"

_RULES = {
    "ck_facts_sex": "sex IN ('H', 'M', 'X')",
    "ck_facts_age_band": "age_band IN ('0-17', '18-29', '30-44', '45-59', '60plus')",
}


def upgrade() -> None:
    op.execute(
        "ALTER TABLE facts ADD COLUMN state_of_origin text, ADD COLUMN sex text,"
        " ADD COLUMN age_band text"
    )
    for name, rule in _RULES.items():
        op.execute(f"ALTER TABLE facts ADD CONSTRAINT {name} CHECK ({rule}) NOT VALID")
    for name in _RULES:
        validate("facts", name)
    install("facts", record_fact_v2="f6e4b43f")
