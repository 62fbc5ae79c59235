"""Examples of answers, made from their schemas: fields of one name hold the same kind of thing."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]

# By the field's name, where its type doesn't tell.
BY_NAME: dict[str, Any] = {
    "agency": "sat",
    "amount": "300.00",
    "birth_place": "JC",
    "category": "documents",
    "charged": "104.50",
    "city": "Los Ángeles",
    "code": "PAS10",
    "consulate": "losangeles",
    "country": "US",
    "curp": "HEGG560427MVZRRL04",
    "desk": "A",
    "email": "ana@example.com",
    "exchange_rate": "18.2608",
    "first_surname": "Demo",
    "folio": "7K3M-9QX2-W5",
    "given_names": "Ana",
    "latitude": 34.0577,
    "listed": "209.00",
    "longitude": -118.2756,
    "name": "A",
    "name_en": "Passport, 10 years",
    "name_es": "Pasaporte de 10 años",
    "next": None,
    "phone": "+12135550123",
    "region": "California",
    "second_surname": "Prueba",
    "service": "PAS10",
    "time_zone": "America/Los_Angeles",
    "year": "2024",
}
BY_FORMAT = {
    "uuid": "019aa000-0000-7000-8000-000000000000",
    "date": "2026-12-07",
    "date-time": "2026-12-07T09:00:00-08:00",
}


def example_of(schema: Json, known: Json, name: str = "") -> Any:
    """A value that the schema takes; ``known`` are the document's schemas by name."""
    if "$ref" in schema:
        return example_of(known[schema["$ref"].rpartition("/")[2]], known, name)
    if schema.get("examples"):
        return schema["examples"][0]
    if "enum" in schema:
        return schema["enum"][0]
    if "anyOf" in schema:
        return example_of(schema["anyOf"][0], known, name)
    return _by_type(schema, known, name)


def _by_type(schema: Json, known: Json, name: str) -> Any:
    kinds = schema.get("type", "object")
    kind = kinds[0] if isinstance(kinds, list) else kinds
    if kind == "object":
        properties = schema.get("properties", {}).items()
        return {field: example_of(inner, known, field) for field, inner in properties}
    if kind == "array":
        return [example_of(schema["items"], known, name)]
    if kind == "string":
        return BY_FORMAT.get(schema.get("format", "")) or BY_NAME.get(name, "text")
    if kind == "boolean":
        return True
    value = BY_NAME.get(name)
    return value if isinstance(value, int | float) else schema.get("minimum", 1)
