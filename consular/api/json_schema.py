"""JSON Schema of marshmallow's schemas: what our own fields say of themselves."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from marshmallow import Schema, fields

from consular.input.fields import MoneyField

VERSION = "3.1.0"
Json = dict[str, Any]
MONEY = {
    "type": "object",
    "description": "An amount of money. The amount is text, so that no reader rounds it.",
    "required": ["amount", "currency"],
    "properties": {
        "amount": {
            "type": "string",
            "pattern": r"^[0-9]{1,15}(\.[0-9]{1,2})?$",
            "examples": ["300.00"],
        },
        "currency": {"type": "string", "enum": ["USD", "MXN"]},
    },
    "additionalProperties": False,
}


def teach(plugin: MarshmallowPlugin) -> None:
    """Let apispec read our own fields; money is the component ``Money``."""
    converter: Any = plugin.converter
    converter.add_attribute_function(_variants)
    converter.add_attribute_function(_money)
    converter.add_attribute_function(_no_default_of_null)


def inline(schema: Schema) -> Json:
    """A schema by itself, with nothing that leads elsewhere."""
    plugin = MarshmallowPlugin(schema_name_resolver=lambda _schema: "")
    APISpec("", "", VERSION, plugins=[plugin])
    converter: Any = plugin.converter
    converter.add_attribute_function(_money_itself)
    return {"properties": {}, **converter.schema2jsonschema(schema)}


def _money(_converter: Any, field: fields.Field[Any], **_ret: Any) -> Json:
    """Money that is sent is one shape, wherever it stands."""
    if not isinstance(field, MoneyField):
        return {}
    shape = {"$ref": "#/components/schemas/Money"}
    return {"anyOf": [shape, {"type": "null"}]} if field.allow_none else shape


def _money_itself(_converter: Any, field: fields.Field[Any], **_ret: Any) -> Json:
    return MONEY if isinstance(field, MoneyField) else {}


def _no_default_of_null(_converter: Any, _field: Any, ret: Json) -> Json:
    """``null`` for "not given" is no default that a reader could send."""
    if ret.get("default", "") is None:
        del ret["default"]
    return {}


def _variants(converter: Any, field: fields.Field[Any], **_ret: Any) -> Json:
    """One of several shapes, where the field has ``variants``."""
    if not hasattr(field, "variants"):
        return {}
    shapes = [converter.resolve_nested_schema(schema) for schema in field.variants()]
    if field.allow_none:
        shapes.append({"type": "null"})
    return {"anyOf": shapes} if len(shapes) > 1 else dict(*shapes)


class SchemaNames:
    """A schema's class gives its name; a second class of the same name says its slice before."""

    def __init__(self) -> None:
        self._taken: dict[str, type[Schema]] = {}

    def __call__(self, schema: type[Schema] | Schema | str) -> str:
        if isinstance(schema, str):
            return schema
        kind = schema if isinstance(schema, type) else type(schema)
        name = kind.__name__
        if self._taken.setdefault(name, kind) is not kind:
            name = f"{kind.__module__.split('.')[-2].capitalize()}{name}"
            self._taken[name] = kind
        return name

    def descriptions(self) -> Iterator[tuple[str, str]]:
        """The description of every schema, from its class."""
        for name, kind in self._taken.items():
            yield name, kind.__doc__ or ""
