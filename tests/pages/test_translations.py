"""Every text has its English, and dates, amounts and folios are said as people say them."""

import re
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from flask import Flask
from flask_babel import force_locale, gettext

from consular import i18n
from services.kernel.money import Money

ROOT = Path(__file__).parents[2]
LOS_ANGELES = "America/Los_Angeles"
NINE_IN_LOS_ANGELES = datetime(2026, 12, 7, 17, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def sources() -> Catalog:
    return i18n.extract_messages(ROOT)


@pytest.fixture(scope="module")
def english() -> Catalog:
    return i18n.read_catalogue("en")


@pytest.fixture
def app() -> Flask:
    app = Flask(__name__)
    i18n.init_i18n(app)
    app.add_url_rule("/page", view_func=lambda: gettext("Entrar"), endpoint="page")
    app.add_url_rule("/api/v1/page", view_func=lambda: gettext("Entrar"), endpoint="api")
    return app


def keys(catalogue: Catalog) -> set[tuple[object, object]]:
    return {(message.id, message.context) for message in catalogue if message.id}


def test_every_message_of_the_sources_is_in_the_english_catalogue_and_no_other(
    sources: Catalog, english: Catalog
) -> None:
    remedy = "run: python -m consular.i18n update"
    assert keys(sources) - keys(english) == set(), remedy
    assert keys(english) - keys(sources) == set(), remedy
    assert not english.obsolete, remedy


def test_every_message_has_its_english(english: Catalog) -> None:
    assert list(i18n.untranslated(english)) == []
    assert [message.id for message in english if message.id and message.fuzzy] == []


def test_translations_keep_the_placeholders(english: Catalog) -> None:
    holder = re.compile(r"%\(\w+\)[sd]|%%|\{\w+\}")
    differing = [
        message.id
        for message in english
        if isinstance(message.id, str)
        and message.id
        and sorted(holder.findall(message.id)) != sorted(holder.findall(str(message.string)))
    ]
    assert differing == []


def test_a_per_cent_sign_in_a_template_is_doubled_so_that_it_is_not_taken_for_a_placeholder(
    sources: Catalog,
) -> None:
    lone = re.compile(r"%(?![(%])")
    wrong = [
        message.id
        for message in sources
        if isinstance(message.id, str)
        and any(str(name).endswith(".html") for name, _line in message.locations)
        and lone.search(message.id.replace("%%", ""))
    ]
    assert wrong == []


NINE = "9:00 a. m.".replace(" ", "\N{NO-BREAK SPACE}")


@pytest.mark.parametrize(
    ("address", "cookie", "accept", "said"),
    [
        ("/page", None, "en", "Entrar"),
        ("/page?lang=en", None, "es", "Sign in"),
        ("/page", "en", "es", "Sign in"),
        ("/page?lang=xx", None, "en", "Entrar"),
        ("/api/v1/page", "en", "", "Entrar"),
        ("/api/v1/page", None, "en-US,en;q=0.9,es;q=0.5", "Sign in"),
        ("/api/v1/page", None, "fr", "Entrar"),
    ],
)
def test_pages_go_by_the_readers_choice_and_the_api_by_accept_language(
    app: Flask, address: str, cookie: str | None, accept: str, said: str
) -> None:
    client = app.test_client()
    if cookie:
        client.set_cookie("lang", cookie)
    assert client.get(address, headers={"Accept-Language": accept}).text == said


@pytest.mark.parametrize(
    ("locale", "day", "clock", "whole"),
    [
        (
            "es_MX",
            "lunes 7 de diciembre de 2026",
            f"{NINE} (hora de Los Ángeles)",
            f"lunes 7 de diciembre de 2026 a las {NINE} (hora de El Paso)",
        ),
        (
            "en_US",
            "Monday, December 7, 2026",
            "9:00\N{NO-BREAK SPACE}AM (Los Angeles time)",
            "Monday, December 7, 2026 at 9:00\N{NO-BREAK SPACE}AM (El Paso time)",
        ),
    ],
)
def test_moments_are_read_on_the_offices_clock_and_name_it(
    app: Flask, locale: str, day: str, clock: str, whole: str
) -> None:
    with app.test_request_context(), force_locale(locale):
        assert i18n.date_long(NINE_IN_LOS_ANGELES, LOS_ANGELES) == day
        assert i18n.date_long(date(2026, 12, 7)) == day
        assert i18n.date_plain(date(2026, 12, 7)) in day
        assert i18n.time_at(NINE_IN_LOS_ANGELES, LOS_ANGELES, True) == clock
        assert i18n.moment(NINE_IN_LOS_ANGELES, LOS_ANGELES, "El Paso") == whole


def test_a_moment_without_a_zone_is_never_shown(app: Flask) -> None:
    naive = NINE_IN_LOS_ANGELES.replace(tzinfo=None)
    with app.test_request_context():
        with pytest.raises(ValueError, match="without a zone"):
            i18n.time_at(naive, LOS_ANGELES)
        with pytest.raises(ValueError, match="name one"):
            i18n.date_long(NINE_IN_LOS_ANGELES)


@pytest.mark.parametrize(
    "value",
    [Money(552_963, "MXN"), {"amount": "5529.63", "currency": "MXN"}],
)
def test_amounts_show_their_currency(app: Flask, value: Money | dict[str, str]) -> None:
    with app.test_request_context():
        assert i18n.money(value) == "5,529.63\N{NO-BREAK SPACE}MXN"
        assert i18n.money("5529.63", "MXN") == i18n.money(value)


def test_folios_stand_in_groups_of_four_that_never_break(app: Flask) -> None:
    hyphen = "\N{NON-BREAKING HYPHEN}"
    assert i18n.folio("C7K3M9QXW42T") == hyphen.join(["C7K3", "M9QX", "W42T"])


def test_updating_an_updated_catalogue_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    updated = i18n.catalogue_path("en").read_bytes()
    copy = tmp_path / "messages.po"
    copy.write_bytes(updated)
    monkeypatch.setattr(i18n, "catalogue_path", lambda _language: copy)
    assert i18n.update(ROOT, "en") == []
    assert copy.read_bytes() == updated
