"""The register gives an RFC to whoever is who their CURP says, and says no otherwise."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stdnum.mx import curp as stdnum_curp
from stdnum.mx import rfc as stdnum_rfc

from integrations.contracts import EnrollmentApplication, EnrollmentStatus
from integrations.errors import OutcomeUnknown, Refused
from integrations.sat.client import SatClient
from integrations.simulator.app import Simulator
from integrations.simulator.names import Person, agrees, make_curp, make_rfc, well_formed
from tests.integrations.conftest import Clock, Product, effects, order_faults

PERSON = Person("Persona", "Demo", "Uno", date(1985, 3, 14))


def a_request(
    folio: str = "E7K3M9QXW42T", person: Person = PERSON, curp: str = ""
) -> EnrollmentApplication:
    """A request whose CURP agrees, unless another is given."""
    return EnrollmentApplication(
        folio=folio,
        program="rfc",
        curp=curp or make_curp(person, "M"),
        given_names=person.given_names,
        first_surname=person.first_surname,
        second_surname=person.second_surname,
        birth_date=person.birth_date,
        email=None,
    )


def test_a_request_is_received_reviewed_and_active_within_seconds(
    sat: SatClient, clock: Clock
) -> None:
    folio = a_request().folio
    assert sat.request(a_request()).status is EnrollmentStatus.RECEIVED
    clock.forward(1)
    assert sat.status(folio).status is EnrollmentStatus.IN_REVIEW
    clock.forward(0.5)
    state = sat.status(folio)
    assert state.status is EnrollmentStatus.APPOINTMENT_SCHEDULED
    assert state.appointment is not None
    assert state.appointment.starts_at.isoformat() == "2026-11-25T10:00:00-06:00"
    assert (state.appointment.link or "").startswith("https://")
    clock.forward(0.5)
    state = sat.status(folio)
    assert state.status is EnrollmentStatus.ACTIVE
    assert set(state.result) == {"rfc", "acknowledgement", "tax_id_card", "enrolled_on"}
    assert state.result["rfc"].startswith("DEUP850314")
    assert stdnum_rfc.validate(state.result["rfc"], validate_check_digits=True)


def test_unlike_names_are_rejected(sat: SatClient, clock: Clock) -> None:
    sat.request(replace(a_request(), first_surname="Otra"))
    clock.forward(2)
    state = sat.status(a_request().folio)
    assert (state.status, state.reason_code) == (EnrollmentStatus.REJECTED, "data_mismatch")
    assert state.result == {}


def test_another_birth_date_is_rejected(sat: SatClient, clock: Clock) -> None:
    sat.request(replace(a_request(), birth_date=date(1985, 3, 15)))
    clock.forward(2)
    assert sat.status(a_request().folio).status is EnrollmentStatus.REJECTED


@pytest.mark.parametrize(
    ("surname", "status", "reason"),
    [
        ("Inscrito", EnrollmentStatus.REJECTED, "already_registered"),
        ("Pendiente", EnrollmentStatus.IN_REVIEW, None),
    ],
)
def test_magic_surnames(
    sat: SatClient, clock: Clock, surname: str, status: EnrollmentStatus, reason: str | None
) -> None:
    person = replace(PERSON, first_surname=surname)
    sat.request(a_request(person=person))
    clock.forward(60)
    state = sat.status(a_request().folio)
    assert (state.status, state.reason_code) == (status, reason)


def test_who_stays_at_the_appointment_is_told_of_and_active_once_it_is_over(
    sat: SatClient, clock: Clock, control: httpx.Client, simulator: Simulator, product: Product
) -> None:
    folio = a_request().folio
    sat.request(a_request(person=replace(PERSON, first_surname="Citado")))
    clock.forward(1.2)
    assert simulator.send_due_callbacks() == 1
    for _ in range(2):
        assert sat.status(folio).status is EnrollmentStatus.APPOINTMENT_SCHEDULED
        clock.forward(60)
    page = control.get("/_simulator/people").text
    [button] = re.findall(r'<form method="post" action="(/_simulator/people/[^"]+)"', page)
    told = [control.post(button).headers["location"] for _ in range(2)]
    assert told == ["/_simulator/people"] * 2
    assert sat.status(folio).status is EnrollmentStatus.ACTIVE
    assert "<form" not in control.get("/_simulator/people").text
    simulator.send_due_callbacks()
    named = [call.headers["webhook-id"].removeprefix(f"sat-{folio}-") for call in product.received]
    assert named == ["decided-appointment", "decided", "over"]
    assert control.post("/_simulator/people/E7K3M9QXW999/appointment").status_code == 404


def test_an_appointment_that_nobody_ends_is_over_an_hour_after_it(
    sat: SatClient, clock: Clock, simulator: Simulator
) -> None:
    folio = a_request().folio
    sat.request(a_request(person=replace(PERSON, first_surname="Citado")))
    clock.forward(60)
    assert simulator.send_due_callbacks() == 2
    # From noon, Mexico City, to ten the next day, and an hour.
    clock.forward(23 * 3600 - 61)
    assert sat.status(folio).status is EnrollmentStatus.APPOINTMENT_SCHEDULED
    assert simulator.send_due_callbacks() == 0
    clock.forward(1)
    assert sat.status(folio).status is EnrollmentStatus.ACTIVE
    assert simulator.send_due_callbacks() == 1


def test_what_is_asked_for_is_corrected_once_and_decided_anew(
    sat: SatClient, clock: Clock, control: httpx.Client
) -> None:
    request = a_request(person=replace(PERSON, first_surname="Aclarar"))
    sat.request(request)
    clock.forward(2)
    state = sat.status(request.folio)
    assert state.status is EnrollmentStatus.MORE_INFORMATION_REQUESTED
    assert (state.requested, state.answer_by) == (("proof_of_address",), date(2026, 12, 4))
    for _ in range(2):
        assert sat.amend(request).status is EnrollmentStatus.IN_REVIEW
    clock.forward(2)
    assert sat.status(request.folio).status is EnrollmentStatus.ACTIVE
    assert effects(control, "sat") == {request.folio: 1}


def test_nothing_is_corrected_that_was_not_asked_for(sat: SatClient) -> None:
    sat.request(a_request())
    with pytest.raises(Refused) as refused:
        sat.amend(a_request())
    assert refused.value.code == "nothing_requested"


def test_a_repeat_is_the_same_request(sat: SatClient, control: httpx.Client) -> None:
    sat.request(a_request())
    sat.request(a_request())
    assert effects(control, "sat") == {a_request().folio: 1}
    with pytest.raises(Refused) as refused:
        sat.request(replace(a_request(), given_names="Otra"))
    assert refused.value.code == "key_reused"


def test_a_lost_answer_is_settled_by_asking(sat: SatClient, control: httpx.Client) -> None:
    order_faults(control, "sat", drop_after_effect_rate=1)
    with pytest.raises(OutcomeUnknown):
        sat.request(a_request())
    control.delete("/_simulator/faults/sat")
    assert sat.status(a_request().folio).status is EnrollmentStatus.RECEIVED
    assert sat.status("E00000000000").status is EnrollmentStatus.NOT_FOUND


def test_a_bad_check_digit_is_refused_at_once(sat: SatClient) -> None:
    good = a_request().curp
    bad = good[:17] + str((int(good[17]) + 1) % 10)
    with pytest.raises(Refused) as refused:
        sat.request(a_request(curp=bad))
    assert refused.value.code == "curp_invalid"


@pytest.mark.parametrize(
    ("person", "sex", "expected"),
    [
        # The examples that README.md of the domain data and python-stdnum carry.
        (Person("Concepción", "Salgado", "Briseño", date(1956, 6, 26)), "M", "SABC560626M"),
        (Person("María Fernanda", "Pérez", "Núñez", date(1990, 5, 12)), "M", "PENF900512M"),
        (Person("José", "de la Cruz", "del Ángel", date(2001, 2, 3)), "H", "CUAJ010203H"),
        (Person("Íñigo", "Ñáñez", "Ñu", date(1999, 12, 31)), "H", "XAXI991231H"),
        (Person("Ana", "Ek", None, date(1970, 1, 1)), "X", "EXXA700101X"),
        # PUTO is among the words that get an X in second place.
        (Person("Oscar", "Puga", "Torres", date(1980, 1, 1)), "H", "PXTO800101H"),
    ],
)
def test_curps_follow_the_rule(person: Person, sex: str, expected: str) -> None:
    curp = make_curp(person, sex)
    assert curp.startswith(expected)
    assert well_formed(curp)
    assert agrees(curp, person)
    assert sex == "X" or stdnum_curp.is_valid(curp)
    assert curp[16].isdigit() == (person.birth_date.year < 2000)


@pytest.mark.parametrize(
    ("person", "letters"),
    [
        (Person("Emma", "Gómez", "Díaz", date(1956, 12, 31)), "GODE561231"),
        (Person("José Luis", "Pérez", "Soto", date(1990, 5, 12)), "PESL900512"),
        (Person("Ana", "Ek", "Pech", date(1970, 1, 1)), "EPAN700101"),
        (Person("Juan", "Martínez", None, date(1942, 1, 16)), "MAJU420116"),
        (Person("Oscar", "Puga", "Torres", date(1980, 1, 1)), "PUTX800101"),
    ],
)
def test_rfcs_begin_as_the_rule_says_and_check(person: Person, letters: str) -> None:
    rfc = make_rfc(person)
    assert rfc.startswith(letters)
    assert stdnum_rfc.validate(rfc, validate_check_digits=True)
    assert make_rfc(person) == rfc


def test_real_published_examples_are_well_formed() -> None:
    for curp in ("BOXW310820HNERXN09", "HEGG560427MVZRRL04", "SABC560626MDFLRN01"):
        assert well_formed(curp)
    for curp in ("BOXW310820HNERXN08", "boxw310820hnerxn09", "", "BOXW310820HZZRXN09"):
        assert not well_formed(curp)


def test_common_given_names_may_count_or_not() -> None:
    maria = Person("María Elena", "Demo", "Uno", date(1985, 3, 14))
    skipped = make_curp(maria, "M")
    counted = make_curp(replace(maria, given_names="María"), "M")
    assert skipped[3] == "E"
    assert agrees(skipped, maria)
    assert counted[3] == "M"
    assert agrees(counted, maria)


NAMES = st.one_of(
    st.text(max_size=30),
    st.text("ABCEIOPUXÑñáüç -'.", max_size=20),
    st.sampled_from(["José", "María de los Ángeles", "de la", "Y", "O", "Puta", "Mac Donald"]),
)


@settings(max_examples=300, deadline=None)
@given(
    given_names=NAMES,
    first=NAMES,
    second=st.none() | NAMES,
    born=st.dates(date(1901, 1, 1), date(2026, 11, 1)),
    sex=st.sampled_from("HMX"),
)
def test_any_name_at_all_has_a_curp_that_agrees_and_an_rfc_that_checks(
    given_names: str, first: str, second: str | None, born: date, sex: str
) -> None:
    person = Person(given_names, first, second, born)
    curp = make_curp(person, sex)
    assert well_formed(curp)
    assert agrees(curp, person)
    assert stdnum_rfc.validate(make_rfc(person), validate_check_digits=True)
