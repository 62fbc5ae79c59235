"""Where cash is collected: the agency's branches as it listed them last, and the ones nearest to a
recipient, looked up before anybody pays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.orm import Session

from services.consulates.loading import upsert
from services.kernel.errors import Invalid
from services.remittances.errors import NoPlaceToCollect
from services.remittances.models import CollectionPlace
from services.remittances.municipalities import Municipality, get_municipality

EARTH_RADIUS_KM = 6371.0
MOST_OFFERED = 3


@dataclass(frozen=True)
class ListedPlace:
    """A branch as the agency lists it."""

    code: str
    municipality: str
    name: str
    address: str
    hours: str
    latitude: float
    longitude: float


@dataclass(frozen=True)
class NearPlace:
    """A place, and how far it is in a straight line; 0 within the municipality."""

    place: CollectionPlace
    kilometres: int


@dataclass(frozen=True)
class Collect:
    """Where the recipient collects: at the place with that code, or in their municipality."""

    place: str | None = None
    municipality: str | None = None


def store_places(
    session: Session,
    listed: Sequence[ListedPlace],
    *,
    now: datetime,
    unreadable: Sequence[str] = (),
) -> int:
    """Keep the whole list; those that it no longer has are closed. One isn't believed that is
    empty, or of which most rows can't be read: what was listed before stays.

    ``unreadable`` are the codes of those rows, which are kept as they were; "" where the code can't
    be read either: then none is closed. Returns how many are open.
    """
    if len(listed) <= len(unreadable):
        return count_places(session)
    rows = [{**asdict(place), "seen_at": now, "closed_at": None} for place in listed]
    upsert(session, CollectionPlace, rows)
    if "" not in unreadable:
        gone = CollectionPlace.code.not_in(unreadable)
        session.execute(
            update(CollectionPlace)
            .where(CollectionPlace.seen_at < now, CollectionPlace.closed_at.is_(None), gone)
            .values(closed_at=now)
            .execution_options(synchronize_session=False)
        )
    return count_places(session)


def count_places(session: Session) -> int:
    """How many are open; 0 where the agency was never asked, so that nothing can be checked."""
    query = select(func.count()).where(CollectionPlace.closed_at.is_(None))
    return session.scalars(query).one()


def find_place(session: Session, code: str) -> CollectionPlace | None:
    """The open one with that code."""
    place = session.get(CollectionPlace, code)
    return place if place is not None and place.closed_at is None else None


def list_near(
    session: Session, municipality: Municipality, *, most: int = MOST_OFFERED
) -> Sequence[NearPlace]:
    """Those in the municipality; where there is none, the nearest ones, by distance from its
    seat."""
    distance = _kilometres(municipality)
    inside = CollectionPlace.municipality == municipality.code
    rows = session.execute(
        select(CollectionPlace, distance, inside)
        .where(CollectionPlace.closed_at.is_(None))
        .order_by(inside.desc(), distance, CollectionPlace.code)
        .limit(most)
    ).all()
    within = [NearPlace(place, 0) for place, _, here in rows if here]
    return within or [NearPlace(place, max(1, round(km))) for place, km, _ in rows]


def choose_place(session: Session, collect: Collect) -> CollectionPlace:
    """The open place that was chosen, or the one in the municipality that was said.

    Raises Invalid `place_unknown`, and `NoPlaceToCollect` with the nearest where there is none.
    """
    if collect.place is not None:
        place = find_place(session, collect.place)
        if place is None:
            raise Invalid("place_unknown", field="collect.place")
        return place
    municipality = get_municipality(collect.municipality or "")
    near = list_near(session, municipality, most=1)
    if not near:
        raise Invalid("place_unknown", field="collect.municipality")
    if near[0].kilometres:
        nearest = near[0].place
        raise NoPlaceToCollect(
            municipality=municipality.name,
            place=nearest.code,
            name=nearest.name,
            address=nearest.address,
            kilometres=near[0].kilometres,
        )
    return near[0].place


def _kilometres(of: Municipality) -> ColumnElement[float]:
    """Great-circle distance from its seat (haversine)."""
    latitude, longitude = func.radians(of.latitude), func.radians(of.longitude)
    there_latitude = func.radians(CollectionPlace.latitude)
    there_longitude = func.radians(CollectionPlace.longitude)
    half = func.power(func.sin((there_latitude - latitude) / 2), 2) + func.cos(latitude) * func.cos(
        there_latitude
    ) * func.power(func.sin((there_longitude - longitude) / 2), 2)
    kilometres: ColumnElement[float] = 2 * EARTH_RADIUS_KM * func.asin(func.sqrt(half))
    return kilometres
