"""Marshmallow fields: what may come in, and how it is said when it may not."""

from __future__ import annotations

import re
import unicodedata
from calendar import monthrange
from collections.abc import Callable, Collection, Mapping
from datetime import date, datetime
from functools import cache
from typing import Any
from zoneinfo import available_timezones

from flask_babel import lazy_gettext as _
from marshmallow import ValidationError, fields, validate

from consular.auth import now
from services.files.rules import MOST_BYTES
from services.kernel.identifiers import (
    means_no_surname,
    parse_card,
    parse_clabe,
    parse_curp,
    parse_mexican_phone,
    parse_nss,
    parse_personal_rfc,
    parse_phone,
    unwritable_in_name,
)
from services.kernel.ids import MOST_TYPED, parse_folio
from services.kernel.money import Money

MISSING = _("Falta este dato.")
NOT_TEXT = _("Debe ser texto.")
NOT_WHOLE = _("Debe ser un número entero.")
FOLIO_FORM = _(
    "Revisa el folio: son 12 letras y números que empiezan con C (cita), E (inscripción) o"
    " R (envío)."
)
EARLIEST_BIRTH = date(1900, 1, 1)


# What marshmallow says of the fields that have no words of their own.
_STANDARD = (
    (r"Unknown field", _("No conocemos este campo.")),
    (r"Missing data|Field may not be null", MISSING),
    (r"Not a valid string", NOT_TEXT),
    (r"Not a valid (integer|number)|Number too large", NOT_WHOLE),
    (r"Not a valid boolean", _("Debe ser true o false.")),
    (r"Not a valid UUID", _("Debe ser un identificador (UUID).")),
    (
        r"Not a valid (list|mapping type)|Invalid (type|input type)",
        _("Debe ser una lista o un objeto."),
    ),
    (r"Length must|Shorter than|Longer than", _("Revisa cuántos elementos lleva.")),
)


def translate_message(message: object) -> str:
    """A message in the reader's language, also where it is marshmallow's own."""
    text = str(message)
    ours = (words for pattern, words in _STANDARD if re.match(pattern, text))
    return str(next(ours, text))


class Pattern(validate.Regexp):
    """The whole text is as the pattern says; written so that JavaScript reads it alike."""

    def __init__(self, pattern: str, *, error: Any) -> None:
        super().__init__(f"^(?:{pattern})$", flags=re.ASCII, error=error)

    def __call__(self, value: Any) -> Any:
        # Python's ``$`` also matches before a line break at the end.
        if self.regex.fullmatch(value) is None:
            raise ValidationError(self._format_error(value))
        return value


class Flag(fields.Boolean):
    """JSON's true or false, and nothing that is only read as one."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> bool:
        if not isinstance(value, bool):
            raise ValidationError([_("Debe ser true o false.")])
        return value


class WholeNumber(fields.Integer):
    """An integer of JSON: no text, no fraction, no true."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> int:
        if not isinstance(value, int) or isinstance(value, bool):
            raise ValidationError([NOT_WHOLE])
        return value


class NumberInQuery(fields.Integer):
    """A whole number in an address: plain digits, no sign, no separators."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> int:
        if not isinstance(value, str) or not re.fullmatch(r"[0-9]{1,9}", value):
            raise ValidationError([NOT_WHOLE])
        return int(value)


class Identifier(fields.UUID):
    """A UUID in its usual form, with dashes."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> Any:
        if not isinstance(value, str) or not _UUID.fullmatch(value):
            raise ValidationError([_("Debe ser un identificador (UUID).")])
        return super()._deserialize(value, attr, data, **kwargs)


class ClockTime(fields.Time):
    """Hours and minutes, as 09:00."""

    def __init__(self, **kwargs: Any) -> None:
        messages = {"required": MISSING, "null": MISSING}
        shape = {"pattern": f"^{CLOCK}$", "examples": ["09:00"]}
        super().__init__(format="%H:%M", error_messages=messages, metadata=shape, **kwargs)

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> Any:
        if not isinstance(value, str) or not re.fullmatch(CLOCK, value):
            raise ValidationError([_("Escribe la hora, como 09:00.")])
        return super()._deserialize(value, attr, data, **kwargs)


