"""Treasury's pages, and who may open them."""

from __future__ import annotations

from flask import Blueprint

from services.kernel.audit import Role

pages = Blueprint("treasury", __name__, url_prefix="/treasury")
READERS = frozenset({Role.TREASURY, Role.AUDITOR, Role.ADMIN})
TREASURY = frozenset({Role.TREASURY})
LINES = 50
