"""Documents to be collected: what the API answers."""

from __future__ import annotations

from consular.api.answer_fields import Answer, Id, Instant, ListAnswer, Many, Text, Word
from services.collection.rules import Collector


class ReadyDocumentAnswer(Answer):
    """A document that lies at the office, or was handed over to its ``collector``."""

    id = Id()
    appointment = Id(says="The appointment that it was made in")
    service_rendered = Id(attribute="rendered_id")
    consulate = Text(attribute="consulate_code")
    service = Text()
    ready_at = Instant()
    collected_at = Instant(allow_none=True)
    collector = Word(Collector, allow_none=True)
    collector_name = Text(allow_none=True, says="Of whoever isn't the person")
    collected_with = Id(
        attribute="appointment_id", allow_none=True, says="The appointment that they came with"
    )


class ReadyDocumentList(ListAnswer):
    """A page, the longest waiting first."""

    items = Many(ReadyDocumentAnswer)
