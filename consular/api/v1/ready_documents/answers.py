"""Documents to be collected: what the API answers."""

from __future__ import annotations

from consular.api import answer_fields as fields
from services.collection.rules import Collector


class ReadyDocumentAnswer(fields.Answer):
    """A document that lies at the office, or was handed over to its ``collector``."""

    id = fields.Id()
    appointment = fields.Id(says="The appointment that it was made in")
    service_rendered = fields.Id(attribute="rendered_id")
    consulate = fields.Text(attribute="consulate_code")
    service = fields.Text()
    ready_at = fields.Instant()
    collected_at = fields.Instant(allow_none=True)
    collector = fields.Word(Collector, allow_none=True)
    collector_name = fields.Text(allow_none=True, says="Of whoever isn't the person")
    collected_with = fields.Id(
        attribute="appointment_id", allow_none=True, says="The appointment that they came with"
    )


class ReadyDocumentList(fields.ListAnswer):
    """A page, the longest waiting first."""

    items = fields.Many(ReadyDocumentAnswer)
