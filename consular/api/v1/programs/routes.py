"""Programs of enrollment over the API: what each asks for and gives, and what it costs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from flask import Blueprint

from consular.api.contract import endpoint
from consular.api.examples import example_of
from consular.api.json_schema import inline
from consular.api.v1.programs.answers import (
    EstimateAnswer,
    PartAnswer,
    ProgramAnswer,
    ProgramList,
    ReferralAnswer,
    TariffAnswer,
)
from consular.auth import ANYONE, now
from consular.i18n import translated
from consular.input.paging import SliceQuery, slice_of
from consular.input.programs import EstimateSchema, data_schema, load_tariff, tariff_schema
from consular.tariffs_in_words import reliability
from services.enrollments.programs.registry import PROGRAMS
from services.enrollments.programs.schema import Bilingual, Field, Form, Kind, Program
from services.enrollments.terms import home_day
from services.kernel.errors import NotFound

api = Blueprint("programs", __name__, url_prefix="/api/v1")
Json = dict[str, Any]


@endpoint(
    api,
    "GET",
    "/programs",
    operation="listPrograms",
    who=ANYONE,
    query=SliceQuery(),
    answer=ProgramList(),
    errors={},
)
def list_programs(query: dict[str, Any]) -> Json:
    """List the programs: what each asks for, needs, gives and costs."""
    return slice_of([_program(program) for program in PROGRAMS.values()], query, "program")


@endpoint(
    api,
    "POST",
    "/programs/<code:program>/estimate",
    operation="estimateProgram",
    who=ANYONE,
    body=EstimateSchema(),
    answer=EstimateAnswer(),
    errors={404: ("not_found",), 422: ("tariff_unknown",)},
)
def estimate_program(program: str, command: dict[str, Any]) -> Json:
    """Work out what a program costs, by the tables of a day; nothing is kept.

    404 for a program without a tariff. ``data`` is what the program's ``tariff`` says.
    """
    known = PROGRAMS.get(program)
    if known is None or known.tariff is None:
        raise NotFound()
    on = command["on"] or home_day(now())
    estimate = known.tariff.work_out(load_tariff(known, command["data"]), on)
    return EstimateAnswer.render(
        estimate,
        program=program,
        exact=known.tariff.is_exact(on),
        ended_on=known.tariff.ended(on),
        why=reliability(known.tariff, on),
        on=on,
        parts=[PartAnswer.render(part, name=translated(part.name)) for part in estimate.parts],
        notes=_all(estimate.notes),
    )


def _program(program: Program) -> Json:
    form, guide = program.form, program.guide
    data = inline(data_schema(program))
    return ProgramAnswer.render(
        program,
        name=translated(program.name),
        summary=translated(program.summary),
        requirements=_requirements(program),
        consents=form.consents,
        needs_email=form.needs_email,
        gives=_all(guide.gives),
        who=_all(each.text for each in guide.who),
        who_sources=[each.source for each in guide.who],
        cost=translated(guide.cost.text),
        cost_source=guide.cost.source,
        steps=_all(guide.next_steps),
        documents=_documents(form),
        legal=guide.legal,
        referral=_referral(program),
        tariff=_tariff(program),
        data=data,
        example=example_data(program.fields, data),
    )


def _requirements(program: Program) -> list[Json]:
    by = {field.meets: field.name for field in program.fields if field.meets}
    return [
        {"program": first, "met_by": by.get(first), "source": source}
        for first, source in program.requires.items()
    ]


def _documents(form: Form) -> list[Json]:
    return [
        {"code": each.code, "name": translated(each.label), "source": each.source}
        for each in form.documents
    ]


def _referral(program: Program) -> Json | None:
    referral = program.guide.referral
    if referral is None:
        return None
    return ReferralAnswer.render(
        referral, heading=translated(referral.heading), steps=_all(referral.steps)
    )


def _tariff(program: Program) -> Json | None:
    tariff = program.tariff
    if tariff is None:
        return None
    schema, today = inline(tariff_schema(program)), home_day(now())
    return TariffAnswer.render(
        tariff,
        exact=tariff.is_exact(today),
        ended_on=tariff.ended(today),
        why=reliability(tariff, today),
        data=schema,
        example=example_data(tariff.fields, schema),
    )


def example_data(fields: Iterable[Field], schema: Mapping[str, Any]) -> Json:
    """Valid answers: what must be answered, what those answers call for, and numbers that stand
    for a program that comes first."""
    values: Json = {}
    for field in fields:
        if field.is_asked(values) and (field.required or field.meets):
            values[field.name] = _example(field, schema["properties"][field.name])
    return values


def _example(field: Field, schema: Mapping[str, Any]) -> Any:
    if field.kind is Kind.GROUP:
        return [example_data(field.fields, schema["items"])]
    return example_of(dict(schema), {}, field.name)


def _all(texts: Iterable[Bilingual]) -> list[str]:
    return [translated(text) for text in texts]
