"""The report of the Commission's 11th session as an example, in a development instance."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from services.commission.choices import ELECTIONS, list_choices
from services.commission.editing import MakeReport, make_report
from services.commission.queries import list_sessions
from services.kernel.audit import SYSTEM
from services.monitoring.rules import GROUPS

NUMBER = 11
# "… celebró ayer su XI sesión ordinaria en la sede de la Cancillería": negociosypolitica.mx,
# "México reduce 66% flujos migratorios irregulares". Neither it nor the press note says who
# attended, what was on the agenda or what was agreed: that is left to fill in.
PLACE = "Sede de la Cancillería"
ENGLISH = {PLACE: "Headquarters of the Ministry of Foreign Affairs"}


def ensure_example_report(session: Session, now: datetime) -> None:
    """Make it once: with what the press note reported of each group, and the elections."""
    if any(row.example for row in list_sessions(session)):
        return
    results = {group: _codes(session, group) for group in GROUPS}
    command = MakeReport(
        NUMBER, place=PLACE, results=results, annexes=("votes",), english=ENGLISH, example=True
    )
    make_report(session, command, now=now, actor=SYSTEM)


def _codes(session: Session, group: int) -> list[str]:
    """What the group handed in, and of ours the last election."""
    choices = list_choices(session, group, NUMBER)
    reported = [each.code for each in choices if each.code.startswith("reported-")]
    last = f"votes-{ELECTIONS[-1]}"
    return [*reported, *(each.code for each in choices if each.code == last)]
