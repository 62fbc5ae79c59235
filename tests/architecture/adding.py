"""What docs/adding.md asks for, done: an addition of each kind whose row says how many files it
touches, put into a copy of the tree.

New files stand in `additions`; what is added to those that are there stands here.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from consular import migrations
from tests.architecture.source import ROOT

ADDITIONS = Path(__file__).parent / "additions"
CATALOGUE = "services/translations/en/LC_MESSAGES/messages.po"
# An agency's own folder, which its row doesn't count.
FOLDER = "integrations/fonart/"
_NEWEST = migrations.head()
_NEXT = f"{int(_NEWEST) + 1:04d}"
_MIGRATION = f"migrations/versions/{_NEXT}_accounts_are_verified.py"

# Row of the table in docs/adding.md -> the files that the addition touches.
TOUCHED: dict[str, set[str]] = {
    "an agency": {
        "integrations/registry.py",
        "integrations/simulator/fonart.py",
        "tests/integrations/test_fonart.py",
        "deploy/README.md",
    },
    "a program of enrollment": {
        "services/enrollments/programs/artisan.py",
        "services/enrollments/programs/registry.py",
        f"{FOLDER}wire.py",
    },
    "a page": {
        "consular/pages/portal/crafts.py",
        "consular/pages/portal/routes.py",
        "consular/templates/portal/crafts.html",
        CATALOGUE,
    },
    "an indicator": {"services/disputes/claiming.py", "services/monitoring/indicators.py"},
    "a status of a remittance": {
        "services/remittances/rules.py",
        "services/remittances/words.py",
        _MIGRATION,
    },
}
# The rows that say "and its English".
BESIDES = {"a status of a remittance": {CATALOGUE}}

_INDICATOR = """
    Indicator(
        code="claimed_errors",
        kind="dispute",
        by=(Dimension.PROGRAM,),
        statuses=(DisputeStatus.RECEIVED,),
        achieved=frozenset(),
        unit=Unit.REMITTANCES,
        subject=Subject.REQUESTS,
        zone=DayZone.MEXICO_CITY,
        words="disputes.status",
        name_es="Envíos con un error reclamado",
        name_en="Transfers with a claimed error",
        counts_es="Envíos: cada reclamo cuenta uno.",
        counts_en="Transfers: each claim counts one.",
        day_es="Cada reclamo cuenta en el día en que se hizo, en la Ciudad de México.",
        day_en="Each claim counts on the day it was made, in Mexico City.",
        program_es="Envíos por Finabien",
        program_en="Transfers through Finabien",
    ),"""
_ENGLISH = """
msgid "Oficios de artesanía"
msgstr "Crafts"

msgid "Verificando la cuenta"
msgstr "Verifying the account"

