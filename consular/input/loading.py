"""What a schema makes of what was sent, or FieldsInvalid with a list of messages per field."""

from __future__ import annotations

from typing import Any

from marshmallow import RAISE, Schema, ValidationError

from consular.errors import FieldsInvalid, Malformed
from consular.input.fields import translate_message


def load_fields(schema: Schema, values: Any) -> Any:
    """What the schema makes of ``values``. Raises FieldsInvalid, Malformed when it is no object."""
    if not isinstance(values, dict):
        raise Malformed()
    try:
        return schema.load(values, unknown=RAISE)
    except ValidationError as error:
        raise fields_invalid(error) from None


def fields_invalid(error: ValidationError) -> FieldsInvalid:
    """The refusal with a list of messages per field, in the reader's language."""
    return FieldsInvalid(_flat(error.messages))


def _flat(messages: Any, path: str = "") -> dict[str, list[str]]:
    """Nested messages as ``attendees.0.birth_date`` -> list."""
    if isinstance(messages, list):
        return {path: [translate_message(message) for message in messages]}
    if not isinstance(messages, dict):
        # A translatable message that isn't a str yet: marshmallow makes no list of it.
        return {path: [translate_message(messages)]}
    messages_by_field: dict[str, list[str]] = {}
    for name, inner in messages.items():
        messages_by_field |= _flat(inner, f"{path}.{writable(name)}" if path else writable(name))
    return messages_by_field


def writable(name: Any) -> str:
    """A field's name as sent; half of a surrogate pair can't be written in UTF-8."""
    return str(name).encode("utf-8", "replace").decode()
