"""What a person can write down before coming, by service; the officer then only verifies it.

What an office's form asks for besides names, birth date and contact, in everyday words. To add a
service: its fields here, named as elsewhere where they ask the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from services.kernel.questionnaires import Bilingual, Choice, Field, Kind, When

_MARITAL_STATUS = Field(
    "marital_status",
    Kind.CHOICE,
    Bilingual("Estado civil", "Marital status"),
    choices=(
        Choice("single", Bilingual("Soltera o soltero", "Single")),
        Choice("married", Bilingual("Casada o casado", "Married")),
        Choice("divorced", Bilingual("Divorciada o divorciado", "Divorced")),
        Choice("widowed", Bilingual("Viuda o viudo", "Widowed")),
    ),
)
_BIRTH_TOWN = Field(
    "birth_town",
    Kind.TEXT,
    Bilingual("Dónde naciste", "Where you were born"),
    hint=Bilingual(
        "Municipio y estado, como en tu acta", "Town and state, as on your birth certificate"
    ),
    most=120,
)
_ADDRESS = Field(
    "address",
    Kind.TEXT,
    Bilingual("Dónde vives", "Where you live"),
    hint=Bilingual(
        "Calle, número, ciudad, estado y código postal", "Street, number, city, state and ZIP code"
    ),
    most=200,
)
_EMERGENCY = (
    Field(
        "emergency_name",
        Kind.TEXT,
        Bilingual("A quién avisamos en una emergencia", "Whom we call in an emergency"),
        required=False,
        most=120,
    ),
    Field(
        "emergency_phone",
        Kind.TEXT,
        Bilingual("Su teléfono", "Their telephone"),
        required=False,
        most=30,
    ),
)
_HAD_ONE = Field(
    "had_passport",
    Kind.YES_NO,
    Bilingual("¿Has tenido pasaporte mexicano?", "Have you had a Mexican passport?"),
)
_PASSPORT = (
    _HAD_ONE,
    Field(
        "previous_passport",
        Kind.TEXT,
        Bilingual("Número de tu último pasaporte", "Number of your last passport"),
        hint=Bilingual("Si lo tienes a la mano", "If you have it at hand"),
        required=False,
        most=20,
        when=When("had_passport", True),
    ),
    Field(
        "passport_lost",
        Kind.YES_NO,
        Bilingual("¿Se te perdió o te lo robaron?", "Was it lost or stolen?"),
        hint=Bilingual("Si es así, lleva el acta o denuncia.", "If so, bring the police report."),
        when=When("had_passport", True),
    ),
    _MARITAL_STATUS,
    _BIRTH_TOWN,
    _ADDRESS,
    *_EMERGENCY,
)
_CONSULAR_ID = (_MARITAL_STATUS, _BIRTH_TOWN, _ADDRESS, *_EMERGENCY)
_BIRTH = (
    Field(
        "child_name",
        Kind.TEXT,
        Bilingual("Nombre completo de la niña o el niño", "The child's full name"),
        hint=Bilingual("Como en su acta extranjera", "As on the foreign certificate"),
        most=160,
    ),
    Field(
        "child_birth_date",
        Kind.BIRTH_DATE,
        Bilingual("Su fecha de nacimiento", "The child's date of birth"),
    ),
    Field(
        "mexican_parent",
        Kind.TEXT,
        Bilingual("Nombre del padre o la madre mexicana", "Name of the Mexican parent"),
        most=160,
    ),
    Field(
        "registered_before",
        Kind.YES_NO,
        Bilingual(
            "¿Ya está registrada en México o en otro consulado?",
            "Is the child registered in Mexico or at another consulate?",
        ),
    ),
)
_CERTIFICATE = (
    Field(
        "certificate_of",
        Kind.CHOICE,
        Bilingual("Qué acta necesitas", "Which certificate you need"),
        choices=(
            Choice("birth", Bilingual("Nacimiento", "Birth")),
            Choice("marriage", Bilingual("Matrimonio", "Marriage")),
            Choice("death", Bilingual("Defunción", "Death")),
        ),
    ),
    Field(
        "registered_in",
        Kind.TEXT,
        Bilingual("Dónde se registró", "Where it was registered"),
        hint=Bilingual("Municipio y estado, o consulado", "Town and state, or consulate"),
        most=120,
    ),
)
_POWER = (
    Field(
        "represented_by",
        Kind.TEXT,
        Bilingual("A quién le das el poder", "To whom you give the power"),
        hint=Bilingual("Nombre completo, como en su identificación", "Full name, as on their ID"),
        most=160,
    ),
    Field(
        "purpose",
        Kind.TEXT,
        Bilingual("Para qué es el poder", "What the power is for"),
        hint=Bilingual("Por ejemplo: vender una casa", "For example: to sell a house"),
        most=200,
    ),
    _MARITAL_STATUS,
    _ADDRESS,
)
FORMS: Mapping[str, tuple[Field, ...]] = {
    **dict.fromkeys(("PAS1", "PAS3", "PAS6", "PAS10"), _PASSPORT),
    "MAT": _CONSULAR_ID,
    "RCN": _BIRTH,
    "ACT": _CERTIFICATE,
    "POF": _POWER,
}


def fields_of(services: Sequence[str]) -> tuple[Field, ...]:
    """What these services ask for, each thing once; none where nothing can be written before."""
    named = {field.name: field for code in services for field in FORMS.get(code, ())}
    return tuple(named.values())
