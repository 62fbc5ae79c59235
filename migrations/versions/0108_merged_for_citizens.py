"""Whoever was merged with another spelling asks for a program once under every spelling, themselves
too."""

from __future__ import annotations

from migrations.support import install

revision = "0108"
down_revision = "0107"


def upgrade() -> None:
    install("identity", holders_keys="54ea886b")
