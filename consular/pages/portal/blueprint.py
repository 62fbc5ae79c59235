"""The citizens' pages, at the root of the site."""

from __future__ import annotations

from flask import Blueprint

pages = Blueprint("portal", __name__)
