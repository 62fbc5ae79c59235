"""The simulator's own pages show what the agencies hold and steer their faults, without script."""

from __future__ import annotations

import re
from dataclasses import fields, replace
from html import unescape
from pathlib import Path

import httpx

from integrations import simulator
from integrations.registry import AGENCIES
from integrations.sat.client import SatClient
from integrations.simulator.control_pages import FAULT_WORDS
from integrations.simulator.english import ENGLISH
from integrations.simulator.faults import Faults
from integrations.simulator.llavemx import REQUIRED
from integrations.simulator.personas import OFFICIALS
from tests.integrations.conftest import Clock, order_faults
from tests.integrations.test_tax_register import a_request

TEMPLATES = Path(str(simulator.__file__)).parent / "templates"
SPANISH_SAID = {spanish for spanish, english in ENGLISH.items() if spanish != english}
FORM = {"latency_ms": "0", "late_answer_ms": "12000", "honours_key": "on"}


def test_the_first_page_leads_to_every_agency(control: httpx.Client) -> None:
    page = control.get("/_simulator/")
    for code in AGENCIES:
        assert f'href="/_simulator/agencies/{code}"' in page.text
        assert control.get(f"/_simulator/agencies/{code}").status_code == 200
    assert "<script" not in page.text


def test_its_forms_may_go_to_itself_alone(control: httpx.Client) -> None:
    policy = control.get("/_simulator/").headers["content-security-policy"]
    assert "form-action 'self'" in policy
    assert "default-src 'none'" in policy


# Pages by what leads to them; the sign-in's without an address to return to is refused.
READ = (
    *("/_simulator/", "/_simulator/people", "/_simulator/messages", "/_simulator/agencies/sat"),
    *("/llavemx/oauth.xhtml", "/oidc/authorize"),
)


def test_whatever_a_page_says_has_its_english() -> None:
    """A page says nothing but by ``_()``, and what Python says to it is in the table too."""
    said: set[str] = set()
    for template in TEMPLATES.glob("*.html"):
        text = template.read_text(encoding="utf-8")
        said |= set(re.findall(r"""_[(]"([^"]+)\"""", text))
        without_code = re.sub(r"<style>.*?</style>|{[{%].*?[%}]}|<[^>]*>", " ", text, flags=re.S)
        assert set(re.findall(r"[^\W\d_]+", without_code)) <= {"UTC"}, template.name
    duties = {official.duty for official in OFFICIALS.values()}
    assert said | duties | {*FAULT_WORDS.values(), *REQUIRED.values()} <= set(ENGLISH)
    assert not any(re.search("[áéíóúñ¿¡]", text) for text in ENGLISH.values())


def test_the_pages_are_english_for_who_chose_it(sat: SatClient, control: httpx.Client) -> None:
    sat.request(a_request())
    assert '<html lang="es">' in control.get("/_simulator/").text
    # The link to the other language is remembered by the cookie, the product's own.
    control.get("/_simulator/?lang=en")
    for page in READ:
        text = unescape(control.get(page).text)
        assert '<html lang="en">' in text
        assert not SPANISH_SAID & {each.strip() for each in re.findall(r"[^<>]+", text)}
        assert "lang=es" in text
    wrong = control.post("/_simulator/agencies/sat", data={**FORM, "error_rate": "2"})
    assert "Write a number from 0 to 1." in wrong.text
    control.cookies.clear()
    wrong = control.post("/_simulator/agencies/sat", data={**FORM, "latency_ms": "x"})
    assert "Escribe un número entero de 0 a 600000." in wrong.text


def test_the_form_shows_every_switch_and_puts_it_in_force(control: httpx.Client) -> None:
    assert {field.name for field in fields(Faults)} == set(FAULT_WORDS)
    page = control.get("/_simulator/agencies/sat").text
    assert set(re.findall(r'name="(\w+)"', page)) - {"viewport", "calm"} == set(FAULT_WORDS)
    sent = control.post("/_simulator/agencies/sat", data={**FORM, "garbage_rate": "0.25"})
    assert (sent.status_code, sent.headers["location"]) == (303, "/_simulator/agencies/sat")
    assert control.get("/_simulator/faults/sat").json()["garbage_rate"] == 0.25
    assert "garbage_rate" in control.get("/_simulator/agencies/sat").text


def test_the_box_for_keys_says_no_when_it_is_not_ticked(control: httpx.Client) -> None:
    control.post("/_simulator/agencies/sat", data={"latency_ms": "0"})
    assert control.get("/_simulator/faults/sat").json()["honours_key"] is False


def test_a_number_that_makes_no_sense_changes_nothing_and_is_named(control: httpx.Client) -> None:
    for wrong in ("mucho", "2", "nan", ""):
        page = control.post("/_simulator/agencies/sat", data={**FORM, "error_rate": wrong})
        assert page.status_code == 422
        assert 'aria-describedby="error_rate-error"' in page.text
    assert control.get("/_simulator/faults/sat").json()["error_rate"] == 0


def test_buttons_calm_one_agency_or_all(control: httpx.Client) -> None:
    for code in ("sat", "finabien"):
        order_faults(control, code, unavailable_rate=1)
    control.post("/_simulator/agencies/sat", data={"calm": "1"})
    rates = [
        control.get(f"/_simulator/faults/{code}").json()["unavailable_rate"]
        for code in ("sat", "finabien")
    ]
    assert rates == [0, 1]
    control.post("/_simulator/calm")
    assert control.get("/_simulator/faults/finabien").json()["unavailable_rate"] == 0


def test_a_person_and_what_happened_to_each_folio(
    sat: SatClient, control: httpx.Client, clock: Clock
) -> None:
    sat.request(a_request())
    people = control.get("/_simulator/people").text
    assert a_request().curp in people
    assert f"{a_request().folio}: RECIBIDA" in people
    page = control.get("/_simulator/agencies/sat").text
    assert f"sat-{a_request().folio}-decided" in page
    assert "hecho 1 vez" in page
    clock.forward(3)
    assert f"{a_request().folio}: ACTIVA" in control.get("/_simulator/people").text


def test_another_sites_page_steers_nothing(control: httpx.Client) -> None:
    order_faults(control, "sat", unavailable_rate=1)
    answer = control.post("/_simulator/calm", headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403
    assert control.get("/_simulator/faults/sat").json()["unavailable_rate"] == 1


def test_what_was_sent_is_shown_as_text(sat: SatClient, control: httpx.Client) -> None:
    sat.request(replace(a_request(), given_names="<b>Ana</b>"))
    assert "<b>Ana" not in control.get("/_simulator/agencies/sat").text


def test_an_agency_that_is_not_played_has_no_page(control: httpx.Client) -> None:
    assert control.get("/_simulator/agencies/nadie").status_code == 404
    assert control.post("/_simulator/agencies/nadie", data=FORM).status_code == 404
