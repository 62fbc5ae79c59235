"""The fund for artisans decides at once, and keeps to what is written of it."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import httpx
import pytest

from integrations.contracts import EnrollmentStatus
from integrations.errors import OutcomeUnknown, Refused
from integrations.fonart.client import FonartClient
from integrations.simulator.app import Simulator
from integrations.simulator.inprocess import InProcessTransport
from tests.integrations import conftest
from tests.integrations.conftest import SECRETS, connected, effects, order_faults
from tests.integrations.test_contracts_are_as_written import Recorder

fonart = connected(FonartClient)
an_application = partial(conftest.an_application, program="artisan", data={"craft": "Alfarería"})


@pytest.mark.parametrize(
    ("surname", "status"),
    [("Demo", EnrollmentStatus.ACTIVE), ("Inscrito", EnrollmentStatus.REJECTED)],
)
def test_it_decides_once_and_both_sides_keep_to_the_document(
    simulator: Simulator, control: httpx.Client, surname: str, status: EnrollmentStatus
) -> None:
    recorder, request = (
        Recorder("fonart", InProcessTransport(simulator)),
        an_application(first_surname=surname),
    )
    with FonartClient("http://s.test/fonart", SECRETS["fonart"], recorder) as client:
        assert [client.request(request).status for _ in range(2)] == [status] * 2
    assert effects(control, "fonart") == {request.folio: 1}


def test_a_correction_is_asked_for_once(fonart: FonartClient) -> None:
    request = an_application(first_surname="Corregir")
    asked = fonart.request(request)
    assert (asked.status, asked.requested) == (
        EnrollmentStatus.MORE_INFORMATION_REQUESTED,
        ("proof_of_address",),
    )
    assert fonart.amend(request).status is EnrollmentStatus.ACTIVE


def test_what_is_wrong_is_refused(fonart: FonartClient) -> None:
    with pytest.raises(Refused, match="curp_invalid"):
        fonart.request(replace(an_application(), curp="XXXX000000XXXXXX00"))


def test_garbage_tells_nothing(fonart: FonartClient, control: httpx.Client) -> None:
    order_faults(control, "fonart", garbage_rate=1)
    with pytest.raises(OutcomeUnknown):
        fonart.request(an_application())
