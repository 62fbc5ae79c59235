"""Offices and services to test with: the real catalogue, or one made up to measure."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any, TypeVar

from sqlalchemy import text
from sqlalchemy.orm import Session

from services.consulates import loading
from services.consulates.models import Consulate, Service
from services.kernel.db import NETWORK_SCOPE, Base, Scope
from tests.servers import connected

Row = TypeVar("Row", bound=Base)


@contextmanager
def reference_session(url: str, scope: Scope = NETWORK_SCOPE) -> Iterator[Session]:
    """A transaction with offices, services and fees loaded; everything is rolled back."""
    with connected(url, pool_size=1) as database, database.transaction(NETWORK_SCOPE) as session:
        loading.load_reference(session)
        work_as(session, scope)
        yield session
        session.rollback()


def work_as(session: Session, scope: Scope) -> None:
    """Go on in the same transaction for another office, account or nobody."""
    session.flush()
    session.expire_all()
    session.execute(
        text(
            "SELECT set_config('app.consulate', :consulate, true),"
            " set_config('app.account', :account, true)"
        ),
        {"consulate": scope.consulate, "account": str(scope.account or "")},
    )


def add_consulate(session: Session, code: str = "villanueva", **changes: Any) -> Consulate:
    """An office that the real list doesn't have, in Los Angeles' time unless changed."""
    values: dict[str, Any] = {
        "name_es": f"Consulado de México en {code.title()}",
        "name_en": f"Consulate of Mexico in {code.title()}",
        "kind": "consulado",
        "city": code.title(),
        "country": "US",
        "time_zone": "America/Los_Angeles",
        "latitude": Decimal("34.05"),
        "longitude": Decimal("-118.24"),
        "in_person_vote": False,
        "assumed": False,
        "source": "test",
    }
    return _added(session, Consulate(code=code, **(values | changes)))


def add_service(session: Session, code: str = "TST", **changes: Any) -> Service:
    """A service of 15 minutes that the real catalogue doesn't have."""
    values: dict[str, Any] = {
        "name_es": f"Servicio {code}",
        "name_en": f"Service {code}",
        "category": "documentacion",
        "minutes": 15,
        "curp_required": False,
        "personal_presence": "in_person",
        "bookable": True,
        "free": False,
        "source": "test",
    }
    return _added(session, Service(code=code, **(values | changes)))


def _added(session: Session, row: Row) -> Row:
    session.add(row)
    session.flush()
    return row
