"""Pages of the Commission's session reports."""

from __future__ import annotations

from flask import Blueprint

from consular.auth import ANALYSTS, MONITORS

pages = Blueprint("commission", __name__)
SESSIONS = "/monitoring/sessions"
# Analysts write and sign, never the same one; auditors and administrators read.
READERS = MONITORS
WRITERS = ANALYSTS
