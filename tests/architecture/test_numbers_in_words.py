"""A number that a rule holds is told from the rule: no text says one by itself."""

from __future__ import annotations

import re
from collections.abc import Iterator

from consular.i18n import read_catalogue

PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|\{\w+\}|%%")
NUMBER = {
    "es": re.compile(
        r"\d|\b(dos|tres|cuatro|cinco|seis|siete|ocho|nueve|diez|once|doce|quince|veinte|treinta"
        r"|cuarenta|cincuenta|sesenta|noventa|cien(?:tos?)?|mil)\b"
        r"|\buna? (minuto|hora|semana|mes|año)s?\b",
        re.IGNORECASE,
    ),
    "en": re.compile(
        r"\d|\b(two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|twenty|thirty"
        r"|forty|fifty|sixty|ninety|hundreds?|thousand)\b|\b(an hour|a (minute|week|month|year))\b",
        re.IGNORECASE,
    ),
}
# Numbers that no rule can change, and why: each pattern is of the whole Spanish text.
ALLOWED = {
    r"(12|18) letras y números.*": "the length of a folio and of a CURP: their form",
    r".*(son|tiene) 12 letras y números.*": "the length of a folio: its form",
    r"La (CURP|CLABE) no es correcta: revisa sus 18 (caracteres|dígitos)\.": "their form",
    r"El (RFC|NSS) no es correcto: (son 13|revisa sus 11) .*": "their form",
    r"Los 1[68] números .*|Necesitas su CLABE de 18 números\.": "a card's and a CLABE's form",
    r"(Escribe los|Los) 10 números.*": "the length of a telephone number in Mexico: its form",
    r"Código de 6 números": "the length of a code: the box is made for it",
    r"Por ejemplo[,:] .*|.*por ejemplo 300\.00\.|.*(como|así:?) [+A\d].*": "an example",
    r"Escribe el teléfono con la clave del país: .*": "an example",
    r"\+(1|52) .*": "dialling codes",
    r"1 USD = .*": "what a rate is of",
    r"El (mes|día) va de 1 a (12|31)\.": "the calendar",
    r"Escribe el monto con dos decimales, .*": "the currencies have cents",
    r"Escribe cuánto pagó; 0 si no pagó\.": "nothing",
    r"\d\. .*": "headings of the privacy notice",
    r"Ley General de Protección de Datos Personales .*": "names of laws",
    r"Tienes derecho a acceder a tus datos.*": "terms of a law, told as it has them",
    r"Última actualización: .*": "the date of the notice",
    r"Envía JSON bien formado, en UTF-8\.|Idioma BCP 47\.": "names of standards",
    r"Idempotency-Key lleva de 1 a 128 .*": "the header's form",
    r".*Grupo 4": "a name",
    r"\d+ (a \d+ )?años( o más)?": "ages that are counted together: their form",
    r".*(SHA-256|Ed25519).*": "names of standards",
    r".*Son 64 signos: cifras y letras .*": "the length of a hash: its form",
    r"(Antes hubo|En esta oficina hay|De %\(country\)s se publicaron) cientos .*": (
        "of an unlikely count, not of its bounds"
    ),
    r"Dos ventanillas .*|.*\bdos (personas|cosas|puntos|citas)\b.*": "a pair",
    r".*[Dd]esde hace (más de )?una hora.*": "the name of an incident",
    r".*puede tardar un minuto o más\..*": "an unlikely wait, not its bounds",
    r".*hace menos de un minuto\.": "the least that is told of a time",
}


def _texts() -> Iterator[tuple[str, str, str]]:
    """(Spanish, language, text) of all that is said."""
    for message in read_catalogue("en"):
        if not message.id:
            continue
        spanish = message.id if isinstance(message.id, str) else message.id[0]
        for language, said in (("es", message.id), ("en", message.string)):
            for text in [said] if isinstance(said, str) else said:
                yield spanish, language, text


def _numbered() -> set[str]:
    return {
        spanish
        for spanish, language, text in _texts()
        if NUMBER[language].search(PLACEHOLDER.sub(" ", text))
    }


def test_no_text_holds_a_number_of_its_own() -> None:
    """Name it ``%(minutes)s`` and give its value from the dated data or the rule's constant."""
    wrong = [t for t in _numbered() if not any(re.fullmatch(a, t, re.DOTALL) for a in ALLOWED)]
    assert sorted(wrong) == []


def test_each_exception_is_of_some_text() -> None:
    texts = _numbered()
    unused = [a for a in ALLOWED if not any(re.fullmatch(a, text, re.DOTALL) for text in texts)]
    assert unused == []
