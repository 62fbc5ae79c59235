"""RENAPO is asked whether a CURP is somebody's, and says what differs: never what it has."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import httpx
import pytest

from integrations.contracts import CurpFinding, CurpStatus
from integrations.errors import Retryable
from integrations.renapo.client import RenapoClient
from integrations.simulator.personas import CITIZENS
from tests.integrations.conftest import a_question, connected, order_faults

renapo = connected(RenapoClient)


def test_who_is_who_they_say(renapo: RenapoClient) -> None:
    assert renapo.check_curp(a_question()) == CurpFinding(CurpStatus.VALID)


def test_the_demonstration_people_are_known(renapo: RenapoClient) -> None:
    for citizen in CITIZENS.values():
        if citizen.curp:
            person = citizen.person
            question = replace(
                a_question(),
                curp=citizen.curp,
                given_names=person.given_names,
                first_surname=person.first_surname,
                second_surname=person.second_surname,
                birth_date=person.birth_date,
            )
            assert renapo.check_curp(question) == CurpFinding(CurpStatus.VALID)


@pytest.mark.parametrize(
    ("surname", "finding"),
    [
        ("Desconocido", CurpFinding(CurpStatus.UNKNOWN)),
        ("Sustituido", CurpFinding(CurpStatus.REPLACED)),
        ("Finado", CurpFinding(CurpStatus.CANCELLED)),
        ("Distinto", CurpFinding(CurpStatus.VALID, ("given_names",))),
    ],
)
def test_what_else_it_may_say(renapo: RenapoClient, surname: str, finding: CurpFinding) -> None:
    assert renapo.check_curp(a_question(surname)) == finding


def test_names_and_days_that_are_registered_otherwise(renapo: RenapoClient) -> None:
    unlike = renapo.check_curp(replace(a_question(), first_surname="Villalobos"))
    assert unlike.differs == ("given_names", "first_surname", "second_surname")
    day = renapo.check_curp(replace(a_question(), birth_date=date(1985, 3, 15)))
    assert day.differs == ("birth_date",)


def test_what_is_no_curp_is_unknown(renapo: RenapoClient) -> None:
    question = replace(a_question(), curp="XXXX000000XXXXXX00")
    assert renapo.check_curp(question).status is CurpStatus.UNKNOWN


@pytest.mark.parametrize("fault", ["unavailable_rate", "error_rate", "garbage_rate"])
def test_no_failure_is_worse_than_no_answer(
    renapo: RenapoClient, control: httpx.Client, fault: str
) -> None:
    order_faults(control, "renapo", **{fault: 1})
    with pytest.raises(Retryable):
        renapo.check_curp(a_question())


def test_no_curp_stands_in_an_address() -> None:
    seen: list[httpx.Request] = []

    def keep(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(503)

    with (
        RenapoClient("http://x.test", "t", httpx.MockTransport(keep)) as client,
        pytest.raises(Retryable),
    ):
        client.check_curp(a_question())
    assert a_question().curp not in str(seen[0].url)
