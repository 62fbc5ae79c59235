"""Before anybody pays it is known where the cash can be collected: there, or how far away."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from services.kernel.errors import Invalid
from services.remittances.errors import NoPlaceToCollect
from services.remittances.municipalities import (
    NotOneMunicipality,
    find_municipality,
    get_municipality,
    list_municipalities,
)
from services.remittances.places import (
    Collect,
    ListedPlace,
    choose_place,
    count_places,
    list_near,
    store_places,
)
from tests.factories.remittances import NOW

OAXACA = "20"
HUAJUAPAN, TLAXIACO = "20039", "20397"
# A village of the Mixteca, without a branch of its own.
VILLAGE = "20300"


def _place(municipality: str) -> ListedPlace:
    seat = get_municipality(municipality)
    return ListedPlace(
        f"F{municipality}", municipality, f"Sucursal {seat.seat}", "Centro", "9:00 a 17:00",
        seat.latitude, seat.longitude,
    )  # fmt: skip


@pytest.fixture
def listed(session: Session) -> list[ListedPlace]:
    places = [_place(HUAJUAPAN), _place(TLAXIACO)]
    store_places(session, places, now=NOW)
    return places


def test_every_municipality_has_a_name_and_a_place() -> None:
    states = [f"{number:02d}" for number in range(1, 33)]
    listed = [each for state in states for each in list_municipalities(state)]
    assert len(listed) == len({each.code for each in listed}) == 2478
    assert all(each.name and each.seat and each.code[:2] == each.state for each in listed)
    assert all(14 < each.latitude < 33 and -119 < each.longitude < -86 for each in listed)


@pytest.mark.parametrize(
    "written",
    ["Heroica Ciudad de Huajuapan de León", "HUAJUAPAN DE LEON", "huajuapan", HUAJUAPAN],
)
def test_a_municipality_is_known_however_it_is_written(written: str) -> None:
    assert find_municipality(OAXACA, written).code == HUAJUAPAN


def test_two_of_a_name_are_asked_back_with_their_codes() -> None:
    with pytest.raises(NotOneMunicipality) as unclear:
        find_municipality(OAXACA, "San Juan Mixtepec")
    assert len(unclear.value.called) == 2
    with pytest.raises(NotOneMunicipality) as unknown:
        find_municipality(OAXACA, "Guadalajara")
    assert list(unknown.value.called) == []


@pytest.mark.usefixtures("listed")
def test_where_there_is_a_place_it_is_offered_alone(session: Session) -> None:
    [near] = list_near(session, get_municipality(TLAXIACO))
    assert (near.place.code, near.kilometres) == (f"F{TLAXIACO}", 0)
    assert choose_place(session, Collect(municipality=TLAXIACO)).code == f"F{TLAXIACO}"


@pytest.mark.usefixtures("listed")
def test_where_there_is_none_the_nearest_is_named_with_its_distance(session: Session) -> None:
    near = list_near(session, get_municipality(VILLAGE))
    assert len(near) == 2
    assert 0 < near[0].kilometres <= near[1].kilometres < 150
    with pytest.raises(NoPlaceToCollect) as refused:
        choose_place(session, Collect(municipality=VILLAGE))
    assert refused.value.params["place"] == near[0].place.code
    assert refused.value.params["kilometres"] == near[0].kilometres
    # Chosen all the same, it is taken.
    assert choose_place(session, Collect(place=near[0].place.code)) is near[0].place


def test_a_place_that_is_listed_no_more_is_closed(
    session: Session, listed: list[ListedPlace]
) -> None:
    later = NOW + timedelta(hours=6)
    moved = replace(listed[0], address="Otra calle")
    store_places(session, [moved], now=later)
    session.expire_all()
    assert count_places(session) == 1
    assert choose_place(session, Collect(place=moved.code)).address == "Otra calle"
    with pytest.raises(Invalid) as closed:
        choose_place(session, Collect(place=listed[1].code))
    assert closed.value.code == "place_unknown"
    # A list with nothing in it is a slip of the agency's.
    store_places(session, [], now=later + timedelta(hours=6))
    assert count_places(session) == 1
    store_places(session, listed, now=later + timedelta(hours=12))
    assert count_places(session) == 2


def test_a_place_whose_row_cannot_be_read_stays_as_it_was(
    session: Session, listed: list[ListedPlace]
) -> None:
    later = NOW + timedelta(hours=6)
    third = _place("20067")
    store_places(session, [listed[0], third], now=later, unreadable=[listed[1].code])
    assert count_places(session) == 3
    # One whose code can't be read may be any of them.
    store_places(session, [listed[0], third], now=later + timedelta(hours=6), unreadable=[""])
    assert count_places(session) == 3
    store_places(session, [listed[0], third], now=later + timedelta(hours=12))
    assert count_places(session) == 2


@pytest.mark.parametrize("unreadable", [["X"], ["", ""], ["X", "Y", ""]])
def test_a_list_of_which_most_cannot_be_read_changes_nothing(
    session: Session, listed: list[ListedPlace], unreadable: list[str]
) -> None:
    moved = replace(listed[0], address="Otra calle")
    store_places(session, [moved], now=NOW + timedelta(hours=6), unreadable=unreadable)
    session.expire_all()
    assert count_places(session) == 2
    assert choose_place(session, Collect(place=moved.code)).address == "Centro"
