"""Languages: messages, and dates, times, amounts and folios as people say them.

Every ``_("…")`` holds the Spanish text; `services.kernel.catalogue` has its English.

After adding or changing a text::

    python -m consular.i18n update

re-reads the sources into the catalogue, keeps what is translated, drops what is no longer used,
and lists what still lacks its English; write that into the ``.po`` file. A test fails until it is
there.
In templates a literal per cent sign inside ``_()`` is written ``%%``.
"""

import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from datetime import date, datetime, time
from decimal import Decimal
from functools import lru_cache
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any, cast
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import (
    format_date,
    format_time,
    get_day_names,
    get_timezone_location,
)
from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po, write_po
from babel.numbers import format_decimal
from babel.support import NullTranslations
from flask import Flask, request
from flask_babel import Babel, Domain, force_locale, get_locale, gettext
from werkzeug.datastructures import LanguageAccept
from werkzeug.http import parse_accept_header

from services.enrollments.programs.schema import Bilingual
from services.kernel.catalogue import DEFAULT_LANGUAGE, LANGUAGES, catalogue_resource, translations
from services.kernel.collation import alphabetical
from services.kernel.money import Money
from services.words import TABLES

LANGUAGE_COOKIE = "lang"

# Mexican Spanish, for 5,529.63 rather than 5.529,63.
_LOCALES = {language: Locale.parse(name) for language, name in (("es", "es_MX"), ("en", "en_US"))}
MEXICO_CITY = "America/Mexico_City"
_DATE_LONG = {"es": "EEEE d 'de' MMMM 'de' y", "en": "EEEE, MMMM d, y"}
_DATE_PLAIN = {"es": "d 'de' MMMM 'de' y", "en": "MMMM d, y"}
_MONTH = {"es": "LLLL 'de' y", "en": "LLLL y"}
_DATE_SHORT = {"es": "d MMM y", "en": "MMM d, y"}
_TIME = "h:mm a"
# As Spanish is written: «2:45 p. m.», with spaces at which no line breaks.
_HALF_DAYS = {"a.m.": "a. m.", "p.m.": "p. m."}
_NO_BREAK_HYPHEN = "\N{NON-BREAKING HYPHEN}"
_NO_BREAK_SPACE = "\N{NO-BREAK SPACE}"
_FOLIO_GROUP = 4
_KEYWORDS = {
    **DEFAULT_KEYWORDS,
    "lazy_gettext": None,
    "lazy_ngettext": (1, 2),
    "lazy_pgettext": ((1, "c"), 2),
}


class _MemoryDomain(Domain):  # type: ignore[misc]  # Flask-Babel ships no types
    """Messages from the catalogues in memory."""

    def get_translations(self) -> NullTranslations:
        return translations(current_language())


class _Babel(Babel):  # type: ignore[misc]
    """Flask-Babel with our domain in place of one that looks for compiled files."""

    def __init__(self, domain: Domain) -> None:
        super().__init__()
        self._memory_domain = domain

    @property
    def domain_instance(self) -> Domain:
        return self._memory_domain


def init_i18n(app: Flask) -> None:
    """Install languages, ``_()`` and the filters of this module into an application."""
    _Babel(_MemoryDomain()).init_app(
        app, default_locale=str(_LOCALES[DEFAULT_LANGUAGE]), locale_selector=_select_locale
    )
    app.jinja_env.filters.update(_FILTERS)
    app.jinja_env.globals["current_language"] = current_language
    app.jinja_env.globals["languages"] = LANGUAGES
    app.jinja_env.globals["words"] = words


def current_language() -> str:
    """``es`` or ``en``, as chosen for this request; ``es`` outside of one."""
    locale = get_locale()
    return cast(str, locale.language) if locale else DEFAULT_LANGUAGE


def country_name(code: str) -> str:
    """What a country is called, by its ISO code."""
    return str(_locale().territories.get(code, code))


_EMBASSY = "seccion_consular"
_IN = {"es": " en ", "en": " in "}


def weekday_names() -> list[tuple[int, str]]:
    """(ISO's number, name) of each day of the week in the reader's language, Monday first."""
    names = get_day_names("wide", locale=current_language())
    return [(day + 1, names[day]) for day in range(7)]


def reading_in(language: str) -> AbstractContextManager[None]:
    """Say everything in this language meanwhile, whatever the request's is."""
    return cast("AbstractContextManager[None]", force_locale(_LOCALES[language]))


def in_language(row: Any, field: str) -> str:
    """``row.<field>_en`` for readers of English, else ``row.<field>_es``; empty where none is."""
    language = "en" if current_language() == "en" else "es"
    return str(getattr(row, f"{field}_{language}") or "")


def in_own_language(row: Any, field: str) -> Any:
    """``row.<field>_es`` for readers of Spanish where it has one, else ``row.<field>``."""
    spanish = getattr(row, f"{field}_es") if current_language() == "es" else None
    return spanish or getattr(row, field)


def city_in_language(office: Any) -> str:
    """The city as the reader calls it: a consulate's name ends with it, an embassy's does not."""
    _office, known, city = in_language(office, "name").rpartition(_IN[current_language()])
    return city if known and office.kind != _EMBASSY else str(office.city)


