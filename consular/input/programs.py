"""What a program of enrollment asks for, as a marshmallow schema made from the program's data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from marshmallow import RAISE, Schema, ValidationError, fields, validate

from consular.input.fields import Choice, Day, Flag, MoneyField, Text, WholeNumber
from consular.input.loading import fields_invalid
from services.enrollments.programs.registry import open_programs
from services.enrollments.programs.schema import Field, Kind, Program


class ProgramData(fields.Dict):
    """What one of the programs asks for; which one, its schema's ``program`` says."""

    def variants(self) -> list[Schema]:
        """What it may be, for the OpenAPI document."""
        return [data_schema(program) for program in open_programs()]


@cache
def data_schema(program: Program) -> Schema:
    """The schema of the program's ``data``."""
    return _schema(
        program.fields, f"{program.code.capitalize()}Data", f"What {program.name.en} asks for."
    )


def load_data(program: Program, values: Mapping[str, Any], *, partial: bool = False) -> Any:
    """``values`` as JSON, each as its field writes it; ``partial`` for a part of what is asked.

    Raises ValidationError with the messages under ``data``.
    """
    schema = data_schema(program)
    try:
        return schema.dump(schema.load(values, unknown=RAISE, partial=partial))
    except ValidationError as error:
        raise ValidationError({"data": error.messages_dict}) from None


def load_answers(program: Program, values: Mapping[str, Any]) -> Any:
    """What was asked for once more: any part of the program's data. Raises FieldsInvalid."""
    try:
        return load_data(program, values, partial=True)
    except ValidationError as error:
        raise fields_invalid(error) from None


def _schema(asked: tuple[Field, ...], name: str, described: str) -> Schema:
    made = Schema.from_dict({each.name: _field(each) for each in asked}, name=name)
    made.__doc__ = described
    return made()


def _field(asked: Field) -> fields.Field[Any]:
    made = _KINDS[asked.kind](asked)
    made.required = asked.required
    made.metadata = {**made.metadata, "title": asked.label.en}
    if asked.hint:
        made.metadata["description"] = asked.hint.en
    return made


def _group(asked: Field) -> fields.Field[Any]:
    member = _schema(asked.fields, f"{asked.name.capitalize()}Member", asked.label.en)
    least = 1 if asked.required else 0
    return fields.List(fields.Nested(member), validate=validate.Length(least, asked.most))


_KINDS: Mapping[Kind, Callable[[Field], fields.Field[Any]]] = {
    Kind.TEXT: lambda asked: Text(most=asked.most),
    Kind.NUMBER: lambda asked: WholeNumber(validate=validate.Range(0, asked.most)),
    Kind.DATE: lambda _asked: Day(),
    Kind.MONEY: lambda _asked: MoneyField(),
    Kind.CHOICE: lambda asked: Choice(tuple(choice.value for choice in asked.choices)),
    Kind.YES_NO: lambda _asked: Flag(),
    Kind.GROUP: _group,
}
