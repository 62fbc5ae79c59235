"""Who does what: every topic of the outbox with its queue and its handler."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from integrations.registry import Purpose, calling_back
from services.outbox.delivery import Lease
from services.outbox.inbox import callback_topic
from workers.jobs import (
    alerts,
    appointments,
    batches,
    documents,
    enrollments,
    facts,
    housekeeping,
    incidents,
    ledger,
    notices,
    open_data,
    payments,
    places,
    privacy,
    published,
    rates,
    recipients,
    remittances,
)
from workers.queues import Queue
from workers.runtime import JobContext
from workers.steps import Claim, go_on
from workers.together import PartsOf


@dataclass(frozen=True)
class Route:
    """``parks``: after many failures the item is left for a person. Money never is.

    ``together``: the parts of an item that may be done with others, as `workers.together` says.
    """

    queue: Queue
    handler: Callable[[JobContext, Lease], None]
    parks: bool = True
    together: PartsOf | None = None


def _with_others(queue: Queue, parts_of: PartsOf, *, parks: bool = True) -> Route:
    def handle(job: JobContext, lease: Lease) -> None:
        parts = parts_of(job, lease)
        go_on(job, lease, parts, Claim(parts.claim))

    return Route(queue, handle, parks, parts_of)


# What is done when an agency of a purpose calls back.
_CALLBACKS = {
    Purpose.PAYOUTS: _with_others(Queue.MONEY, remittances.take_callback, parks=False),
    Purpose.PAYMENTS: Route(Queue.MONEY, payments.take_callback, parks=False),
    Purpose.ENROLLMENT: _with_others(Queue.AGENCIES, enrollments.take_callback),
    Purpose.MESSAGES: _with_others(Queue.NOTICES, notices.take_receipt),
}

ROUTES: Mapping[str, Route] = {
    **{callback_topic(agency.code): _CALLBACKS[agency.purpose] for agency in calling_back()},
    **{topic: _with_others(Queue.NOTICES, notices.send) for topic in notices.GATHER},
    **{topic: Route(Queue.NOTICES, notices.send_code) for topic in notices.CODES},
    "appointments.confirmation": Route(Queue.NOTICES, notices.send_confirmation),
    notices.NEXT_CHANNEL: Route(Queue.NOTICES, notices.send_by_next_channel),
    "enrollments.submit": Route(Queue.AGENCIES, enrollments.submit),
    "enrollments.collect": Route(Queue.AGENCIES, batches.collect),
    "enrollments.batch": Route(Queue.AGENCIES, batches.go_on),
    "enrollments.amend": Route(Queue.AGENCIES, enrollments.amend),
    "enrollments.documents": Route(Queue.AGENCIES, documents.pass_documents),
    "enrollments.refresh": Route(Queue.AGENCIES, enrollments.refresh),
    "enrollments.withdrawn_at_agency": Route(
        Queue.HOUSEKEEPING, enrollments.report_withdrawn, parks=False
    ),
    "enrollments.go_on": Route(Queue.HOUSEKEEPING, enrollments.go_on),
    "enrollments.lapse": Route(Queue.AGENCIES, enrollments.lapse),
    "remittances.payout": _with_others(Queue.MONEY, remittances.submit_payout, parks=False),
    "remittances.cancel": Route(Queue.MONEY, remittances.cancel, parks=False),
    "remittances.refund": Route(Queue.MONEY, payments.refund, parks=False),
    "remittances.give_remedy": Route(Queue.MONEY, payments.give_remedy, parks=False),
    "remittances.dues_paid": Route(Queue.MONEY, remittances.tell_enrollment, parks=False),
    "remittances.screen": Route(Queue.HOUSEKEEPING, remittances.screen_again),
    "remittances.correct_name": Route(Queue.MONEY, recipients.correct_name, parks=False),
    "remittances.check_holder": Route(Queue.AGENCIES, recipients.check_holder),
    "incidents.watch": Route(Queue.MONEY, incidents.watch),
    "incidents.clear_suspense": Route(Queue.MONEY, incidents.settle_suspense, parks=False),
    "places.fetch": Route(Queue.AGENCIES, places.fetch_places),
    "published.fetch": Route(Queue.AGENCIES, published.fetch_credential_counts),
    "rates.fetch": Route(Queue.AGENCIES, rates.fetch_rates),
    # Never left lying: a place that isn't given back is lost.
    "appointments.free_places": Route(Queue.HOUSEKEEPING, appointments.free_places, parks=False),
    "appointments.free_attendee": Route(
        Queue.HOUSEKEEPING, appointments.free_attendee, parks=False
    ),
    "appointments.free_holds": Route(Queue.HOUSEKEEPING, appointments.free_holds),
    "appointments.free_vacated": Route(Queue.HOUSEKEEPING, appointments.free_vacated, parks=False),
    "appointments.call_off": Route(Queue.HOUSEKEEPING, appointments.call_off),
    "appointments.release_places": Route(Queue.HOUSEKEEPING, appointments.release_places),
    "appointments.extend_series": Route(Queue.HOUSEKEEPING, appointments.extend_series),
    "appointments.compare_people": Route(Queue.HOUSEKEEPING, appointments.compare_people),
    "appointments.close_days": Route(Queue.HOUSEKEEPING, housekeeping.close_days),
    "alerts.evaluate": Route(Queue.HOUSEKEEPING, alerts.evaluate),
    "facts.build": Route(Queue.HOUSEKEEPING, facts.build_sums),
    "facts.recount": Route(Queue.HOUSEKEEPING, facts.recount_sums),
    "ledger.settle": Route(Queue.HOUSEKEEPING, ledger.settle_entries),
    "ledger.compare": Route(Queue.HOUSEKEEPING, ledger.compare_with_second_book),
    "open_data.prepare": Route(Queue.HOUSEKEEPING, open_data.prepare_months),
    "privacy.erase": Route(Queue.HOUSEKEEPING, privacy.erase_person),
    "housekeeping.sweep": Route(Queue.HOUSEKEEPING, housekeeping.sweep_tables),
}

TOGETHER: Mapping[str, PartsOf] = {
    topic: route.together for topic, route in ROUTES.items() if route.together
}
