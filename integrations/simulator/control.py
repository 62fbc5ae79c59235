"""The simulator's own controls, under /_simulator: faults, effects, messages, collecting cash."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, jsonify, render_template, request
from werkzeug.wrappers import Response

from integrations.registry import AGENCIES
from integrations.simulator.faults import CALM, InvalidFaults, parse_faults
from integrations.simulator.world import World, refuse

MESSAGES_SHOWN = 100


class Control:
    """What tests and people use to steer and watch."""

    def __init__(self, world: World, collect: Callable[[str], Response]) -> None:
        self._world = world
        self._collect = collect

    def blueprint(self) -> Blueprint:
        """Its routes, under /_simulator."""
        routes = Blueprint("control", __name__, url_prefix="/_simulator")
        faults = "/faults/<agency>"
        routes.add_url_rule("/", "index", self.index)
        routes.add_url_rule(faults, "faults", self.get_faults, methods=["GET"])
        routes.add_url_rule(faults, "put_faults", self.put_faults, methods=["PUT"])
        routes.add_url_rule(faults, "calm", self.calm, methods=["DELETE"])
        routes.add_url_rule("/effects", "effects", self.effects)
        routes.add_url_rule("/messages", "messages", self.messages)
        routes.add_url_rule("/messages.json", "messages_json", self.messages_json)
        branches = "/branches/<folio>/collect"
        routes.add_url_rule(branches, "collect", self._collect, methods=["POST"])
        return routes

    def index(self) -> str:
        """Where things are."""
        return render_template("index.html", agencies=AGENCIES)

    def get_faults(self, agency: str) -> Response:
        """The faults in force."""
        return jsonify(asdict(self._world.board.of(_known(agency))))

    def put_faults(self, agency: str) -> Response:
        """Replace the faults; fields left out are calm."""
        try:
            faults = parse_faults(request.get_json(silent=True))
        except InvalidFaults as error:
            raise refuse(422, {"errors": error.errors}) from None
        self._world.board.put(_known(agency), faults)
        return jsonify(asdict(faults))

    def calm(self, agency: str) -> Response:
        """No more faults."""
        self._world.board.put(_known(agency), CALM)
        return Response(status=204)

    def effects(self) -> Response:
        """How many times each folio took effect; undone ones are not listed."""
        counts = self._world.memory.effects(_known(request.args.get("agency", "")))
        return jsonify(items=[{"folio": f, "effects": n} for f, n in counts.items()])

    def messages(self) -> str:
        """A page for a person, who reads the one-time code there."""
        return render_template("messages.html", messages=self._messages())

    def messages_json(self) -> Response:
        """The same for a test: `?to=` keeps one recipient's."""
        return jsonify(items=self._messages())

    def _messages(self) -> list[dict[str, Any]]:
        found = self._world.memory.messages(request.args.get("to"), MESSAGES_SHOWN)
        return [
            message | {"at": datetime.fromtimestamp(message["at"], UTC).isoformat()}
            for message in found
        ]


def _known(agency: str) -> str:
    if agency not in AGENCIES:
        raise refuse(404, {"errors": {"agency": ["Unknown agency."]}})
    return agency
