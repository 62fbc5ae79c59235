"""Synthetic requests to an agency of each kind, made by the adapter that the system itself uses."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Protocol

from integrations.contracts import (
    BatchEnrollmentAgency,
    BatchStatus,
    ChargeMethod,
    ChargeOrder,
    ChargeWord,
    CredentialCountSource,
    CurpQuestion,
    EnrollmentAgency,
    EnrollmentApplication,
    EnrollmentBatch,
    EnrollmentStatus,
    PartOrder,
    PartWord,
    PaymentProvider,
    PayoutAgency,
    PayoutChannel,
    PayoutOrder,
    PayoutStatus,
    PopulationRegister,
)
from integrations.registry import Purpose

# Nobody: names that say so, and a CURP that is well formed.
GIVEN, FIRST_SURNAME, SECOND_SURNAME = "Persona", "Demo", "Uno"
BORN = date(1985, 3, 14)
CURP = "DEUP850314MNEMNR09"
OTHER_GIVEN = "Otra Persona"


class Probe(Protocol):
    """Sends a request under a key, and asks whether the agency has it."""

    def send(self, key: str, *, other: bool = False) -> object:
        """Send it; ``other`` says something else under the same key."""
        ...

    def knows(self, key: str) -> bool:
        """Whether the agency has a request under that key."""
        ...


@dataclass(frozen=True)
class EnrollmentProbe:
    """One request at a time; ``sample`` is the contract's."""

    client: EnrollmentAgency
    sample: Mapping[str, Any]

    def send(self, key: str, *, other: bool = False) -> object:
        """Ask for an enrollment."""
        return self.client.request(_application(key, self.sample, other))

    def folio(self, key: str) -> str:
        """Ours of the request."""
        return key

    def amend(self, key: str) -> object:
        """Send it anew, as if a correction was asked for."""
        return self.client.amend(_application(key, self.sample, other=False))

    def knows(self, key: str) -> bool:
        """Ask by folio."""
        return self.client.status(key).status is not EnrollmentStatus.NOT_FOUND


@dataclass(frozen=True)
class BatchProbe:
    """A file with one row."""

    client: BatchEnrollmentAgency
    sample: Mapping[str, Any]
    today: date

    def send(self, key: str, *, other: bool = False) -> object:
        """Hand the file over."""
        application = _application(self.folio(key), self.sample, other)
        return self.client.send_batch(EnrollmentBatch(key, self.today, (application,)))

    def folio(self, key: str) -> str:
        """Ours of its row."""
        return f"{key}R"

    def knows(self, key: str) -> bool:
        """Ask by the batch's key."""
        return self.client.batch_status(key) is not BatchStatus.NOT_FOUND


@dataclass(frozen=True)
class PayoutProbe:
    """An order of one centavo to a branch."""

    client: PayoutAgency

    def send(self, key: str, *, other: bool = False) -> object:
        """Order the payout."""
        return self.client.submit(
            PayoutOrder(
                folio=key,
                amount_minor=2 if other else 1,
                channel=PayoutChannel.BRANCH,
                beneficiary_given_names=GIVEN,
                beneficiary_first_surname=FIRST_SURNAME,
                beneficiary_second_surname=SECOND_SURNAME,
                account=None,
                sender_name="Remitente Demo",
                concept="Prueba",
            )
        )

    def knows(self, key: str) -> bool:
        """Ask by folio."""
        return self.client.status(key).status is not PayoutStatus.NOT_FOUND


@dataclass(frozen=True)
class ChargeProbe:
    """A charge of one cent in cash, which nobody comes to pay, but at a simulator."""

    client: PaymentProvider
    today: date

    def send(self, key: str, *, other: bool = False) -> object:
        """Have nobody pay."""
        expires_at = datetime.combine(self.today + timedelta(days=2), time(), UTC)
        amount = 2 if other else 1
        return self.client.charge(ChargeOrder(key, amount, ChargeMethod.CASH, expires_at))

    def knows(self, key: str) -> bool:
        """Ask by folio."""
        return self.client.status(key).status is not ChargeWord.NOT_FOUND

    def is_paid(self, key: str) -> bool:
        """Whether there is something to give back."""
        return self.client.status(key).status is ChargeWord.PAID

    def give_back(self, key: str, part: str) -> object:
        """Have a part of it given back."""
        return self.client.refund_part(PartOrder(key, part, 1))

    def gave_back(self, key: str, part: str) -> set[bool]:
        """Whether it was: by the part itself, and by the charge."""
        known = self.client.part_status(PartOrder(key, part, 1)).status
        return {known is not PartWord.NOT_FOUND, part in self.client.status(key).refunds}


@dataclass(frozen=True)
class QuestionProbe:
    """A question changes nothing: there is no key."""

    client: PopulationRegister

    def send(self, key: str, *, other: bool = False) -> object:
        """Ask about nobody's CURP."""
        return self.client.check_curp(
            CurpQuestion(CURP, _given_name(other), FIRST_SURNAME, SECOND_SURNAME, BORN)
        )

    def knows(self, key: str) -> bool:
        """Nothing is kept."""
        return False


@dataclass(frozen=True)
class CountsProbe:
    """Counts that are published for everybody: neither a key nor a body."""

    client: CredentialCountSource

    def send(self, key: str, *, other: bool = False) -> object:
        """Ask for the newest."""
        return self.client.latest()

    def knows(self, key: str) -> bool:
        """Nothing is kept."""
        return False


_PROBES: Mapping[Purpose, Callable[[Any, Mapping[str, Any], date], Probe]] = {
    Purpose.ENROLLMENT: lambda client, sample, _today: EnrollmentProbe(client, sample),
    Purpose.BATCH_ENROLLMENT: BatchProbe,
    Purpose.PAYOUTS: lambda client, _sample, _today: PayoutProbe(client),
    Purpose.PAYMENTS: lambda client, _sample, today: ChargeProbe(client, today),
    Purpose.POPULATION_REGISTER: lambda client, _sample, _today: QuestionProbe(client),
    Purpose.CREDENTIAL_COUNTS: lambda client, _sample, _today: CountsProbe(client),
}


def probe_for(purpose: Purpose, client: object, sample: Mapping[str, Any], today: date) -> Probe:
    """The probe for an agency of that purpose; KeyError when there is none."""
    return _PROBES[purpose](client, sample, today)


def _application(folio: str, sample: Mapping[str, Any], other: bool) -> EnrollmentApplication:
    return EnrollmentApplication(
        folio=folio,
        program=sample["program"],
        curp=CURP,
        given_names=_given_name(other),
        first_surname=FIRST_SURNAME,
        second_surname=SECOND_SURNAME,
        birth_date=BORN,
        email="persona.demo@example.org",
        data=sample["data"],
    )


def _given_name(other: bool) -> str:
    return OTHER_GIVEN if other else GIVEN