msgid "Verificamos la cuenta de quien recibe."
msgstr "We verify the account of the recipient."
"""
# File -> what stands in it once, and what is added right after that; "" is its end.
_ADDED: dict[str, dict[str, str]] = {
    "integrations/registry.py": {
        "from integrations.finabien.client import FinabienClient": (
            "\nfrom integrations.fonart.client import FonartClient"
        ),
        '        Agency("imss", "IMSS", Purpose.ENROLLMENT, ImssClient),': (
            '\n        Agency("fonart", "FONART", Purpose.ENROLLMENT, FonartClient),'
        ),
    },
    "deploy/README.md": {"`_IMSS_URL`,": " `_FONART_URL`,", "`_IMSS_TOKEN`,": " `_FONART_TOKEN`,"},
    "services/enrollments/programs/registry.py": {
        "from __future__ import annotations": (
            "\nfrom services.enrollments.programs.artisan import ARTISAN"
        ),
        "for program in (": "ARTISAN,",
    },
    "consular/pages/portal/routes.py": {
        "    choosing,\n": "    crafts,\n",
        '    "choosing",\n': '    "crafts",\n',
    },
    "services/disputes/claiming.py": {
        "from services.kernel import audit": (
            "\nfrom services.facts.recording import Counted, record"
        ),
        '    LIFECYCLE.record(session, dispute, now=now, actor=actor, action="dispute.claim")': (
            '\n    counted = Counted("dispute", dispute.id, day_in_mexico(now))'
            "\n    record(session, counted, dispute.status, now=now, payout=remittance.payout)"
        ),
    },
    "services/monitoring/indicators.py": {
        "from services.appointments.rules import Unmet": (
            "\nfrom services.disputes.rules import Status as DisputeStatus"
        ),
        "\n_ALL = (": _INDICATOR,
    },
    # Between paid for and compared with the lists.
    "services/remittances/rules.py": {
        '    FUNDED = "funded"': '\n    VERIFYING = "verifying"',
        "    Status.FUNDED: _BEFORE | {": "Status.VERIFYING, ",
        "Status.SCREENING, Status.HELD, Status.SUBMITTED},": (
            "\n    Status.VERIFYING: _BEFORE | {Status.SCREENING},"
        ),
        "READY = frozenset({Status.FUNDED, ": "Status.VERIFYING, ",
        "GOING_WELL = frozenset(\n    {\n": "        Status.VERIFYING,\n",
    },
    "services/remittances/words.py": {
        '    Status.FUNDED: _("Pago recibido"),': (
            '\n    Status.VERIFYING: _("Verificando la cuenta"),'
        ),
        '    Status.FUNDED: _("Recibimos tu pago."),': (
            '\n    Status.VERIFYING: _("Verificamos la cuenta de quien recibe."),'
        ),
    },
    CATALOGUE: {"": _ENGLISH},
}


def _migration(digest: str, status: str, opened: str) -> str:
    """For the steps of the rules, and the constraint and the index that list statuses."""
    return f'''"""The account of a recipient is verified before the names are compared."""

from __future__ import annotations

from alembic import op

from migrations.support import install, replace_constraint, validate

revision = "{_NEXT}"
down_revision = "{_NEWEST}"


def upgrade() -> None:
    install("remittances", remittance_step_allowed="{digest}")
    replace_constraint("remittances", "ck_remittances_status")
    op.execute(
        "ALTER TABLE remittances ADD CONSTRAINT ck_remittances_status"
        " CHECK ({status}) NOT VALID"
    )
    validate("remittances", "ck_remittances_status")
    with op.get_context().autocommit_block():
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS ix_remittances_open")
        op.execute(
            "CREATE INDEX CONCURRENTLY ix_remittances_open ON remittances (changed_at)"
            " WHERE {opened}"
        )
'''


# What the migration says is what the rules of the copy say.
_SAID = """
from migrations.support import definitions, digest
from services.kernel.tables import one_of
from services.remittances.rules import OPEN, Status
print(digest(dict(definitions("remittances"))["remittance_step_allowed"]))
print(one_of("status", Status))
print(one_of("status", OPEN))
"""


def copy_with_additions(copy: Path) -> None:
    """The tree, and all additions; what was compiled before needn't be again."""
    for name in _tracked():
        if not (ROOT / name).is_relative_to(ADDITIONS):
            for file in (ROOT / name, *_compiled(ROOT / name)):
                to = copy / file.relative_to(ROOT)
                to.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(file, to)
    shutil.copytree(
        ADDITIONS, copy, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__")
    )
    for name, additions in _ADDED.items():
        _add(copy / name, additions)
    said = subprocess.run(
        [sys.executable, "-c", _SAID], cwd=copy, capture_output=True, text=True, check=True
    )
    (copy / _MIGRATION).write_text(_migration(*said.stdout.splitlines()), encoding="utf-8")


def _tracked() -> list[str]:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return [name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


def _compiled(file: Path) -> Iterator[Path]:
    """What Python keeps of a module: good for a copy of the same time and size too."""
    if file.suffix == ".py":
        yield from (file.parent / "__pycache__").glob(f"{file.stem}.*.pyc")


def _add(file: Path, additions: dict[str, str]) -> None:
    text = file.read_text(encoding="utf-8")
    for before, added in additions.items():
        assert not before or text.count(before) == 1, before
        text = text.replace(before, before + added) if before else text + added
    file.write_text(text, encoding="utf-8")