def translated(text: Bilingual) -> str:
    """A text of the programs in the reader's language."""
    return text.read_in(current_language())


def _select_locale() -> Locale:
    """Pages go by the reader's own choice, Spanish first; the API by ``Accept-Language``.

    The API's reader is a page, although it lives among the API's addresses.
    """
    if request.path.startswith("/api/") and request.path != "/api/docs":
        return _LOCALES[_best_accepted(request.headers.get("Accept-Language"))]
    language = request.args.get("lang", request.cookies.get(LANGUAGE_COOKIE, DEFAULT_LANGUAGE))
    return _LOCALES.get(language, _LOCALES[DEFAULT_LANGUAGE])


@lru_cache(maxsize=64)
def _best_accepted(header: str | None) -> str:
    """The language that the caller likes best, by its first part: es-419 and es-US are Spanish,
    also where plain ``en`` stands behind them. Callers send few different headers, and each refusal
    would read its own anew."""
    accepted = (tag for tag, quality in parse_accept_header(header, LanguageAccept) if quality > 0)
    wanted = (tag.replace("_", "-").split("-")[0].lower() for tag in accepted)
    return next((language for language in wanted if language in LANGUAGES), DEFAULT_LANGUAGE)


def words(table: str, code: str, **values: object) -> str:
    """What a slice calls a code, such as ``"appointments.status"``: one of `services.words.TABLES`.
    A code without words of its own shows as it is. ``values`` stand for ``%(name)s``."""
    said = str(gettext(TABLES[table].get(code, code)))
    return said % values if values else said


def in_order(rows: Iterable[Mapping[str, Any]], name: str = "label") -> list[Mapping[str, Any]]:
    """Rows, such as a list's choices, in the alphabet of what they are called."""
    return sorted(rows, key=lambda row: alphabetical(str(row[name])))


# --- Filters: how things are said -------------------------------------------------------------


def date_long(value: date | datetime, zone: str | None = None) -> str:
    """«lunes 7 de diciembre de 2026». A datetime needs the IANA zone in which it is read."""
    return _on_day(value, zone, _DATE_LONG)


def date_plain(value: date | datetime, zone: str | None = None) -> str:
    """«12 de mayo de 1990», where the day of the week says nothing, as in a date of birth."""
    return _on_day(value, zone, _DATE_PLAIN)


def date_short(value: date | datetime, zone: str | None = None) -> str:
    """«7 dic 2026», for tables."""
    return _on_day(value, zone, _DATE_SHORT)


def month_of_year(value: date) -> str:
    """«diciembre de 2026»."""
    return _on_day(value, None, _MONTH)


def time_of_day(value: time) -> str:
    """«9:00 a. m.» whatever the place, «9:00 AM» in English."""
    clock = str(format_time(value, _TIME, locale=_locale()))
    for written, spaced in _HALF_DAYS.items():
        clock = clock.replace(written, spaced)
    return re.sub(r"\s", _NO_BREAK_SPACE, clock)


def time_at(value: datetime, zone: str, place: str | bool = False) -> str:
    """«9:00 a. m.» on the clocks of an IANA zone, «9:00 AM» in English.

    ``place`` names whose clock that is, «9:00 a. m. (hora de Los Ángeles)»: a city, or True for the
    city that the zone itself is named after.
    """
    clock = time_of_day(_aware(value).astimezone(ZoneInfo(zone)).time())
    if not place:
        return clock
    city = zone_city(zone) if place is True else place
    return str(gettext("%(clock)s (hora de %(city)s)", clock=clock, city=city))


def zone_city(zone: str) -> str:
    """The city that a zone is named after, in the reader's language."""
    if zone == MEXICO_CITY:
        return str(gettext("la Ciudad de México"))  # CLDR has the name without its article
    city: str = get_timezone_location(ZoneInfo(zone), locale=_locale(), return_city=True)
    return city.rsplit("/", 1)[-1]


def moment(value: datetime, zone: str, place: str | bool = False) -> str:
    """«lunes 7 de diciembre de 2026 a las 9:00 a. m. (hora de Los Ángeles)»; see `time_at`."""
    clock = time_at(value, zone, place)
    return str(gettext("%(day)s a las %(clock)s", day=date_long(value, zone), clock=clock))


def deadline(value: datetime, zone: str, place: str | bool = True, *, with_day: bool = True) -> str:
    """A moment on the reader's clock and, where that one differs, on Mexico City's beside it:
    «lunes 7 de diciembre de 2026 a las 9:00 a. m. (hora de Los Ángeles), 11:00 a. m. (hora de la
    Ciudad de México)». Without ``with_day`` times only, but for another day in Mexico City."""
    here, there = (_aware(value).astimezone(ZoneInfo(z)) for z in (zone, MEXICO_CITY))
    own = moment(value, zone, place) if with_day else time_at(value, zone, place)
    if here.utcoffset() == there.utcoffset():
        return own
    say = time_at if here.date() == there.date() else moment
    return f"{own}, {say(value, MEXICO_CITY, True)}"


