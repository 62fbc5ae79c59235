"""What an agency said of a request besides its status, as it is kept sealed with the request."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from services.kernel.money import Money

DETAILS_PLACE = "enrollments.details"


@dataclass(frozen=True)
class AppointmentDetails:
    """When the agency sees the applicant; ``starts_at`` is aware, ``link`` is of a video call."""

    starts_at: datetime
    link: str | None = None


@dataclass(frozen=True)
class PaymentDetails:
    """What the applicant pays, by which reference, until the end of ``due_on`` (Mexico City)."""

    reference: str
    amount: Money
    due_on: date


@dataclass(frozen=True)
class Details:
    """``requested`` names the fields and documents of the program that the agency wants corrected.

    What an earlier word told stays until a newer one tells it anew.
    """

    requested: tuple[str, ...] = ()
    appointment: AppointmentDetails | None = None
    payment: PaymentDetails | None = None

    def updated(self, newer: Details) -> Details:
        """These details with what ``newer`` says instead."""
        return Details(
            newer.requested or self.requested,
            newer.appointment or self.appointment,
            newer.payment or self.payment,
        )


def to_json(details: Details) -> str:
    """The details as they are sealed."""
    appointment, payment = details.appointment, details.payment
    return json.dumps(
        {
            "requested": list(details.requested),
            "appointment": appointment
            and {"starts_at": appointment.starts_at.isoformat(), "link": appointment.link},
            "payment": payment
            and {
                "reference": payment.reference,
                "minor": payment.amount.minor,
                "currency": payment.amount.currency,
                "due_on": payment.due_on.isoformat(),
            },
        }
    )


def from_json(text: str) -> Details:
    """The details from what was sealed."""
    kept: dict[str, Any] = json.loads(text)
    appointment, payment = kept["appointment"], kept["payment"]
    return Details(
        tuple(kept["requested"]),
        appointment
        and AppointmentDetails(
            datetime.fromisoformat(appointment["starts_at"]), appointment["link"]
        ),
        payment
        and PaymentDetails(
            payment["reference"],
            Money(payment["minor"], payment["currency"]),
            date.fromisoformat(payment["due_on"]),
        ),
    )
