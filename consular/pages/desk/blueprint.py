"""The consulate desk's pages."""

from __future__ import annotations

from flask import Blueprint

pages = Blueprint("desk", __name__, url_prefix="/desk")