def amount(value: Decimal | str | int) -> str:
    """«500» or «5,478.21»: cents only where there are some."""
    exact = Decimal(value)
    pattern = "#,##0" if exact == exact.to_integral_value() else "#,##0.00"
    return str(format_decimal(exact, pattern, locale=_locale()))


def pesos(value: Mapping[str, Any]) -> str:
    """«5,478.21 pesos», of the API's money in MXN, on one line."""
    said = str(gettext("%(amount)s pesos", amount=amount(value["amount"])))
    return said.replace(" ", _NO_BREAK_SPACE)


def money(value: Money | Mapping[str, Any] | Decimal | str | int, currency: str = "") -> str:
    """«5,529.63 MXN», the amount and its currency on one line.

    Takes `Money`, the API's ``{"amount", "currency"}``, or an amount with its currency beside it.
    """
    if isinstance(value, Money):
        amount, currency = Decimal(value.amount), value.currency
    elif isinstance(value, Mapping):
        amount, currency = Decimal(value["amount"]), value["currency"]
    else:
        amount = Decimal(value)
    return f"{format_decimal(amount, '#,##0.00', locale=_locale())}{_NO_BREAK_SPACE}{currency}"


def number(value: int | Decimal) -> str:
    """A whole number with separators: «15,375»."""
    return str(format_decimal(value, locale=_locale()))


def folio(value: str) -> str:
    """«C7K3‑M9QX‑W42T»: groups of four held together by hyphens at which no line breaks."""
    groups = (value[at : at + _FOLIO_GROUP] for at in range(0, len(value), _FOLIO_GROUP))
    return _NO_BREAK_HYPHEN.join(groups)


_FILTERS: dict[str, Callable[..., Any]] = {
    "date_long": date_long,
    "date_plain": date_plain,
    "date_short": date_short,
    "time_at": time_at,
    "time_of_day": time_of_day,
    "in_order": in_order,
    "moment": moment,
    "deadline": deadline,
    "pesos": pesos,
    "money": money,
    "number": number,
    "folio": folio,
    "translated": translated,
}


def _locale() -> Locale:
    return get_locale() or _LOCALES[DEFAULT_LANGUAGE]


def _aware(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ValueError("a moment without a zone cannot be shown")
    return value


def _on_day(value: date | datetime, zone: str | None, patterns: Mapping[str, str]) -> str:
    if isinstance(value, datetime):
        if zone is None:
            raise ValueError("the day of a moment depends on the zone: name one")
        value = _aware(value).astimezone(ZoneInfo(zone)).date()
    return str(format_date(value, patterns[current_language()], locale=_locale()))


# --- The catalogue: `python -m consular.i18n update` ------------------------------------------


def catalogue_path(language: str) -> Path:
    """The ``.po`` file of a language in a checkout."""
    return Path(str(catalogue_resource(language)))


def extract_messages(root: Path) -> Catalog:
    """Every message of the sources under a checkout, as ``babel.cfg`` there says."""
    with (root / "babel.cfg").open(encoding="utf-8") as configuration:
        methods, options = parse_mapping_cfg(configuration)  # type: ignore[no-untyped-call]
    catalogue = Catalog(project="Consular", charset="utf-8")
    messages = extract_from_dir(root, methods, options, keywords=_KEYWORDS, comment_tags=("N:",))
    for filename, _line, message, comments, context in messages:
        # Line numbers would change the file with every edit of a source.
        catalogue.add(message, locations=[(filename, 0)], auto_comments=comments, context=context)
    return catalogue


def read_catalogue(language: str) -> Catalog:
    """The catalogue of a language with its notes, as written in the ``.po`` file."""
    with catalogue_path(language).open("rb") as source:
        return read_po(source, locale=language)


def untranslated(catalogue: Catalog) -> Iterator[str]:
    """The messages that have no text yet, or only some of their plural forms."""
    for message in catalogue:
        parts = message.string if isinstance(message.string, tuple | list) else [message.string]
        if message.id and not all(parts):
            yield message.id if isinstance(message.id, str) else message.id[0]


def update(root: Path, language: str) -> list[str]:
    """Bring a catalogue in line with the sources; the messages that still lack a translation."""
    catalogue = read_catalogue(language)
    catalogue.update(extract_messages(root), no_fuzzy_matching=True, update_creation_date=False)
    written = BytesIO()
    write_po(
        written, catalogue, width=100, ignore_obsolete=True, sort_output=True, include_lineno=False
    )
    catalogue_path(language).write_bytes(written.getvalue())
    return list(untranslated(catalogue))


def _main(arguments: list[str]) -> int:
    if arguments != ["update"]:
        sys.stderr.write("usage: python -m consular.i18n update\n")
        return 2
    report = StringIO()
    for language in LANGUAGES.keys() - {DEFAULT_LANGUAGE}:
        missing = update(Path(__file__).parent.parent, language)
        report.write(f"{language}: {len(missing)} without a translation\n")
        report.writelines(f"  {message}\n" for message in missing)
    sys.stdout.write(report.getvalue())
    return 0


if __name__ == "__main__":
    sys.exit(_main(sys.argv[1:]))
