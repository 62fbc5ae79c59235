"""The telephone center's pages: one screen a call, and an appointment to read out."""

from __future__ import annotations

from flask import Blueprint

from services.kernel.audit import Role

pages = Blueprint("telephone", __name__, url_prefix="/telephone")
AGENTS = frozenset({Role.AGENT})
