"""Infonavit takes a file and gives a file: whole or not at all, whatever stands in it."""

from __future__ import annotations

import csv
import io
from dataclasses import replace

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from integrations.contracts import BatchStatus, EnrollmentBatch, EnrollmentState, EnrollmentStatus
from integrations.errors import NeverSent, OutcomeUnknown, Refused, Unanswered
from integrations.infonavit import wire
from integrations.infonavit.client import InfonavitClient
from tests.integrations.conftest import (
    NSS,
    Clock,
    a_batch,
    an_application,
    connected,
    effects,
    order_faults,
)

infonavit = connected(InfonavitClient)
EVERYBODY = a_batch("B1", "Demo", "Inscrito", "Sinseguro", "Demo")


def statuses(rows: tuple[EnrollmentState, ...]) -> list[tuple[str, str | None]]:
    return [(row.status.value, row.reason_code) for row in rows]


def test_rows_are_decided_one_by_one(
    infonavit: InfonavitClient, clock: Clock, control: httpx.Client
) -> None:
    assert infonavit.send_batch(EVERYBODY) is BatchStatus.RECEIVED
    assert infonavit.batch_results("B1").rows == ()
    clock.forward(1)
    partial = infonavit.batch_results("B1")
    assert not partial.answered
    assert len(partial.rows) == 2
    clock.forward(1)
    whole = infonavit.batch_results("B1")
    assert whole.answered
    assert statuses(whole.rows) == [
        ("active", None),
        ("rejected", "already_registered"),
        ("rejected", "not_insured"),
        ("active", None),
    ]
    assert set(whole.rows[0].result) == {"nss", "savings_account", "saving_from"}
    assert whole.rows[0].result["nss"] == NSS
    assert set(effects(control, "infonavit").values()) == {1}


def test_the_same_file_again_has_no_further_effect(
    infonavit: InfonavitClient, control: httpx.Client
) -> None:
    order_faults(control, "infonavit", drop_after_effect_rate=1)
    with pytest.raises(OutcomeUnknown):
        infonavit.send_batch(EVERYBODY)
    control.delete("/_simulator/faults/infonavit")
    assert infonavit.batch_status("B1") is BatchStatus.RECEIVED
    infonavit.send_batch(EVERYBODY)
    assert set(effects(control, "infonavit").values()) == {1}


def test_another_file_under_the_same_key_is_refused(infonavit: InfonavitClient) -> None:
    infonavit.send_batch(EVERYBODY)
    with pytest.raises(Refused) as refused:
        infonavit.send_batch(replace(EVERYBODY, applications=EVERYBODY.applications[1:]))
    assert refused.value.code == "key_reused"


def test_a_folio_that_comes_again_is_the_same_request(
    infonavit: InfonavitClient, control: httpx.Client, clock: Clock
) -> None:
    infonavit.send_batch(EVERYBODY)
    infonavit.send_batch(replace(EVERYBODY, key="B2"))
    assert set(effects(control, "infonavit").values()) == {1}
    clock.forward(2)
    assert statuses(infonavit.batch_results("B2").rows) == statuses(
        infonavit.batch_results("B1").rows
    )


def test_a_correction_is_the_row_again_in_another_file(
    infonavit: InfonavitClient, clock: Clock
) -> None:
    batch = a_batch("B1", "Rectificar")
    infonavit.send_batch(batch)
    clock.forward(2)
    [row] = infonavit.batch_results("B1").rows
    assert row.status is EnrollmentStatus.MORE_INFORMATION_REQUESTED
    assert (row.requested, row.answer_by is not None) == (("amount",), True)
    corrected = replace(batch.applications[0], data={"nss": NSS, "amount": "500.00"})
    infonavit.send_batch(EnrollmentBatch("B2", batch.day, (corrected,)))
    clock.forward(2)
    [decided] = infonavit.batch_results("B2").rows
    assert decided.status is EnrollmentStatus.ACTIVE


def test_one_row_can_be_asked_about(infonavit: InfonavitClient, clock: Clock) -> None:
    assert infonavit.status("ENONE").status is EnrollmentStatus.NOT_FOUND
    infonavit.send_batch(EVERYBODY)
    assert infonavit.status("EB10").status is EnrollmentStatus.IN_REVIEW
    clock.forward(2)
    assert infonavit.status("EB10").status is EnrollmentStatus.ACTIVE


