"""What several programs ask and give alike, and reasons that agencies give."""

from __future__ import annotations

from services.consulates.loading import read_rows
from services.enrollments.programs.schema import Bilingual, Choice, Field, Kind, Question, Result


def _states() -> tuple[Choice, ...]:
    """The states by their letters in the CURP, in the alphabet of their names."""
    rows = read_rows("services.consulates", "states.csv", dict)
    return tuple(
        Choice(row["curp_code"], Bilingual(row["name_es"], row["name_es"])) for row in rows
    )


STATE = Field("state", Kind.CHOICE, Bilingual("Estado", "State"), choices=_states())
MUNICIPALITY = Field(
    "municipality",
    Kind.TEXT,
    Bilingual("Municipio o alcaldía", "Municipality"),
    Bilingual("Por ejemplo, Tlaquepaque.", "For example, Tlaquepaque."),
    most=80,
)
INCOME = Field(
    "income",
    Kind.MONEY,
    Bilingual("Ingreso al mes, en pesos", "Income a month, in pesos"),
    Bilingual("Escríbelo así: 12000.", "Write it like this: 12000."),
)
PERIOD = Field(
    "period",
    Kind.CHOICE,
    Bilingual("Cada cuánto", "How often"),
    choices=(
        Choice("monthly", Bilingual("Cada mes", "Every month")),
        Choice("two_monthly", Bilingual("Cada dos meses", "Every two months")),
        Choice("half_yearly", Bilingual("Cada seis meses", "Every six months")),
        Choice("yearly", Bilingual("Una vez al año", "Once a year")),
    ),
)
MEMBER_NAME = Field("name", Kind.TEXT, Bilingual("Nombre completo", "Full name"), most=160)
MEMBER_BORN = Field("born", Kind.BIRTH_DATE, Bilingual("Fecha de nacimiento", "Date of birth"))
MEMBER_CURP = Field("curp", Kind.CURP, Bilingual("CURP", "CURP"), required=False)
_CLOSE_FAMILY = (
    Choice("spouse", Bilingual("Pareja", "Partner")),
    Choice("child", Bilingual("Hija o hijo", "Child")),
    Choice("parent", Bilingual("Mamá o papá", "Parent")),
)


def kinship(
    label: Bilingual, *, before: tuple[Choice, ...] = (), after: tuple[Choice, ...] = ()
) -> Field:
    """Close family to choose from, and who comes ``before`` and ``after`` them."""
    choices = (*before, *_CLOSE_FAMILY, *after)
    return Field("kinship", Kind.CHOICE, label, choices=choices)


NSS = Result("nss", Bilingual("Número de seguridad social (NSS)", "Social security number (NSS)"))
COVER = (
    Result("covered_from", Bilingual("Con cobertura desde", "Covered from"), Kind.DATE),
    Result("covered_to", Bilingual("Con cobertura hasta", "Covered to"), Kind.DATE),
)
# The agencies' most common reasons for a refusal.
DATA_MISMATCH = Bilingual(
    "Los datos no coinciden con los de tu CURP.",
    "The details do not match those of your CURP.",
)
NOT_PAID = Bilingual(
    "El pago no llegó antes de la fecha límite.",
    "The payment did not arrive before the deadline.",
)

HAS_CURP = Question(
    Bilingual("¿Tienes tu CURP?", "Do you have your CURP?"),
    advised_on=False,
    advice=Bilingual(
        "Sin CURP no se puede. Pídela gratis en tu consulado con tu acta de nacimiento mexicana.",
        "It can't be done without a CURP. Ask for it free of charge at your consulate with your"
        " Mexican birth certificate.",
    ),
    hint=Bilingual(
        "Son 18 letras y números. Viene en tu acta, tu pasaporte o tu matrícula.",
        "It is 18 letters and numbers. It is on your birth certificate, passport or consular ID.",
    ),
    office=True,
)
HAS_EMAIL = Question(
    Bilingual("¿Tienes correo electrónico?", "Do you have an email address?"),
    advised_on=False,
    advice=Bilingual(
        "La dependencia te contesta por correo. Puedes abrir uno gratis y volver.",
        "The agency answers you by email. You can open one free of charge and come back.",
    ),
)
