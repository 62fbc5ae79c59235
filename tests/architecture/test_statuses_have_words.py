"""Each status and each kind of thing that people see has words, in both languages, in one place."""

from __future__ import annotations

import re
from collections.abc import Mapping

import pytest

from consular.i18n import read_catalogue
from consular.messages import kind_shown
from integrations.contracts import Remedy
from integrations.finabien import codes as finabien
from integrations.payments import codes as payments
from integrations.renapo import codes as renapo
from services.agencies import rules as agencies
from services.alerts import rules as alerts
from services.announcements.rules import Kind as Announced
from services.appointments import reserves
from services.appointments import rules as appointments
from services.cashier import rules as cashier
from services.collection import rules as collection
from services.commission import rules as commission
from services.consulates.loading import read_rows
from services.disputes import rules as disputes
from services.enrollments import consenting, planning
from services.enrollments import rules as enrollments
from services.facts import people
from services.folders import rules as folders
from services.incidents import rules as incidents
from services.kernel import name_checks
from services.ledger import rules as ledger
from services.messages import rules as messages
from services.monitoring import dimensions, indicators
from services.monitoring import rules as reported
from services.open_data.rules import Level
from services.operations import rules as operations
from services.remittances import credit, entries
from services.remittances import rules as remittances
from services.treasury import rules as treasury
from services.voting import rules as voting
from services.words import MESSAGES, TABLES
from tests.architecture.source import ROOT
from workers.routes import ROUTES

