"""One's own data: what the API answers."""

from __future__ import annotations

from consular.access_words import WHAT
from consular.api.answer_fields import (
    Answer,
    CalendarDay,
    Flag,
    Id,
    Instant,
    ListAnswer,
    Many,
    One,
    Text,
    Texts,
    Word,
)
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
from consular.api.v1.remittances.answers import RemittanceAnswer
from services.kernel.audit import Role
from services.messages.rules import Channel, State
from services.privacy.rules import Obstacle, Status


class TellingAnswer(Answer):
    """What a person told of themselves. Names are null before that."""

    given_names = Text(allow_none=True)
    first_surname = Text(allow_none=True)
    second_surname = Text(allow_none=True)
    birth_date = CalendarDay(allow_none=True)
    curp = Text(allow_none=True)
    email = Text(allow_none=True)
    phone = Text(allow_none=True)


class ProfileAnswer(TellingAnswer):
    """The account's holder; ``id`` is the account's."""

    id = Id()


class AccessAnswer(Answer):
    """An access to one's data: who did what, when, and where."""

    at = Instant()
    role = Word(Role, attribute="actor_role")
    consulate = Text(attribute="consulate_code", allow_none=True)
    action = Word(sorted(WHAT))
    what = Text(says="The same in words, in the reader's language")


class SignInAnswer(Answer):
    """A way to sign in, and since when."""

    with_ = Text(data_key="with", attribute="issuer")
    since = Instant(attribute="created_at")


class PersonAnswer(TellingAnswer):
    """Somebody whom the account named: its holder, an attendee, an applicant."""

    holder = Flag()
    birth_place = Text(allow_none=True)
    since = Instant()


class MergedVisitAnswer(Answer):
    """An appointment under another row of somebody's."""

    folio = Text()
    consulate = Text(attribute="consulate_code")
    services = Texts()
    start = Instant(attribute="starts_at")
    status = Text()


class MergedPersonAnswer(Answer):
    """How somebody was written elsewhere, whom an officer found to be the same by a document."""

    given_names = Text()
    first_surname = Text()
    second_surname = Text(allow_none=True)
    birth_date = CalendarDay(allow_none=True)
    appointments = Many(MergedVisitAnswer)


class DependantAnswer(Answer):
    """Somebody whom the account's holder saved to book for."""

    id = Id()
    given_names = Text()
    first_surname = Text()
    second_surname = Text(allow_none=True)
    birth_date = CalendarDay()
    birth_place = Text(allow_none=True)
    curp = Text(allow_none=True)


class DependantList(Answer):
    """All of them."""

    items = Many(DependantAnswer)


class PreApplicationCopyAnswer(PreApplicationAnswer):
    """What was written down before coming to one of the appointments."""

    appointment = Id()


class SentMessageAnswer(Answer):
    """A message to them: about what, by which channel, and what became of it. Its text isn't
    kept."""

    about = Id(attribute="ref")
    kind = Text()
    channel = Word(Channel)
    address = Text(allow_none=True)
    language = Text()
    state = Word(State)
    created_at = Instant()
    outcome_at = Instant(allow_none=True)


class HelperLinkAnswer(Answer):
    """A link that let a helper book for them, or move or cancel an appointment, and which it is."""

    id = Id()
    consented_at = Instant()
    expires_at = Instant()
    revoked_at = Instant(allow_none=True)
    used_at = Instant(allow_none=True)
    appointment = Id(attribute="appointment_id", allow_none=True)
    may_book = Flag()
    may_move = Flag()
    may_cancel = Flag()
    moved_at = Instant(allow_none=True)
    cancelled_at = Instant(allow_none=True)


class CopyAnswer(Answer):
    """All that is held; what was sealed is open, for whom it belongs to."""

    as_of = Instant()
    profile = One(ProfileAnswer)
    sign_in = Many(SignInAnswer)
    people = Many(PersonAnswer)
    merged_people = Many(MergedPersonAnswer)
    dependants = Many(DependantAnswer)
    appointments = Many(AppointmentAnswer)
    pre_applications = Many(PreApplicationCopyAnswer)
    place_watches = Many(PlaceWatchAnswer)
    holds = Many(HoldAnswer)
    enrollments = Many(EnrollmentAnswer)
    folders = Many(FolderAnswer)
    documents = Many(DocumentAnswer)
    remittances = Many(RemittanceAnswer)
    disputes = Many(DisputeAnswer)
    recipients = Many(RecipientCopyAnswer)
    messages = Many(SentMessageAnswer)
    helper_links = Many(HelperLinkAnswer)
    accesses = Many(AccessAnswer)


class ErasureAnswer(Answer):
    """A request that one's data be erased (ARCO: cancellation), and how far it is."""

    folio = Text()
    kind = Word(("cancellation",))
    status = Word(Status)
    requested_at = Instant()
    answer_by = CalendarDay()
    done_at = Instant(allow_none=True)
    obstacles = Texts(Word(Obstacle), says="What has to end before the data can go")


class ErasureList(ListAnswer):
    """Requests to erase data, the newest first."""

    items = Many(ErasureAnswer)


class AccessList(ListAnswer):
    """Accesses to one's data, the newest first."""

    items = Many(AccessAnswer)
