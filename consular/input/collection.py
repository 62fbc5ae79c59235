"""Documents to be collected: what may be sent, by API and pages."""

from __future__ import annotations

from typing import Any, ClassVar

from marshmallow import Schema, post_load

from consular.input.appointments import CheckInSchema
from consular.input.fields import Choice, Identifier, Name, Text
from services.collection.rules import Collector


class ReadySchema(Schema):
    """Which of the services that were given the document was made for."""

    example: ClassVar[dict[str, Any]] = {"service_rendered": "01890f3e-7b8a-7cc2-98c4-dc0c0c07398f"}

    service_rendered = Identifier(required=True)


class HandOverSchema(CheckInSchema):
    """Who collects it. ``document``: what they showed; ``name``: of whoever isn't the person;
    ``appointment``: the one that they came with, if any."""

    example: ClassVar[dict[str, Any]] = {
        "identity_checked": True,
        "collector": "authorized",
        "name": "Luz Demo Prueba",
        "document": "Carta poder y credencial para votar",
    }

    collector = Choice(tuple(Collector), required=True)
    document = Text(most=80, required=True)
    name = Name(load_default=None, allow_none=True)
    appointment = Identifier(load_default=None, allow_none=True)

    @post_load
    def _typed(self, data: dict[str, Any], **_kwargs: Any) -> dict[str, Any]:
        return {**data, "collector": Collector(data["collector"])}
