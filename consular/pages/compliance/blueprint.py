"""Compliance's pages, and who may open them."""

from __future__ import annotations

from flask import Blueprint

from services.kernel.audit import Role

pages = Blueprint("compliance", __name__, url_prefix="/compliance")
READERS = frozenset({Role.COMPLIANCE, Role.AUDITOR})
COMPLIANCE = frozenset({Role.COMPLIANCE})
