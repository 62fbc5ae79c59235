"""One's own data: what the API answers."""

from __future__ import annotations

from consular.access_words import WHAT
from consular.api import answer_fields as fields
from consular.api.v1.appointments.answers import (
    AppointmentAnswer,
    PlaceWatchAnswer,
    PreApplicationAnswer,
)
from consular.api.v1.disputes.answers import DisputeAnswer
from consular.api.v1.documents.answers import DocumentAnswer
from consular.api.v1.enrollments.answers import EnrollmentAnswer
from consular.api.v1.folders.answers import FolderAnswer
from consular.api.v1.holds.answers import HoldAnswer
from consular.api.v1.recipients.answers import RecipientCopyAnswer
from consular.api.v1.remittances.answers import RemittanceCopyAnswer
from services.kernel.audit import Role
from services.messages.rules import Channel, State
from services.privacy.rules import Obstacle, Status


class TellingAnswer(fields.Answer):
    """What a person told of themselves. Names are null before that."""

    given_names = fields.Text(allow_none=True)
    first_surname = fields.Text(allow_none=True)
    second_surname = fields.Text(allow_none=True)
    birth_date = fields.CalendarDay(allow_none=True)
    curp = fields.Text(allow_none=True)
    email = fields.Text(allow_none=True)
    phone = fields.Text(allow_none=True)


class ProfileAnswer(TellingAnswer):
    """The account's holder; ``id`` is the account's."""

    id = fields.Id()


class AccessAnswer(fields.Answer):
    """An access to one's data: who did what, when, and where."""

    at = fields.Instant()
    role = fields.Word(Role, attribute="actor_role")
    consulate = fields.Text(attribute="consulate_code", allow_none=True)
    action = fields.Word(sorted(WHAT))
    what = fields.Text(says="The same in words, in the reader's language")


class SignInAnswer(fields.Answer):
    """A way to sign in, and since when."""

    with_ = fields.Text(data_key="with", attribute="issuer")
    since = fields.Instant(attribute="created_at")


class PersonAnswer(TellingAnswer):
    """Somebody whom the account named: its holder, an attendee, an applicant."""

    holder = fields.Flag()
    birth_place = fields.Text(allow_none=True)
    since = fields.Instant()


class MergedVisitAnswer(fields.Answer):
    """An appointment under another row of somebody's."""

    folio = fields.Text()
    consulate = fields.Text(attribute="consulate_code")
    services = fields.Texts()
    start = fields.Instant(attribute="starts_at")
    status = fields.Text()


class MergedPersonAnswer(fields.Answer):
    """How somebody was written elsewhere, whom an officer found to be the same by a document."""

    given_names = fields.Text()
    first_surname = fields.Text()
    second_surname = fields.Text(allow_none=True)
    birth_date = fields.CalendarDay(allow_none=True)
    appointments = fields.Many(MergedVisitAnswer)


class DependantAnswer(fields.Answer):
    """Somebody whom the account's holder saved to book for."""

    id = fields.Id()
    given_names = fields.Text()
    first_surname = fields.Text()
    second_surname = fields.Text(allow_none=True)
    birth_date = fields.CalendarDay()
    birth_place = fields.Text(allow_none=True)
    curp = fields.Text(allow_none=True)


class DependantList(fields.Answer):
    """All of them."""

    items = fields.Many(DependantAnswer)


class PreApplicationCopyAnswer(PreApplicationAnswer):
    """What was written down before coming to one of the appointments."""

    appointment = fields.Id()
    documents = fields.Texts(says="Names of the files that were sent with it")


class SentMessageAnswer(fields.Answer):
    """A message to them: about what, by which channel, and what became of it. Its text isn't
    kept."""

    about = fields.Id(attribute="ref")
    kind = fields.Text()
    channel = fields.Word(Channel)
    address = fields.Text(allow_none=True)
    language = fields.Text()
    state = fields.Word(State)
    created_at = fields.Instant()
    outcome_at = fields.Instant(allow_none=True)


class HelperLinkAnswer(fields.Answer):
    """A link that let a helper book for them, or move or cancel an appointment, and which it is."""

    id = fields.Id()
    consented_at = fields.Instant()
    expires_at = fields.Instant()
    revoked_at = fields.Instant(allow_none=True)
    used_at = fields.Instant(allow_none=True)
    appointment = fields.Id(attribute="appointment_id", allow_none=True)
    may_book = fields.Flag()
    may_move = fields.Flag()
    may_cancel = fields.Flag()
    moved_at = fields.Instant(allow_none=True)
    cancelled_at = fields.Instant(allow_none=True)


class CopyAnswer(fields.Answer):
    """All that is held; what was sealed is open, for whom it belongs to."""

    as_of = fields.Instant()
    profile = fields.One(ProfileAnswer)
    sign_in = fields.Many(SignInAnswer)
    people = fields.Many(PersonAnswer)
    merged_people = fields.Many(MergedPersonAnswer)
    dependants = fields.Many(DependantAnswer)
    appointments = fields.Many(AppointmentAnswer)
    pre_applications = fields.Many(PreApplicationCopyAnswer)
    place_watches = fields.Many(PlaceWatchAnswer)
    holds = fields.Many(HoldAnswer)
    enrollments = fields.Many(EnrollmentAnswer)
    folders = fields.Many(FolderAnswer)
    documents = fields.Many(DocumentAnswer)
    remittances = fields.Many(RemittanceCopyAnswer)
    disputes = fields.Many(DisputeAnswer)
    recipients = fields.Many(RecipientCopyAnswer)
    messages = fields.Many(SentMessageAnswer)
    helper_links = fields.Many(HelperLinkAnswer)
    accesses = fields.Many(AccessAnswer)


class ErasureAnswer(fields.Answer):
    """A request that one's data be erased (ARCO: cancellation), and how far it is."""

    folio = fields.Text()
    kind = fields.Word(("cancellation",))
    status = fields.Word(Status)
    requested_at = fields.Instant()
    answer_by = fields.CalendarDay()
    done_at = fields.Instant(allow_none=True)
    obstacles = fields.Texts(fields.Word(Obstacle), says="What has to end before the data can go")


class ErasureList(fields.ListAnswer):
    """Requests to erase data, the newest first."""

    items = fields.Many(ErasureAnswer)


class AccessList(fields.ListAnswer):
    """Accesses to one's data, the newest first."""

    items = fields.Many(AccessAnswer)
