"""The picture of where an office's city is."""

from __future__ import annotations

from flask import Response, url_for

from consular.auth import ANYONE, allow
from consular.charts.locating import draw_city
from consular.db import transaction
from consular.i18n import city_in_language, current_language, reading_in
from consular.pages.portal.blueprint import pages
from services.consulates.queries import get_consulate
from services.kernel.catalogue import LANGUAGES
from services.kernel.errors import NotFound

# Offices don't move; a day is enough for who looks at their appointment again.
_KEPT = "public, max-age=86400"


@pages.get("/oficinas/<code:consulate>/<code:language>/mapa.svg")
@allow(ANYONE)
def office_map(consulate: str, language: str) -> Response:
    """Draw the city of an office and what is around it, with its name in that language."""
    if language not in LANGUAGES:
        raise NotFound()
    with transaction() as session, reading_in(language):
        row = get_consulate(session, consulate)
        name = city_in_language(row)
    drawn = draw_city(name, float(row.latitude), float(row.longitude))
    return Response(drawn, mimetype="image/svg+xml", headers={"Cache-Control": _KEPT})


def map_address(consulate: str) -> str:
    """Where the picture is; it says the language, so that browsers keep one for each."""
    return url_for("portal.office_map", consulate=consulate, language=current_language())