def test_slips_of_the_results_are_handed_on_as_they_stand(
    infonavit: InfonavitClient, clock: Clock
) -> None:
    batch = a_batch("B1", "Omitido", "Repetido", "Contradicho", "Extra")
    infonavit.send_batch(batch)
    clock.forward(2)
    folios = [row.folio for row in infonavit.batch_results("B1").rows]
    assert folios == ["EB11", "EB11", "EB12", "EB12", "EB13", "E000000000XX"]


def test_a_batch_that_never_arrived_is_not_found(
    infonavit: InfonavitClient, control: httpx.Client
) -> None:
    order_faults(control, "infonavit", unavailable_rate=1)
    with pytest.raises(NeverSent):
        infonavit.send_batch(EVERYBODY)
    control.delete("/_simulator/faults/infonavit")
    assert infonavit.batch_status("B1") is BatchStatus.NOT_FOUND


def test_a_damaged_file_is_refused_as_a_whole(
    infonavit: InfonavitClient, control: httpx.Client
) -> None:
    file = wire.batch_file(EVERYBODY)
    for damaged in (file[:-1][:-30], file.replace(b"Demo", b"Dem0"), file[: len(file) // 2], b""):
        with pytest.raises(Refused) as refused:
            infonavit._tell_file("send_batch", "PUT", "v1/lotes/B1", damaged, dict)
        assert refused.value.code == "file_damaged"
    assert effects(control, "infonavit") == {}


RESULTS = wire.write_file(
    "B1",
    wire.RESULT_COLUMNS,
    [[folio, "RECHAZADA", "", "", "", "", "", "", ""] for folio in ("E1", "E2", "E3")],
)


def test_results_that_are_cut_off_anywhere_count_for_nothing() -> None:
    for cut in range(len(RESULTS) - len("\r\n")):
        with pytest.raises(ValueError, match=r"."):
            wire.batch_results("B1", True, RESULTS[:cut].decode())


@pytest.mark.parametrize(
    "damaged",
    [
        RESULTS.replace(b"E2", b"E9"),
        RESULTS.replace(b"E2,RECHAZADA,,,,,,,\r\n", b""),
        RESULTS.replace(b"TOTAL,B1,3", b"TOTAL,B1,2"),
        RESULTS.replace(b"TOTAL,B1", b"TOTAL,B2"),
        RESULTS + RESULTS,
        RESULTS + b"E4,ACEPTADA\r\n",
        wire.write_file("B1", ("folio", "estado"), [["E1", "ACEPTADA"]]),
        b'folio,"',
        b"",
    ],
)
def test_results_that_are_damaged_count_for_nothing(damaged: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        wire.batch_results("B1", True, damaged.decode())


def test_an_odd_row_does_not_hold_up_the_others() -> None:
    rows = [
        ["E1", "ACEPTADA", "", NSS, "123", "", "", "", ""],
        ["E2", "QUIZA", "", "", "", "", "", "", ""],
        ["E3", "ACEPTADA", "", "", "", "", "", "", ""],
        ["no folio", "RECHAZADA", "", "", "", "", "", "", ""],
    ]
    results = wire.batch_results(
        "B1", True, wire.write_file("B1", wire.RESULT_COLUMNS, rows).decode()
    )
    assert [row.folio for row in results.rows] == ["E1"]
    assert results.unreadable == ("E2", "E3", "no folio")


def test_results_of_another_kind_are_no_answer(
    infonavit: InfonavitClient, control: httpx.Client
) -> None:
    infonavit.send_batch(EVERYBODY)
    order_faults(control, "infonavit", garbage_rate=1)
    with pytest.raises(Unanswered):
        infonavit.batch_results("B1")


@settings(max_examples=100, deadline=None)
@given(
    names=st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=1, max_size=5),
    data=st.dictionaries(st.text("abc_", min_size=1), st.text(max_size=20)),
)
def test_any_text_travels_whole(names: list[str], data: dict[str, str]) -> None:
    applications = tuple(
        an_application(f"E{place}", program="infonavit", given_names=name, data=data)
        for place, name in enumerate(names)
    )
    batch = EnrollmentBatch("B1", EVERYBODY.day, applications)
    file = wire.batch_file(batch)
    assert file == wire.batch_file(batch)
    rows = wire.read_file("B1", wire.REQUEST_COLUMNS, file.decode())
    assert [row["nombres"] for row in rows] == names
    assert len(list(csv.reader(io.StringIO(file.decode(), newline="")))) == len(names) + 2
