"""What a program of enrollment asks for, as a marshmallow schema made from the program's data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, ClassVar

from flask_babel import lazy_gettext as _
from marshmallow import RAISE, Schema, ValidationError, fields, validate, validates_schema

from consular.input.fields import (
    MISSING,
    BirthDate,
    Choice,
    Curp,
    Day,
    Flag,
    MoneyField,
    Nss,
    Rfc,
    Text,
    WholeNumber,
)
from consular.input.loading import fields_invalid
from services.enrollments.programs.registry import PROGRAMS, open_programs
from services.enrollments.programs.schema import Field, Kind, Program

NOT_ASKED = _("Con lo que contestaste antes, este dato no se pide.")


class ProgramData(fields.Dict):
    """What one of the programs asks for; which one, its schema's ``program`` says."""

    def variants(self) -> list[Schema]:
        """What it may be, for the OpenAPI document."""
        return [data_schema(program) for program in open_programs()]


class TariffData(fields.Dict):
    """What one of the programs' calculators asks for; which one, the address says."""

    def variants(self) -> list[Schema]:
        """What it may be, for the OpenAPI document."""
        return [tariff_schema(program) for program in PROGRAMS.values() if program.tariff]


class EstimateSchema(Schema):
    """``data`` is what the program's ``tariff`` says: see GET /programs. ``on``: today by
    default."""

    example: ClassVar[dict[str, Any]] = {"data": {"members": [{"age": 34}, {"age": 5}]}}

    data = TariffData(required=True)
    on = Day(load_default=None, allow_none=True)


class AskedSchema(Schema):
    """Fields of a program, some of which are asked for only after certain answers."""

    form: ClassVar[tuple[Field, ...]] = ()

    @validates_schema
    def _refuse_against_conditions(
        self, data: Mapping[str, Any], partial: bool, **_kwargs: Any
    ) -> None:
        """A field whose condition isn't met has no place; one whose condition is, may be missing.
        Of a part of the answers nothing is known of the others."""
        if partial:
            return
        errors = {field.name: [fault] for field in self.form if (fault := _fault(field, data))}
        if errors:
            raise ValidationError(errors)


def _fault(field: Field, data: Mapping[str, Any]) -> Any:
    if field.when is None:
        return None
    if not field.is_asked(data):
        return NOT_ASKED if field.name in data else None
    return MISSING if field.required and field.name not in data else None


@cache
def data_schema(program: Program) -> Schema:
    """The schema of the program's ``data``."""
    return asked_schema(
        program.fields, f"{_title(program)}Data", f"What {program.name.en} asks for."
    )


@cache
def tariff_schema(program: Program) -> Schema:
    """The schema of what the program's calculator asks for."""
    form = program.tariff.fields if program.tariff else ()
    described = f"What is asked to work out what {program.name.en} costs."
    return asked_schema(form, f"{_title(program)}Tariff", described)


def _title(program: Program) -> str:
    return program.code.title().replace("_", "")


def load_data(program: Program, values: Mapping[str, Any], *, partial: bool = False) -> Any:
    """``values`` as JSON, each as its field writes it; ``partial`` for a part of what is asked.

    Raises ValidationError with the messages under ``data``.
    """
    return load_asked(data_schema(program), values, partial=partial)


def load_tariff(program: Program, values: Mapping[str, Any]) -> Any:
    """What the program's calculator was told. Raises FieldsInvalid."""
    try:
        return load_asked(tariff_schema(program), values)
    except ValidationError as error:
        raise fields_invalid(error) from None


def load_asked(schema: Schema, values: Mapping[str, Any], *, partial: bool = False) -> Any:
    """Answers as JSON, each as its field writes it. Raises ValidationError under ``data``."""
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


def asked_schema(form: tuple[Field, ...], name: str, described: str) -> Schema:
    """The schema of some fields, called ``name`` in the OpenAPI document."""
    schema_class: Any = AskedSchema.from_dict(
        {each.name: _field(each, name) for each in form}, name=name
    )
    schema_class.__doc__ = described
    schema_class.form = form
    schema: Schema = schema_class()
    return schema


def _field(field: Field, within: str) -> fields.Field[Any]:
    """``within``: the name of the schema that it belongs to."""
    schema_field = _group(field, within) if field.kind is Kind.GROUP else _KINDS[field.kind](field)
    schema_field.required = field.required and field.when is None
    schema_field.metadata = {**schema_field.metadata, "title": field.label.en}
    words = [field.hint.en] if field.hint else []
    if field.when:
        words.append(f"Only where `{field.when.field}` is {_answer(field.when.answer)}.")
    if words:
        schema_field.metadata["description"] = " ".join(words)
    return schema_field


def _answer(answer: str | bool) -> str:
    """As JSON writes it."""
    return str(answer).lower() if isinstance(answer, bool) else f'"{answer}"'


def _group(group: Field, within: str) -> fields.Field[Any]:
    name = f"{within}{group.name.capitalize()}Member"
    member = asked_schema(group.fields, name, group.label.en)
    least = 1 if group.required else 0
    return fields.List(fields.Nested(member), validate=validate.Length(least, group.most))


_KINDS: Mapping[Kind, Callable[[Field], fields.Field[Any]]] = {
    Kind.TEXT: lambda field: Text(most=field.most),
    Kind.NUMBER: lambda field: WholeNumber(validate=validate.Range(0, field.most)),
    Kind.DATE: lambda _asked: Day(),
    Kind.BIRTH_DATE: lambda _asked: BirthDate(metadata={"examples": ["1990-05-12"]}),
    Kind.MONEY: lambda _asked: MoneyField(),
    Kind.CHOICE: lambda field: Choice(tuple(choice.value for choice in field.choices)),
    Kind.YES_NO: lambda _asked: Flag(),
    Kind.CURP: lambda _asked: Curp(metadata={"examples": ["HEGG560427MVZRRL04"]}),
    Kind.RFC: lambda _asked: Rfc(metadata={"examples": ["GODE561231GR8"]}),
    Kind.NSS: lambda _asked: Nss(metadata={"examples": ["12345678903"]}),
}
