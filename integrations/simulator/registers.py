"""The endpoints of the simulated agencies that take one request at a time: SAT's and IMSS's."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, ClassVar

from flask import Blueprint, jsonify, request
from werkzeug.wrappers import Response

from integrations.simulator import applicants
from integrations.simulator.applicants import Register, created
from integrations.simulator.memory import Order
from integrations.simulator.world import World


class SimulatedRegister:
    """Requests under our folio: taken in, corrected, asked about."""

    agency: ClassVar[str]
    # Where its requests stand, below /<agency>/v1.
    collection: ClassVar[str]
    # What comes with a request besides the applicant's own fields.
    fields: ClassVar[tuple[str, ...]] = ()
    # The first surname whose holder is asked for a correction once.
    corrected: ClassVar[str]
    # Its word for a folio that it doesn't know.
    unknown: ClassVar[str] = "NO_ENCONTRADO"
    # What an answer always names.
    blank: ClassVar[dict[str, None]]

    def __init__(self, world: World) -> None:
        self._world = world
        self._register = Register(
            world, self.agency, self.fields, corrected=self.corrected, unknown=self.unknown
        )

    def blueprint(self) -> Blueprint:
        """The agency's routes, under its code."""
        prefix = f"/{self.agency}/v1/{self.collection}"
        routes = Blueprint(self.agency, __name__, url_prefix=prefix)
        routes.before_request(self._authenticate)
        routes.add_url_rule("/<folio>", "request", self.request, methods=["PUT"])
        routes.add_url_rule("/<folio>/aclaracion", "amend", self.amend, methods=["PUT"])
        routes.add_url_rule("/<folio>", "status", self.status, methods=["GET"])
        path = "/<folio>/documentos/<document>"
        routes.add_url_rule(path, "document", self.document, methods=["PUT"])
        return routes

    def request(self, folio: str) -> Response:
        """Take the request in once; a repeat answers with its present state."""
        new = self._register.take(folio, self.refusal(request.get_json(silent=True)))
        return self._answer(folio, "decided", new=new)

    def amend(self, folio: str) -> Response:
        """Take the correction in; it is decided anew."""
        return self._answer(folio, "decided-anew", new=self._register.amend(folio))

    def status(self, folio: str) -> Response:
        """Return the status of a request."""
        order = self._register.get(folio)
        return jsonify({"folio": folio, **self.blank, **self.state(order)})

    def document(self, folio: str, document: str) -> Response:
        """Take a document of a request in."""
        self._register.get(folio)
        return applicants.take_document(self._world, self.agency, folio, document)

    def describe(self, order: Order) -> str:
        """State and cause of a request in words."""
        return applicants.in_words(self.state(order))

    @abstractmethod
    def state(self, order: Order) -> dict[str, Any]:
        """The state of a request by now."""

    def refusal(self, _body: Any) -> str | None:
        """The code of what only this agency sees to be wrong with a request."""
        return None

    def plan_callback(self, folio: str, what: str) -> None:
        """Tell us later of what is new; this agency doesn't."""

    def _authenticate(self) -> None:
        self._world.require_bearer(self.agency, applicants.error("NO_AUTORIZADO"))

    def _answer(self, folio: str, what: str, *, new: bool) -> Response:
        if new:
            self.plan_callback(folio, what)
        return created(self.status(folio), new)
