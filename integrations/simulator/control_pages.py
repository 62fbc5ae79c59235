"""Pages to see and steer the simulated agencies. Synthetic people only; no script needed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, render_template, request, url_for
from werkzeug.utils import redirect
from werkzeug.wrappers import Response

from integrations.registry import AGENCIES
from integrations.simulator.faults import CALM, MAX_LATENCY_MS, Faults, InvalidFaults, parse_faults
from integrations.simulator.memory import Order
from integrations.simulator.world import Describes, World, known_agency

MESSAGES_SHOWN = 100
ORDERS_SHOWN = 200
CALLBACKS_SHOWN = 50

# What each switch does, as the form says it.
FAULT_WORDS: Mapping[str, str] = {
    "latency_ms": "Demora de cada respuesta, en milisegundos",
    "unavailable_rate": "Responde 503 sin hacer nada",
    "error_rate": "Responde 500: lo hizo o no lo hizo",
    "drop_after_effect_rate": "Lo hace y corta la conexión",
    "late_answer_rate": "Lo hace y responde demasiado tarde",
    "late_answer_ms": "Cuánto tarda la respuesta tardía, en milisegundos",
    "garbage_rate": "Lo hace y responde algo ilegible",
    "oversized_rate": "Lo hace y responde demasiado",
    "duplicate_callback_rate": "Avisa dos veces de lo mismo",
    "reorder_callback_rate": "Avisa en otro orden",
    "early_callback_rate": "Avisa antes de responder",
    "own_reference_rate": "Avisa solo con su propio número, sin el folio",
    "wrong_signature_rate": "Firma el aviso con otra clave",
    "bounce_rate": "Toma el mensaje y luego dice que no llegó",
    "unpaid_rate": "El remitente no paga todavía",
    "declined_rate": "El pago se rechaza",
    "honours_key": "Reconoce un folio repetido y no lo hace otra vez",
}


@dataclass(frozen=True)
class Request:
    """One folio at one agency as a page shows it."""

    agency: str
    order: Order
    state: str
    effects: int

    @property
    def taken_at(self) -> datetime:
        """When the agency took it in."""
        return datetime.fromtimestamp(self.order.taken_at, UTC)


class ControlPages:
    """The pages under /_simulator. `played` are the simulated agencies by code."""

    def __init__(self, world: World, played: Mapping[str, Any]) -> None:
        self._world = world
        self._played = played

    def register(self, routes: Blueprint) -> None:
        """Add the pages to the controls' routes."""
        routes.add_url_rule("/", "index", self.index)
        routes.add_url_rule("/calm", "calm_all", self.calm_all, methods=["POST"])
        routes.add_url_rule("/people", "people", self.people)
        appointment = "/people/<folio>/appointment"
        routes.add_url_rule(appointment, "appointment", self.end_appointment, methods=["POST"])
        routes.add_url_rule("/messages", "messages", self.messages)
        page = "/agencies/<agency>"
        routes.add_url_rule(page, "agency", self.agency, methods=["GET"])
        routes.add_url_rule(page, "steer", self.steer, methods=["POST"])

    def index(self) -> str:
        """The agencies, which of them have faults, and how much each holds."""
        memory = self._world.memory
        rows = [
            (code, self._world.board.of(code) == CALM, len(effects), sum(effects.values()))
            for code in AGENCIES
            for effects in (memory.effects(code),)
        ]
        return render_template("index.html", agencies=rows)

    def calm_all(self) -> Response:
        """No more faults anywhere."""
        for code in AGENCIES:
            self._world.board.put(code, CALM)
        return redirect(url_for("control.index"), 303)

    def agency(self, agency: str) -> str:
        """One agency: its faults as a form, its folios and its callbacks."""
        return self._agency_page(known_agency(agency), asdict(self._world.board.of(agency)), {})

    def steer(self, agency: str) -> str | Response:
        """Put the form's faults in force, or none with the button that calms."""
        known_agency(agency)
        sent = {name: _value(name, text) for name, text in request.form.items() if name != "calm"}
        if "calm" in request.form:
            self._world.board.put(agency, CALM)
            return redirect(url_for("control.agency", agency=agency), 303)
        try:
            # A box that isn't ticked isn't sent.
            faults = parse_faults({"honours_key": False, **sent})
        except InvalidFaults as error:
            page = self._agency_page(agency, {**asdict(CALM), **request.form}, error.errors)
            return Response(page, 422, mimetype="text/html")
        self._world.board.put(agency, faults)
        return redirect(url_for("control.agency", agency=agency), 303)

    def people(self) -> str:
        """Each person by CURP, and what happened to their folios at every agency."""
        people: dict[str, list[Request]] = {}
        for code in AGENCIES:
            for item in self._requests(code):
                curp = item.order.body.get("curp")
                if isinstance(curp, str):
                    people.setdefault(curp, []).append(item)
        return render_template("people.html", people=people)

    def end_appointment(self, folio: str) -> Response:
        """The tax register's video appointment of somebody took place."""
        self._played["sat"].end_appointment(folio)
        return redirect(url_for("control.people"), 303)

    def messages(self) -> str:
        """A page for a person, who reads the one-time code there."""
        return render_template("messages.html", messages=self.list_messages())

    def list_messages(self) -> list[dict[str, Any]]:
        """The newest messages, of one recipient with `?to=`."""
        messages = self._world.memory.messages(request.args.get("to"), MESSAGES_SHOWN)
        return [
            message | {"at": datetime.fromtimestamp(message["at"], UTC).isoformat()}
            for message in messages
        ]

    def _agency_page(
        self, agency: str, values: Mapping[str, Any], errors: Mapping[str, Any]
    ) -> str:
        return render_template(
            "agency.html",
            agency=agency,
            faults=[(field.name, field.type, FAULT_WORDS[field.name]) for field in fields(Faults)],
            values=values,
            errors=errors,
            most_ms=MAX_LATENCY_MS,
            requests=self._requests(agency),
            callbacks=self._world.memory.waiting_callbacks(agency, CALLBACKS_SHOWN),
            now=self._world.now(),
        )

    def _requests(self, agency: str) -> list[Request]:
        effects = self._world.memory.effects(agency)
        return [
            Request(agency, order, self._state(agency, order), effects.get(order.folio, 0))
            for order in self._world.memory.orders(agency, ORDERS_SHOWN)
        ]

    def _state(self, agency: str, order: Order) -> str:
        played = self._played[agency]
        return played.describe(order) if isinstance(played, Describes) else ""


def _value(name: str, text: str) -> Any:
    """What a field of the form says, as JSON would; the text itself when it is no number."""
    if name == "honours_key":
        return True
    try:
        return int(text) if name.endswith("_ms") else float(text)
    except ValueError:
        return text