CODE = r"[A-Za-z0-9][A-Za-z0-9_\-]{0,39}"
CLOCK = "([01][0-9]|2[0-3]):[0-5][0-9]"
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_UUID = re.compile(r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
# RFC 3339, where seconds may be left out.
_MOMENT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?"
    r"(Z|[+-][0-9]{2}:[0-9]{2})",
    re.IGNORECASE,
)


# Control, surrogate, unassigned and invisible format characters, which turn or hide what is read.
_UNUSABLE = frozenset({"Cc", "Cs", "Cn", "Cf"})
# Written Persian and composed emoji need these two.
_JOINERS = "\u200c\u200d"


class Text(fields.String):
    """Plain text of bounded length: no control characters, none that PostgreSQL can't keep."""

    def __init__(self, *, most: int = 200, least: int = 1, **kwargs: Any) -> None:
        super().__init__(
            validate=validate.Length(
                min=least, max=most, error=_("Usa de {min} a {max} caracteres.")
            ),
            error_messages={"required": MISSING, "null": MISSING, "invalid": NOT_TEXT},
            **kwargs,
        )
        self.metadata = {**self.metadata, "minLength": least, "maxLength": most}

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> str:
        text = super()._deserialize(value, attr, data, **kwargs).strip()
        # Printable text has none of them; only the rest is looked at letter by letter.
        if not text.isprintable() and any(
            unicodedata.category(c) in _UNUSABLE and c not in _JOINERS for c in text
        ):
            raise ValidationError([_("Lleva un carácter que no se puede usar.")])
        return unicodedata.normalize("NFC", text)


class FileText(Text):
    """The text of a file, line by line."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> str:
        whole = fields.String._deserialize(self, value, attr, data, **kwargs)
        lines = whole.removeprefix("\ufeff").replace("\t", " ").split("\n")
        for line in lines:
            super()._deserialize(line.removesuffix("\r"), attr, data, **kwargs)
        return whole


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


class Zone(Text):
    """The IANA name of a time zone."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(most=60, **kwargs)

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> str:
        zone = super()._deserialize(value, attr, data, **kwargs)
        if zone not in _zones():
            raise ValidationError([_("Escribe la zona horaria, como America/Denver.")])
        return zone


MOST_OF_NAME = 80


class Name(Text):
    """A person's name as in their documents, kept as it was typed."""

    def __init__(self, *, least: int = 1, **kwargs: Any) -> None:
        super().__init__(most=MOST_OF_NAME, least=least, **kwargs)

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> str:
        text = super()._deserialize(value, attr, data, **kwargs)
        if text:
            _refuse_no_name(text)
        return text


class SecondSurname(Name):
    """None where there is none, however that is said: null, "", X, N/A, SIN APELLIDO, a dash."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(least=0, load_default=None, allow_none=True, **kwargs)

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> Any:
        absent = isinstance(value, str) and means_no_surname(value)
        return None if absent else super()._deserialize(value, attr, data, **kwargs)

    def _validate(self, value: Any) -> None:
        if value is not None:
            super()._validate(value)


def _refuse_no_name(text: str) -> None:
    """Raise ValidationError for what can be nobody's name."""
    odd = unwritable_in_name(text)
    if odd is not None and odd.isprintable():
        raise ValidationError([_("Un nombre no lleva «%(sign)s»: escribe solo letras.", sign=odd)])
    if odd is not None or not any(c.isalpha() for c in text):
        raise ValidationError([_("Escribe el nombre con letras.")])
    if len(text) > 1 and means_no_surname(text):
        raise ValidationError(
            [
                _(
                    "Escribe el nombre de tu documento. Si trae uno solo, ponlo en el nombre"
                    " y en el primer apellido."
                )
            ]
        )


