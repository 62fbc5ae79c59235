"""Whose an account is is told by a word, and a name is corrected once under a key of its own."""

from __future__ import annotations

import httpx
import pytest

from integrations.contracts import HolderMatch, HolderQuestion, NameCorrection, PayoutChannel
from integrations.errors import Refused
from integrations.finabien.client import FinabienClient
from integrations.simulator.app import Simulator
from tests.integrations.conftest import CLABE, Clock, Product, an_order, connected

finabien = connected(FinabienClient)
CORRECTION = NameCorrection("C1", "RDEMO", "Rosa", "Peña", None)


def _cash(client: FinabienClient) -> None:
    client.submit(
        an_order("RDEMO", channel=PayoutChannel.BRANCH, account=None, beneficiary_first_surname="X")
    )


@pytest.mark.parametrize(
    ("surname", "account", "match"),
    [
        ("Demo", CLABE, HolderMatch.YES),
        ("Parecido", CLABE, HolderMatch.CLOSE),
        ("Ajeno", CLABE, HolderMatch.NO),
        ("Demo", "646180157000000004", HolderMatch.NOT_OFFERED),
        ("Demo", "1", HolderMatch.NOT_OFFERED),
        ("安", CLABE, HolderMatch.NOT_OFFERED),
    ],
)
def test_the_holder_is_compared_and_never_told(
    finabien: FinabienClient, surname: str, account: str, match: HolderMatch
) -> None:
    question = HolderQuestion(PayoutChannel.ACCOUNT, account, "Rosa", surname, None)
    assert finabien.match_holder(question) is match


def test_the_same_correction_twice_is_one_and_another_under_its_key_is_refused(
    finabien: FinabienClient, control: httpx.Client
) -> None:
    _cash(finabien)
    for _ in range(2):
        finabien.correct_name(CORRECTION)
    with pytest.raises(Refused, match="key_reused"):
        finabien.correct_name(NameCorrection("C1", "RDEMO", "Rosa", "Otra", None))
    wrong = control.post("/_simulator/branches/RDEMO/collect", json={"name": "Rosa X"})
    assert wrong.status_code == 409
    right = control.post("/_simulator/branches/RDEMO/collect", json={"name": "Rosa Pena"})
    assert right.json()["estado"] == "LIQUIDADO"
    with pytest.raises(Refused, match="too_late"):
        finabien.correct_name(NameCorrection("C2", "RDEMO", "Rosa", "Otra", None))


def test_an_order_that_is_repeated_after_a_correction_is_still_the_same(
    finabien: FinabienClient,
) -> None:
    _cash(finabien)
    finabien.correct_name(CORRECTION)
    _cash(finabien)


def test_a_correction_of_nothing_is_refused(finabien: FinabienClient) -> None:
    with pytest.raises(Refused, match="not_found"):
        finabien.correct_name(CORRECTION)


def test_a_correction_that_moves_an_order_on_is_called_back_once(
    finabien: FinabienClient, simulator: Simulator, product: Product
) -> None:
    _cash(finabien)
    simulator.send_due_callbacks()
    before = len(product.received)
    for _ in range(2):
        finabien.correct_name(CORRECTION)
    simulator.send_due_callbacks()
    assert len(product.received) == before + 1


@pytest.mark.parametrize(
    ("channel", "account", "bank"),
    [
        (PayoutChannel.ACCOUNT, CLABE, "BANAMEX"),
        (PayoutChannel.ACCOUNT, "646180157000000004", "STP"),
        (PayoutChannel.CARD, "4111111111111111", "FINABIEN"),
    ],
)
def test_money_is_credited_at_the_bank_of_its_account(
    finabien: FinabienClient, clock: Clock, channel: PayoutChannel, account: str, bank: str
) -> None:
    finabien.submit(an_order("RDEMO", channel=channel, account=account))
    clock.forward(3600)
    credit = finabien.status("RDEMO").credit
    assert credit is not None
    assert credit.bank == bank
