"""A program of enrollment that exists in tests only: every kind of field, a document, results."""

from __future__ import annotations

from services.enrollments.programs import schema


def _words(text: str) -> schema.Bilingual:
    return schema.Bilingual(text, f"{text} (en)")


_INCOME = schema.Field(
    "income", schema.Kind.MONEY, _words("Ingreso al mes"), _words("Antes de impuestos.")
)
_ZONE = schema.Field(
    "zone",
    schema.Kind.CHOICE,
    _words("Zona"),
    choices=(schema.Choice("north", _words("Norte")), schema.Choice("south", _words("Sur"))),
)
_FAMILY = schema.Field(
    "family",
    schema.Kind.GROUP,
    _words("Familia"),
    required=False,
    most=3,
    fields=(
        schema.Field("name", schema.Kind.TEXT, _words("Nombre del familiar"), most=40),
        schema.Field("born", schema.Kind.DATE, _words("Nació el")),
    ),
)

CHOIR = schema.Program(
    code="choir",
    agency="sat",
    short=_words("Coro"),
    name=_words("Coro de la oficina"),
    summary=_words("Para quien canta."),
    form=schema.Form(
        heading=_words("Inscribirme en el coro"),
        introduction=_words("Ensaya los martes."),
        privacy=_words("Lo ve quien dirige el coro."),
        consent=_words("Doy permiso para pasar estos datos al coro"),
        curp_hint=_words("Para tu credencial."),
        documents=(schema.Document("score", _words("Una partitura"), "LFPA 15"),),
        steps=(
            schema.Step(
                "voz",
                _words("Tu voz"),
                (
                    schema.Field("voice", schema.Kind.TEXT, _words("Tu registro"), most=20),
                    schema.Field("years", schema.Kind.NUMBER, _words("Años cantando"), most=90),
                    schema.Field("reads", schema.Kind.YES_NO, _words("¿Lees música?")),
                    schema.Field(
                        "key",
                        schema.Kind.TEXT,
                        _words("Tu RFC"),
                        required=False,
                        most=13,
                        meets="rfc",
                    ),
                ),
            ),
            schema.Step(
                "casa",
                _words("Tu casa"),
                (
                    schema.Field(
                        "since", schema.Kind.DATE, _words("Vives aquí desde"), required=False
                    ),
                    _INCOME,
                    _ZONE,
                    _FAMILY,
                ),
            ),
        ),
    ),
    guide=schema.Guide(
        gives=(_words("Un lugar en el coro."),),
        who=(schema.Sourced(_words("Quien canta."), "LFPA 15"),),
        cost=schema.Sourced(_words("Gratis."), "LFPA 15"),
        next_steps=(_words("Te escuchamos."),),
        legal="Reglamento 1",
    ),
    requires={"rfc": "LFPA 15"},
    results=(
        schema.Result("card", _words("Credencial")),
        schema.Result("until", _words("Sirve hasta"), schema.Kind.DATE),
    ),
    reasons={"off_key": _words("Desafina.")},
)
