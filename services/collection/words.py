"""Words of documents that are ready to be collected."""

from __future__ import annotations

from collections.abc import Mapping

from services.collection.rules import Collector
from services.kernel.words import ErrorMessage, Message
from services.kernel.words import marked as _

COLLECTORS: Mapping[str, str] = {
    Collector.HOLDER: _("La propia persona"),
    Collector.PARENT: _("Madre, padre o quien tiene la tutela"),
    Collector.AUTHORIZED: _("Alguien autorizado por escrito"),
}
# What they bring.
COLLECTOR_RULES: Mapping[str, str] = {
    Collector.HOLDER: _("Con su identificación oficial con fotografía."),
    Collector.PARENT: _("Con su identificación y el acta de nacimiento o la tutela."),
    Collector.AUTHORIZED: _(
        "Mayor de edad, con carta firmada por la persona (o por su madre, padre o tutela), copia"
        " de la identificación de quien firma y la suya en original."
    ),
}

ERRORS: Mapping[str, ErrorMessage] = {
    "collector_not_allowed": ErrorMessage(
        _("Esa persona no lo puede recoger"),
        _(
            "El de una persona adulta lo recoge ella misma; el de una niña, niño o adolescente,"
            " su madre, padre o tutela. También alguien autorizado por escrito."
        ),
    ),
    "collector_name_required": ErrorMessage(
        _("Falta el nombre de quien lo recoge"), _("Escríbelo como está en su identificación.")
    ),
}

# Mail and text messages.
MESSAGES: Mapping[str, Message] = {
    "document_ready": Message(
        _("Ya puedes recoger tu documento: %(folio)s"),
        _(
            "Tu documento está listo en %(office)s.\n\nFolio: %(folio)s\nTrámite: %(services)s"
            "\n\nVe en horario de oficina, con cita o sin cita, y lleva tu identificación. Quién"
            " más lo puede recoger: %(address)s"
        ),
    ),
}
