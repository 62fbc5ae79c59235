"""Every slice's tables in one collection, for migrations and tests."""

from __future__ import annotations

from services.agencies import models as agencies
from services.alerts import models as alerts
from services.announcements import models as announcements
from services.appointments import models as appointments
from services.cashier import models as cashier
from services.citizens import models as citizens
from services.collection import models as collection
from services.commission import models as commission
from services.consulates import models as consulates
from services.disputes import models as disputes
from services.enrollments import models as enrollments
from services.facts import models as facts
from services.folders import models as folders
from services.forms import models as forms
from services.identity import models as identity
from services.incidents import models as incidents
from services.kernel import adoption, audit, idempotency, signatures
from services.kernel.db import Base
from services.ledger import models as ledger
from services.messages import models as messages
from services.monitoring import models as monitoring
from services.open_data import models as open_data
from services.operations import models as operations
from services.outbox import models as outbox
from services.privacy import models as privacy
from services.remittances import models as remittances
from services.staff import models as staff
from services.voting import models as voting

# Importing them is what collects their tables.
SLICES = (
    adoption,
    audit,
    idempotency,
    signatures,
    outbox,
    facts,
    ledger,
    incidents,
    messages,
    forms,
    citizens,
    staff,
    consulates,
    announcements,
    identity,
    folders,
    cashier,
    collection,
    appointments,
    enrollments,
    remittances,
    voting,
    monitoring,
    open_data,
    commission,
    alerts,
    privacy,
    agencies,
    operations,
    disputes,
)

metadata = Base.metadata