class SearchText(Text):
    """What is looked for, often pasted or scanned: characters that don't show are dropped."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> str:
        if isinstance(value, str):
            value = "".join(c for c in value if unicodedata.category(c) != "Cf")
        return super()._deserialize(value, attr, data, **kwargs)


class Folio(SearchText):
    """A folio however it was typed, pasted or scanned."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(most=MOST_TYPED, **kwargs)

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> str:
        folio = parse_folio(super()._deserialize(value, attr, data, **kwargs))
        if folio is None:
            raise ValidationError([FOLIO_FORM])
        return folio


class _Parsed(Text):
    parse: Callable[[str], str] = staticmethod(str)
    message: Any = ""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> str:
        text = super()._deserialize(value, attr, data, **kwargs)
        try:
            return type(self).parse(text)
        except ValueError:
            raise ValidationError([self.message]) from None


class Curp(_Parsed):
    """Eighteen characters with a good check character."""

    parse = staticmethod(parse_curp)
    message = _("La CURP no es correcta: revisa sus 18 caracteres.")


class Rfc(_Parsed):
    """A person's: thirteen characters. Its check digit isn't asked for: some real ones fail it."""

    parse = staticmethod(parse_personal_rfc)
    message = _("El RFC no es correcto: son 13 letras y números.")


class Nss(_Parsed):
    """Eleven digits with a good check digit."""

    parse = staticmethod(parse_nss)
    message = _("El NSS no es correcto: revisa sus 11 números.")


class Clabe(_Parsed):
    """Eighteen digits with a good check digit."""

    parse = staticmethod(parse_clabe)
    message = _("La CLABE no es correcta: revisa sus 18 dígitos.")


class Card(_Parsed):
    """A card's number."""

    parse = staticmethod(parse_card)
    message = _("El número de tarjeta no es correcto: compáralo con la tarjeta.")


class Phone(_Parsed):
    """A telephone number with its country code: ten digits could be of two countries."""

    parse = staticmethod(parse_phone)
    message = _("Escribe el teléfono con la clave del país: +1 213 555 0123, o +52 55 1234 5678.")


class MexicanPhone(_Parsed):
    """A telephone number in Mexico: ten digits, with or without the country's code."""

    parse = staticmethod(parse_mexican_phone)
    message = _("Escribe los 10 números de su teléfono en México, como 55 1234 5678.")


class Email(Text):
    """Something at somewhere. Whether it works is shown by the code that arrives."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(most=254, **kwargs)

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> str:
        text = super()._deserialize(value, attr, data, **kwargs).lower()
        name, at, host = text.rpartition("@")
        if (
            not at
            or not name
            or "." not in host.strip(".")
            or any(c.isspace() or c in "<>,;" for c in text)
        ):
            raise ValidationError([_("El correo va completo y sin espacios, como ana@ejemplo.mx.")])
        return text


class _Date(fields.Date):
    def __init__(self, **kwargs: Any) -> None:
        messages = {
            "required": MISSING,
            "null": MISSING,
            "invalid": _("Escribe la fecha completa."),
        }
        super().__init__(format="iso", error_messages=messages, **kwargs)

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> date:
        # Python also reads 19900512 and 1990-W19-6.
        if isinstance(value, str):
            fault = date_fault(value)
            if fault is not None:
                raise ValidationError([fault])
        if not isinstance(value, str) or not _DAY.fullmatch(value):
            raise self.make_error("invalid", input=value, obj_type=self.OBJ_TYPE)
        return super()._deserialize(value, attr, data, **kwargs)


def date_fault(text: str) -> Any:
    """What is wrong with a date of three numbers, year first, in words; None where nothing is,
    or where it is no date at all."""
    parts = text.split("-")
    if len(parts) != 3 or any(len(part) > 4 for part in parts):
        return None
    if not all(part.isascii() and part.isdigit() for part in parts):
        return _("Escribe la fecha con números: día, mes y año.")
    year, month, day = map(int, parts)
    if not (year and month and day):
        return _("Escribe el día, el mes y el año.")
    return _beyond(year, month, day)


def _beyond(year: int, month: int, day: int) -> Any:
    if year < 1000:
        return _("Escribe el año con cuatro números, como 1990.")
    if month > 12:
        return _("El mes va de 1 a 12.")
    if day > 31:
        return _("El día va de 1 a 31.")
    days = monthrange(year, month)[1]
    return _("Ese mes tiene %(days)s días.", days=days) if day > days else None


class BirthDate(_Date):
    """A day of this or the last century."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> date:
        day: date = super()._deserialize(value, attr, data, **kwargs)
        # A day's slack: it may be tomorrow already where the person is.
        if day < EARLIEST_BIRTH:
            raise ValidationError(
                [_("Revisa el año de nacimiento: va desde %(year)s.", year=EARLIEST_BIRTH.year)]
            )
        if (day - now().date()).days > 1:
            raise ValidationError([_("La fecha de nacimiento no puede estar en el futuro.")])
        return day


