"""Every slice's words in one place: what codes and statuses are called, in Spanish."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import ModuleType
from typing import TypeVar

from services.agencies import words as agencies
from services.alerts import words as alerts
from services.announcements import words as announcements
from services.appointments import words as appointments
from services.cashier import words as cashier
from services.citizens import words as citizens
from services.collection import words as collection
from services.commission import words as commission
from services.compliance import words as compliance
from services.consulates import words as consulates
from services.disputes import words as disputes
from services.enrollments import words as enrollments
from services.files import words as files
from services.folders import words as folders
from services.identity import words as identity
from services.incidents import words as incidents
from services.kernel import words as kernel
from services.kernel.words import ErrorMessage, Message
from services.ledger import words as ledger
from services.messages import words as messages
from services.monitoring import words as monitoring
from services.open_data import words as open_data
from services.operations import words as operations
from services.privacy import words as privacy
from services.remittances import words as remittances
from services.staff import words as staff
from services.treasury import words as treasury
from services.voting import words as voting

SLICES: tuple[ModuleType, ...] = (
    kernel,
    citizens,
    staff,
    files,
    folders,
    consulates,
    announcements,
    cashier,
    collection,
    identity,
    appointments,
    enrollments,
    ledger,
    remittances,
    voting,
    incidents,
    agencies,
    messages,
    operations,
    monitoring,
    open_data,
    commission,
    alerts,
    privacy,
    disputes,
    treasury,
    compliance,
)


Words = TypeVar("Words")


def gather(tables: Iterable[Mapping[str, Words]]) -> Mapping[str, Words]:
    """One table of several. Raises ValueError when a code has words twice."""
    words: dict[str, Words] = {}
    for table in tables:
        if doubled := words.keys() & table.keys():
            raise ValueError(f"{sorted(doubled)} have words already")
        words |= table
    return words


ERRORS: Mapping[str, ErrorMessage] = gather(module.ERRORS for module in SLICES)
MESSAGES: Mapping[str, Message] = gather(
    module.MESSAGES
    for module in (
        citizens,
        identity,
        appointments,
        collection,
        enrollments,
        remittances,
        operations,
        alerts,
        disputes,
        incidents,
    )
)

# Slice and kind of code -> code -> words.
TABLES: Mapping[str, Mapping[str, str]] = {
    "alerts.condition": alerts.CONDITIONS,
    "alerts.covers": alerts.COVERS,
    "alerts.every": alerts.EVERY,
    "alerts.level": alerts.LEVELS,
    "alerts.span": alerts.SPANS,
    "alerts.state": alerts.STATES,
    "announcements.kind": announcements.KINDS,
    "appointments.status": appointments.STATUSES,
    "appointments.counted": appointments.COUNTED,
    "appointments.opening_change": appointments.OPENING_CHANGES,
    "appointments.share": appointments.SHARES,
    "appointments.closure_source": appointments.CLOSURE_SOURCES,
    "appointments.watch_ending": appointments.WATCH_ENDINGS,
    "appointments.unmet": appointments.UNMET,
    "appointments.found": appointments.FOUND,
    "appointments.rules": appointments.RULES,
    "appointments.resemblance": appointments.RESEMBLANCES,
    "appointments.offline": appointments.OFFLINE_STEPS,
    "appointments.offline_button": appointments.OFFLINE_BUTTONS,
    "appointments.offline_noted": appointments.OFFLINE_NOTED,
    "cashier.case": cashier.CASES,
    "cashier.kind": cashier.KINDS,
    "cashier.means": cashier.MEANS,
    "cashier.act": cashier.ACTS,
    "commission.status": commission.STATUSES,
    "commission.follow_up": commission.FOLLOW_UPS,
    "commission.part": commission.PARTS,
    "collection.collector": collection.COLLECTORS,
    "collection.rule": collection.COLLECTOR_RULES,
    "compliance.decision": compliance.DECISIONS,
    "compliance.party": compliance.PARTIES,
    "disputes.kind": disputes.KINDS,
    "disputes.status": disputes.STATUSES,
    "disputes.remedy": disputes.REMEDIES,
    "enrollments.status": enrollments.STATUSES,
    "enrollments.person": enrollments.PERSON_STATUSES,
    "enrollments.reason": enrollments.REASONS,
    "enrollments.channel": enrollments.CHANNELS,
    "enrollments.consent": enrollments.CONSENTS,
    "enrollments.waits": enrollments.WAITS,
    "enrollments.warning": enrollments.WARNINGS,
    "enrollments.actor": enrollments.ACTORS,
    "enrollments.step": enrollments.STEPS,
    "folders.purpose": folders.PURPOSES,
    "folders.data": folders.DATA,
    "enrollments.document": enrollments.DOCUMENTS,
    "remittances.correction": remittances.CORRECTIONS,
    "remittances.holder": remittances.HOLDERS,
    "remittances.remedy": remittances.REMEDIES,
    "remittances.identification": remittances.IDENTIFICATIONS,
    "remittances.purpose": remittances.PURPOSES,
    "remittances.reason": remittances.REASONS,
    "remittances.refusal": remittances.REFUSALS,
    "remittances.status": remittances.STATUSES,
    "treasury.account": treasury.ACCOUNTS,
    "treasury.account_kind": treasury.ACCOUNT_KINDS,
    "treasury.entry": treasury.ENTRIES,
    "treasury.measure": treasury.MEASURES,
    "remittances.step": remittances.STEPS,
    "remittances.receipt": remittances.RECEIPTS,
    "voting.status": voting.STATUSES,
    "voting.counted": voting.COUNTED,
    "voting.metric": voting.METRICS,
    "voting.mode": voting.MODES,
    "voting.warning": voting.WARNINGS,
    "voting.published": voting.PUBLISHED,
    "voting.note": voting.NOTES,
    "incidents.kind": incidents.KINDS,
    "incidents.meaning": incidents.MEANINGS,
    "incidents.resolution": incidents.RESOLUTIONS,
    "incidents.step": incidents.STEPS,
    "incidents.fact": incidents.FACTS,
    "agencies.state": agencies.STATES,
    "monitoring.unit": monitoring.UNITS,
    "monitoring.age_band": monitoring.AGE_BANDS,
    "monitoring.sex": monitoring.SEXES,
    "monitoring.program": monitoring.PAYOUTS_AND_MODES,
    "monitoring.dimension": monitoring.DIMENSIONS,
    "messages.channel": messages.CHANNELS,
    "messages.state": messages.STATES,
    "messages.kind": messages.KINDS,
    "open_data.level": open_data.LEVELS,
    "operations.process": operations.PROCESSES,
    "operations.liveness": operations.LIVENESS,
    "operations.decision": operations.DECISIONS,
    "operations.unknown": operations.UNKNOWN,
    "operations.area": operations.AREAS,
}
