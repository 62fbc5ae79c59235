"""Who was told apart from another of the same name and birth date has a limit of their own."""

from __future__ import annotations

from migrations.support import install

revision = "0032"
down_revision = "0031"


def upgrade() -> None:
    install("identity", own_name_key="0fb8cb38")
    install("remittances", sent_by_person="13230768")
