"""A program of enrollment that exists in tests only: every kind of field, a document, results."""

from __future__ import annotations

from services.enrollments.programs.schema import (
    Bilingual,
    Choice,
    Document,
    Field,
    Form,
    Guide,
    Kind,
    Program,
    Result,
    Step,
)


def _words(text: str) -> Bilingual:
    return Bilingual(text, f"{text} (en)")


_INCOME = Field("income", Kind.MONEY, _words("Ingreso al mes"), _words("Antes de impuestos."))
_ZONE = Field(
    "zone",
    Kind.CHOICE,
    _words("Zona"),
    choices=(Choice("north", _words("Norte")), Choice("south", _words("Sur"))),
)
_FAMILY = Field(
    "family",
    Kind.GROUP,
    _words("Familia"),
    required=False,
    most=3,
    fields=(
        Field("name", Kind.TEXT, _words("Nombre del familiar"), most=40),
        Field("born", Kind.DATE, _words("Nació el")),
    ),
)

CHOIR = Program(
    code="choir",
    agency="sat",
    short=_words("Coro"),
    name=_words("Coro de la oficina"),
    summary=_words("Para quien canta."),
    form=Form(
        heading=_words("Inscribirme en el coro"),
        introduction=_words("Ensaya los martes."),
        privacy=_words("Lo ve quien dirige el coro."),
        consent=_words("Doy permiso para pasar estos datos al coro"),
        curp_hint=_words("Para tu credencial."),
        documents=(Document("score", _words("Una partitura")),),
        steps=(
            Step(
                "voz",
                _words("Tu voz"),
                (
                    Field("voice", Kind.TEXT, _words("Tu registro"), most=20),
                    Field("years", Kind.NUMBER, _words("Años cantando"), most=90),
                    Field("reads", Kind.YES_NO, _words("¿Lees música?")),
                    Field("key", Kind.TEXT, _words("Tu RFC"), required=False, most=13, meets="rfc"),
                ),
            ),
            Step(
                "casa",
                _words("Tu casa"),
                (
                    Field("since", Kind.DATE, _words("Vives aquí desde"), required=False),
                    _INCOME,
                    _ZONE,
                    _FAMILY,
                ),
            ),
        ),
    ),
    guide=Guide(
        gives=(_words("Un lugar en el coro."),),
        who=(_words("Quien canta."),),
        cost=_words("Gratis."),
        next_steps=(_words("Te escuchamos."),),
        legal="Reglamento 1",
    ),
    requires=("rfc",),
    results=(
        Result("card", _words("Credencial")),
        Result("until", _words("Sirve hasta"), Kind.DATE),
    ),
    reasons={"off_key": _words("Desafina.")},
)
