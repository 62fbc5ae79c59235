"""The simulator's own controls, under /_simulator: faults, effects, messages, collecting cash."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from flask import Blueprint, jsonify, request
from werkzeug.wrappers import Response

from integrations.simulator.control_pages import ControlPages
from integrations.simulator.faults import CALM, InvalidFaults, parse_faults
from integrations.simulator.world import World, known_agency, refuse

NAME = "control"


class Control:
    """What tests and people use to steer and watch. `played` are the simulated agencies by code."""

    def __init__(self, world: World, played: Mapping[str, Any]) -> None:
        self._world = world
        self._collect = played["finabien"].collect
        self._payments = played["payments"]
        self._pages = ControlPages(world, played)

    def blueprint(self) -> Blueprint:
        """The control routes, under /_simulator."""
        routes = Blueprint(NAME, __name__, url_prefix="/_simulator")
        routes.before_request(_refuse_other_sites)
        faults = "/faults/<agency>"
        routes.add_url_rule(faults, "faults", self.get_faults, methods=["GET"])
        routes.add_url_rule(faults, "put_faults", self.put_faults, methods=["PUT"])
        routes.add_url_rule(faults, "calm", self.calm, methods=["DELETE"])
        routes.add_url_rule("/effects", "effects", self.effects)
        routes.add_url_rule("/messages.json", "messages_json", self.messages_json)
        branches = "/branches/<folio>/collect"
        routes.add_url_rule(branches, "collect", self._collect, methods=["POST"])
        charges = "/charges/<folio>"
        pay, take_back = self._payments.pay, self._payments.take_back
        routes.add_url_rule(f"{charges}/pay", "pay", pay, methods=["POST"])
        routes.add_url_rule(f"{charges}/return", "return", take_back, methods=["POST"])
        self._pages.register(routes)
        return routes

    def get_faults(self, agency: str) -> Response:
        """The faults in force."""
        return jsonify(asdict(self._world.board.of(known_agency(agency))))

    def put_faults(self, agency: str) -> Response:
        """Replace the faults; fields left out are calm."""
        try:
            faults = parse_faults(request.get_json(silent=True))
        except InvalidFaults as error:
            raise refuse(422, {"errors": error.errors}) from None
        self._world.board.put(known_agency(agency), faults)
        return jsonify(asdict(faults))

    def calm(self, agency: str) -> Response:
        """Inject no more faults."""
        self._world.board.put(known_agency(agency), CALM)
        return Response(status=204)

    def effects(self) -> Response:
        """How many times each folio took effect; undone ones are not listed."""
        asked = request.args.get("agency", "")
        known_agency(asked.partition(".")[0])
        counts = self._world.memory.effects(asked)
        return jsonify(items=[{"folio": f, "effects": n} for f, n in counts.items()])

    def messages_json(self) -> Response:
        """The messages for a test: `?to=` keeps one recipient's."""
        return jsonify(items=self._pages.list_messages())


def _refuse_other_sites() -> None:
    """Another site's page that is open in the same browser steers nothing."""
    own = request.headers.get("Sec-Fetch-Site", "none") in ("none", "same-origin")
    if not own and request.method not in ("GET", "HEAD"):
        raise refuse(403, {"errors": {"_": ["Only this site's own pages may do that."]}})
