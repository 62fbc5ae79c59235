"""Banco de México's SIE, series SF43718: a plausible FIX that a date always gives again."""

from __future__ import annotations

import hashlib
from datetime import date, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from flask import Blueprint, jsonify, request
from werkzeug.wrappers import Response

from integrations.simulator.world import World, refuse

AGENCY = "banxico"
SERIES = "SF43718"
DAYS = 5
CENTRE = Decimal("18.4000")
MEXICO_CITY = ZoneInfo("America/Mexico_City")


class SimulatedAgency:
    """The one endpoint that we use."""

    def __init__(self, world: World) -> None:
        self._world = world

    def blueprint(self) -> Blueprint:
        """The agency's routes, under /banxico."""
        routes = Blueprint(AGENCY, __name__, url_prefix="/banxico")
        routes.add_url_rule("/series/<series>/datos/oportuno", "latest", self.latest)
        return routes

    def latest(self, series: str) -> Response:
        """The last five working days, oldest first."""
        expected = self._world.secrets.get(AGENCY)
        if expected and request.headers.get("Bmx-Token") != expected:
            raise refuse(401, {"error": {"mensaje": "Token inválido"}})
        if series != SERIES:
            raise refuse(404, {"error": {"mensaje": "Serie no encontrada"}})
        today = self._world.clock().astimezone(MEXICO_CITY).date()
        data = [
            {"fecha": day.strftime("%d/%m/%Y"), "dato": str(fix_on(day))}
            for day in working_days(today, DAYS)
        ]
        title = "Tipo de cambio FIX (simulado)"
        return jsonify(bmx={"series": [{"idSerie": SERIES, "titulo": title, "datos": data}]})


def working_days(last: date, count: int) -> list[date]:
    """The `count` weekdays up to and including `last`, oldest first."""
    days: list[date] = []
    while len(days) < count:
        if last.weekday() < 5:
            days.append(last)
        last -= timedelta(days=1)
    return days[::-1]


def fix_on(day: date) -> Decimal:
    """Pesos for a dollar on that day: 18.40 give or take 0.15, four decimals."""
    noise = int.from_bytes(hashlib.sha256(day.isoformat().encode()).digest()[:4]) % 3001
    return CENTRE + Decimal(noise - 1500) / 10000