class Day(_Date):
    """A day of the calendar within reach of the system."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> date:
        day: date = super()._deserialize(value, attr, data, **kwargs)
        if not 2000 <= day.year <= 2200:
            raise ValidationError([_("Esa fecha no se puede usar.")])
        return day


class Moment(fields.AwareDateTime):
    """A time with its offset; a naive one is refused."""

    def __init__(self, **kwargs: Any) -> None:
        message = _("Escribe la hora con su zona, como 2026-12-07T09:00:00-08:00.")
        messages = {"required": MISSING, "null": MISSING, "invalid": message,
                    "invalid_awareness": message, "format": message}  # fmt: skip
        super().__init__(format="iso", error_messages=messages, **kwargs)

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> datetime:
        # In an address, a plus that wasn't escaped arrives as a space.
        text = value.replace(" ", "+") if isinstance(value, str) else ""
        if not _MOMENT.fullmatch(text):
            raise self.make_error("invalid", input=value, obj_type=self.OBJ_TYPE)
        moment: datetime = super()._deserialize(text, attr, data, **kwargs)
        if not 2000 <= moment.year <= 2200:
            raise ValidationError([_("Esa fecha no se puede usar.")])
        return moment


class MoneyField(fields.Field[Money]):
    """``{"amount": "100.00", "currency": "USD"}``: text, at most two decimals, never negative."""

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> Money:
        if not isinstance(value, dict) or set(value) != {"amount", "currency"}:
            raise ValidationError([_("Escribe monto y moneda.")])
        amount, currency = value["amount"], value["currency"]
        if not isinstance(amount, str) or not isinstance(currency, str):
            raise ValidationError([_("El monto va como texto, por ejemplo 300.00.")])
        try:
            return Money.parse(amount, currency)
        except ValueError:
            raise ValidationError(
                [_("Escribe el monto con dos decimales, en USD o MXN.")]
            ) from None

    def _serialize(self, value: Money | None, attr: Any, obj: Any, **kwargs: Any) -> Any:
        return value.as_dict() if value else None


class Choice(fields.String):
    """One of a few words."""

    def __init__(self, choices: Collection[str], **kwargs: Any) -> None:
        super().__init__(
            validate=validate.OneOf(choices, error=_("Elige una de las opciones.")),
            error_messages={"required": MISSING, "null": MISSING, "invalid": NOT_TEXT},
            **kwargs,
        )


class Code(fields.String):
    """A code of ours: a service, an office."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            validate=Pattern(CODE, error=_("No conocemos ese código.")),
            error_messages={"required": MISSING, "null": MISSING, "invalid": NOT_TEXT},
            **kwargs,
        )


class UploadedFile(fields.Raw):
    """A file of a form, as `consular.uploads` read it."""

    def __init__(self, **kwargs: Any) -> None:
        shape = {"type": "string", "format": "binary", "maxLength": MOST_BYTES}
        super().__init__(metadata=shape, **kwargs)