# One-time codes and what the duty officer hears: no row is kept of them.
CODES_AND_ALARMS = ("login_code", "consent_code", "process_dead", "incident_urgent")
UNSTORED = {kind_shown(message) for message in CODES_AND_ALARMS}
# What others published of the vote abroad.
PUBLISHED = {row["metric"] for row in read_rows("services.voting", "counts.csv", dict)}
# Whatever Finabien and the payment provider say no with, and what the sender can do about.
REMITTANCES = [*finabien.REMEDIES.items(), *payments.REMEDIES.items()]
SENDERS = {code for code, remedy in REMITTANCES if remedy is not Remedy.OURS}
COMPLETE: Mapping[str, set[str]] = {
    "alerts.condition": {*alerts.Condition},
    "alerts.covers": {*alerts.Covers},
    "alerts.every": {*alerts.Every},
    "alerts.level": {*alerts.Level},
    "alerts.span": {*alerts.Span},
    "alerts.state": {*alerts.State},
    "announcements.kind": {*Announced},
    "open_data.level": {*Level},
    "appointments.status": {*appointments.Status, appointments.PAST},
    "appointments.counted": {*appointments.Status},
    "appointments.opening_change": {
        *(f"session.{action}" for action in ("open", "edit", "close", "cancel")),
        *(f"series.{action}" for action in ("open", "edit", "left_out")),
        *(f"closure.{action}" for action in ("close", "reopen")),
    },
    "appointments.share": {*reserves.Share},
    "appointments.closure_source": {*appointments.ClosureSource},
    "appointments.watch_ending": {*appointments.WatchEnding},
    "appointments.unmet": {*appointments.Unmet},
    "appointments.found": {*appointments.Status, appointments.PAST},
    "appointments.offline": {*appointments.OfflineStep},
    "appointments.offline_button": {*appointments.OfflineStep},
    "appointments.offline_noted": {*appointments.OfflineStep},
    "appointments.rules": {"queue"},
    "appointments.resemblance": {"names", "birth_date", "curp"},
    "cashier.case": {*cashier.BY_CODE, cashier.DIFFERENCE},
    "cashier.kind": {*cashier.Kind},
    "cashier.means": {*cashier.Means},
    "cashier.act": {*cashier.Act},
    "collection.collector": {*collection.Collector},
    "collection.rule": {*collection.Collector},
    "enrollments.status": {*enrollments.Status},
    "enrollments.person": {*enrollments.PersonStatus},
    "enrollments.reason": {
        enrollments.IDENTITY_CHECKED,
        enrollments.NOT_ANSWERED,
        enrollments.NO_ANSWER_IN_TERM,
        enrollments.COVER_LAPSED,
        enrollments.ASKED_LATE,
        enrollments.PAYMENT_LAPSED,
        "curp_invalid",
        "nss_invalid",
        "nss_mismatch",
        "data_invalid",
        *enrollments.CURP_REASONS.values(),
    },
    "enrollments.channel": {*enrollments.Channel},
    "enrollments.consent": {*enrollments.ConsentGiven},
    "enrollments.waits": {*enrollments.WaitsFor},
    "enrollments.warning": {
        *(f"curp_name_differs.{part}" for part in name_checks.CURP_PLACES),
        "curp_birth_place_differs.birth_place",
        *(f"curp_registered_otherwise.{name}" for name in renapo.DIFFERENCES.values()),
        "rfc_name_differs.rfc",
        "rfc_birth_date_differs.rfc",
        "rfc_check_digit_differs.rfc",
    },
    "enrollments.actor": {*enrollments.By},
    "enrollments.step": {*planning.StepState},
    "folders.purpose": {*folders.Purpose},
    "folders.data": {*consenting.TRANSFERRED},
    "enrollments.document": {"identification", "proof_of_address"},
    "remittances.identification": {*credit.Identification},
    "remittances.purpose": {*remittances.Purpose},
    "remittances.reason": {
        remittances.RATE_OVER,
        remittances.NOT_APPROVED,
        remittances.FUNDING_RETURNED,
        remittances.DUES_OVER,
        *(SENDERS - {"too_late"}),  # Of a correction of the name, which has words of its own.
    },
    "remittances.refusal": {
        *(code for code, remedy in REMITTANCES if remedy is Remedy.OURS),
    },
    "remittances.status": {*remittances.Status},
    "compliance.decision": {*remittances.HoldDecision},
    "compliance.party": {*remittances.Party},
    "disputes.kind": {*disputes.Kind},
    "disputes.status": {*disputes.Status},
    "disputes.remedy": {*disputes.Remedy},
    "treasury.account": {*entries.LedgerCode, "customers"},
    "treasury.account_kind": {*ledger.AccountKind},
    "treasury.entry": {*entries.EntryKind},
    "treasury.measure": {measure.code for measure in treasury.MEASURES},
    "remittances.correction": {*remittances.CorrectionState},
    "remittances.holder": {*remittances.HolderMatch},
    "remittances.remedy": {*remittances.RemedyState},
    "remittances.step": {*remittances.Status},
    "remittances.receipt": {*remittances.ReceiptKind},
    "commission.status": {*commission.Status},
    "commission.follow_up": {*commission.FollowUpStatus},
    "commission.part": {*commission.Part},
    "voting.status": {*voting.Status},
    "voting.counted": {*voting.Status},
    "voting.metric": {*voting.Metric},
    "voting.mode": {"", *voting.Mode},
    "voting.warning": {*voting.Odd},
    "voting.published": {*voting.Metric} | PUBLISHED,
    "incidents.kind": {*incidents.Kind},
    "incidents.meaning": {*incidents.Kind},
    "incidents.resolution": {*incidents.Resolution},
    "incidents.step": {*incidents.Step},
    "agencies.state": {*agencies.State},
    "monitoring.age_band": {*people.AgeBand},
    "monitoring.sex": {*people.Sex},
    "monitoring.dimension": {*dimensions.Dimension},
    "monitoring.program": {*remittances.Payout, *voting.Mode, "all"},
    "monitoring.unit": {*indicators.Unit, *reported.ReportedUnit},
    "messages.channel": {*messages.Channel},
    "messages.state": {*messages.State},
    "messages.kind": {kind_shown(message) for message in MESSAGES} - UNSTORED,
    "operations.process": {*operations.Process},
    "operations.liveness": {*operations.Liveness},
    "operations.decision": {*operations.Decision},
    "operations.unknown": {"enrollment", "remittance"},
    "operations.area": {operations.area_of(topic) for topic in ROUTES},
}
# What is known of an incident has no list: an agency adds to it. A published figure's note stands
# as it was published where it says nothing that has a Spanish.
OPEN = {"incidents.fact", "voting.note"}


def test_each_table_is_checked() -> None:
    assert set(TABLES) == set(COMPLETE) | OPEN


@pytest.mark.parametrize("table", sorted(COMPLETE))
def test_each_code_has_words(table: str) -> None:
    assert set(TABLES[table]) == COMPLETE[table]


def test_each_word_is_in_the_catalogue() -> None:
    texts = {text for table in TABLES.values() for text in table.values()}
    assert texts - {message.id for message in read_catalogue("en")} == set()


def test_pages_name_only_tables_that_exist() -> None:
    sources = [*ROOT.glob("consular/templates/**/*.html"), *ROOT.glob("consular/**/*.py")]
    named = {
        (source.name, table)
        for source in sources
        for table in re.findall(r'words\("([a-z.]+)"', source.read_text(encoding="utf-8"))
    }
    assert named
    assert {each for each in named if each[1] not in TABLES} == set()


def test_no_status_has_words_elsewhere() -> None:
    """A second list of them would drift from the first."""
    codes = "|".join(sorted({*appointments.Status, *enrollments.Status, *remittances.Status}))
    table = re.compile(rf'(?:"(?:{codes})"|Status\.[A-Z_]+): _\(')
    words = {
        path.relative_to(ROOT).as_posix()
        for path in [*ROOT.glob("consular/**/*.py"), *ROOT.glob("consular/templates/**/*.html")]
        if table.search(path.read_text(encoding="utf-8"))
    }
    assert words == set()
