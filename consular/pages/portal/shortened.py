"""What addresses begin with, and where it leads whoever opens that alone."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from flask import Response, url_for

from consular.auth import ANYONE, allow
from consular.pages.forms import go
from consular.pages.portal.blueprint import pages

LEADS_TO: Mapping[str, str] = {
    "/alto": "home",
    "/ayuda": "home",
    "/citas": "booking_service",
    "/citas/avisos": "dashboard",
    "/en-proceso": "dashboard",
    "/enviar/cotizaciones": "send",
    "/envios": "dashboard",
    "/idioma": "home",
    "/inscripciones/nueva": "programs",
    "/oficinas": "booking_service",
    "/reclamaciones": "dashboard",
    "/supresion": "privacy",
    "/tramites": "home",
    "/verify": "file_check",
}


def _lead(page: str) -> Response:
    return go(url_for(f"portal.{page}"))


for _address, _page in LEADS_TO.items():
    pages.add_url_rule(
        _address, f"shortened{_address.replace('/', '_')}", allow(ANYONE)(partial(_lead, _page))
    )
