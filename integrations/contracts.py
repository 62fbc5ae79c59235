"""What we ask of the outside world, whoever answers: data and protocols, no behavior.

Workers and the sign-in pages speak these types only; each adapter translates them to its agency's
own words in its `wire.py`. Every method may raise what `integrations.errors` draws.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Protocol
from uuid import UUID

# --- Payouts ------------------------------------------------------------------------------------


class PayoutChannel(StrEnum):
    """How the beneficiary gets the money."""

    ACCOUNT = "account"
    CARD = "card"
    BRANCH = "branch"
    DUES = "dues"


class PayoutStatus(StrEnum):
    """Status of a payout at the agency.

    `accepted` is being processed, `available` waits at a branch; `paid`, `refused` and `cancelled`
    are final. `not_found`: the agency has no order with that folio.
    """

    ACCEPTED = "accepted"
    AVAILABLE = "available"
    PAID = "paid"
    REFUSED = "refused"
    CANCELLED = "cancelled"
    NOT_FOUND = "not_found"


@dataclass(frozen=True, slots=True)
class PayoutOrder:
    """An order to pay pesos in Mexico. `folio` is the key: one folio is paid once at most.

    `amount_minor` is in centavos (MXN). `account` is a CLABE (18 digits) for `account`, a card
    number (15 or 16) for `card`, a payment line of IMSS (10 to 40 digits) for `dues`, which is paid
    once whatever folio it comes under, None for `branch`, where `branch` is the code of the one in
    which it is going to be collected, if that was chosen.
    """

    folio: str
    amount_minor: int
    channel: PayoutChannel
    beneficiary_given_names: str
    beneficiary_first_surname: str
    beneficiary_second_surname: str | None
    account: str | None
    sender_name: str
    concept: str
    branch: str | None = None


class CreditKind(StrEnum):
    """Proof of a payment: an electronic transfer (SPEI), or a receipt of a branch."""

    SPEI = "spei"
    BRANCH = "branch"


@dataclass(frozen=True, slots=True)
class CreditProof:
    """How the agency shows that the money arrived.

    `reference` is the transfer's tracking key or the receipt's number. `certificate` is the
    reference under which Banco de México certifies a transfer (CEP). `identification` is the kind
    of document that was shown at a branch, never its number.
    """

    kind: CreditKind
    reference: str
    credited_on: date | None = None
    bank: str | None = None
    certificate: str | None = None
    identification: str | None = None


@dataclass(frozen=True, slots=True)
class PayoutState:
    """What the agency says of one folio now. `paid_at` is aware; `branch` names where it waits.

    `amount_minor` is what it says that it pays, in hundredths of `currency`. `dropped` names the
    optional fields of its answer that couldn't be used.
    """

    folio: str
    status: PayoutStatus
    reason_code: str | None = None
    agency_reference: str | None = None
    branch: str | None = None
    paid_at: datetime | None = None
    amount_minor: int | None = None
    currency: str | None = None
    credit: CreditProof | None = None
    dropped: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Branch:
    """A place where the agency pays cash out. `municipality` is INEGI's code of five digits."""

    code: str
    name: str
    municipality: str
    address: str
    hours: str
    latitude: float
    longitude: float


@dataclass(frozen=True, slots=True)
class BranchList:
    """Every branch that could be read, and the codes of the rows that couldn't be; "" for one whose
    code couldn't be either."""

    branches: tuple[Branch, ...]
    unreadable: tuple[str, ...] = ()


class HolderMatch(StrEnum):
    """Whether an account's holder is called as the sender wrote: never what they are called."""

    YES = "yes"
    CLOSE = "close"
    NO = "no"
    NOT_OFFERED = "not_offered"


@dataclass(frozen=True, slots=True)
class HolderQuestion:
    """An account or card in Mexico, and whom the sender takes for its holder."""

    channel: PayoutChannel
    account: str
    given_names: str
    first_surname: str
    second_surname: str | None


@dataclass(frozen=True, slots=True)
class NameCorrection:
    """Another name for the beneficiary of an order. `key` is the correction's own: one key is one
    correction."""

    key: str
    folio: str
    given_names: str
    first_surname: str
    second_surname: str | None


class PayoutAgency(Protocol):
    """Pays remittances out. Grade A: a repeated folio is the same order; B: answers by folio."""

    def submit(self, order: PayoutOrder) -> PayoutState:
        """Send the order. The same order again answers with its present state."""
        ...

    def status(self, folio: str) -> PayoutState:
        """Ask what became of the folio; `not_found` when it never arrived."""
        ...

    def cancel(self, folio: str) -> PayoutState:
        """Stop the payout: `cancelled`, or `paid` when it was too late."""
        ...

    def branches(self) -> BranchList:
        """Every branch that pays cash out now."""
        ...

    def match_holder(self, question: HolderQuestion) -> HolderMatch:
        """Compare the name with that of the account's holder."""
        ...

    def correct_name(self, correction: NameCorrection) -> None:
        """Pay the order to somebody of that name. `Refused` with `too_late` once it is final."""
        ...


# --- Payments of senders -------------------------------------------------------------------------


class ChargeMethod(StrEnum):
    """How the sender pays."""

    BANK_ACCOUNT = "bank_account"
    US_CARD = "us_card"
    CASH = "cash"


class ChargeWord(StrEnum):
    """Where a charge stands at the provider. `failed`: it can't be paid any more; `refunded` by us;
    `returned`: the sender's bank took it back. `not_found`: it has none with that folio."""

    PENDING = "pending"
    PAID = "paid"
    FAILED = "failed"
    REFUNDED = "refunded"
    RETURNED = "returned"
    NOT_FOUND = "not_found"


@dataclass(frozen=True, slots=True)
class ChargeOrder:
    """What a sender is to pay, in cents of USD, until `expires_at`. `folio` is the key: it is paid
    once at most."""

    folio: str
    amount_minor: int
    method: ChargeMethod
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class ChargeState:
    """What the provider says of one folio now. `pay_address` and `pay_reference` are where and with
    what the sender pays. `refunded`: we have given all of it back, whatever came
    since; `refunds` are the keys of the parts that were given back."""

    folio: str
    status: ChargeWord
    reason_code: str | None = None
    amount_minor: int | None = None
    currency: str | None = None
    provider_reference: str | None = None
    pay_address: str | None = None
    pay_reference: str | None = None
    refunded: bool = False
    refunds: frozenset[str] = frozenset()
    dropped: tuple[str, ...] = ()


class PartWord(StrEnum):
    """What became of a part of a charge that was to be given back: `returned` where the sender's
    bank took the charge back, so that no part of it is given. `not_found`: it never arrived."""

    GIVEN = "given"
    RETURNED = "returned"
    NOT_FOUND = "not_found"


@dataclass(frozen=True, slots=True)
class PartOrder:
    """A part of the charge with that folio to give back, in cents of USD. `key` is the part's own:
    it is given once at most."""

    folio: str
    key: str
    amount_minor: int


@dataclass(frozen=True, slots=True)
class PartState:
    """What the provider says of one part now."""

    key: str
    status: PartWord
    amount_minor: int | None = None
    currency: str | None = None
    dropped: tuple[str, ...] = ()


class PaymentProvider(Protocol):
    """Takes payments of senders and gives them back. Grade A and B: the same folio again is the
    same charge, the same key the same part of it, and both can be asked about."""

    def charge(self, order: ChargeOrder) -> ChargeState:
        """Have the sender pay."""
        ...

    def status(self, folio: str) -> ChargeState:
        """Ask what became of the folio; `not_found` when it never arrived."""
        ...

    def void(self, folio: str) -> ChargeState:
        """See that it isn't paid any more, whether it arrived or not; `paid` when too late."""
        ...

    def refund(self, folio: str, amount_minor: int) -> ChargeState:
        """Give it back, once; `returned` where the sender's bank was faster."""
        ...

    def refund_part(self, order: PartOrder) -> PartState:
        """Give a part of it back, once a key."""
        ...

    def part_status(self, order: PartOrder) -> PartState:
        """Ask what became of the part; `not_found` when it never arrived."""
        ...


# --- Enrollment ----------------------------------------------------------------------------------


class EnrollmentStatus(StrEnum):
    """Where a request stands at its agency; `rejected` and `ended` are final.

    `ended`: what was active is so no longer, or the request was closed. `not_found`: the agency has
    no request with that folio.
    """

    RECEIVED = "received"
    IN_REVIEW = "in_review"
    MORE_INFORMATION_REQUESTED = "more_information_requested"
    APPOINTMENT_SCHEDULED = "appointment_scheduled"
    PAYMENT_PENDING = "payment_pending"
    ACTIVE = "active"
    REJECTED = "rejected"
    ENDED = "ended"
    NOT_FOUND = "not_found"


@dataclass(frozen=True, slots=True)
class AgencyAppointment:
    """When the agency sees the applicant; `starts_at` is aware, `link` is that of a video call."""

    starts_at: datetime
    link: str | None = None


@dataclass(frozen=True, slots=True)
class PaymentLine:
    """What the applicant pays, by which reference, and the last day (Mexico City) to do so."""

    reference: str
    amount_minor: int
    currency: str
    due_on: date


@dataclass(frozen=True, slots=True)
class EnrollmentApplication:
    """A person's request to be enrolled, keyed by our folio.

    `data` is what the program asks for besides, by the names in its form
    (`services/enrollments/programs`).
    """

    folio: str
    program: str
    curp: str
    given_names: str
    first_surname: str
    second_surname: str | None
    birth_date: date
    email: str | None
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class EnrollmentState:
    """What the agency says of one folio: `result` once active, `reason_code` once rejected.

    `result` is what the program ends with: the RFC under `rfc`, for instance; part of it may come
    before. `requested` names the fields and documents of the program that it wants corrected, until
    the end of `answer_by` (Mexico City). `changed_at` (aware) is when this became so, by the
    agency's clock: an older word than one that was taken is not taken. `dropped` names the optional
    fields of the answer that couldn't be used.
    """

    folio: str
    status: EnrollmentStatus
    result: Mapping[str, str] = field(default_factory=dict)
    reason_code: str | None = None
    requested: tuple[str, ...] = ()
    answer_by: date | None = None
    appointment: AgencyAppointment | None = None
    payment: PaymentLine | None = None
    changed_at: datetime | None = None
    dropped: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DocumentFile:
    """A document of a request. `id` is its key: one id is one file. `kind` is a code of
    the program's documents."""

    id: UUID
    kind: str
    media_type: str
    content: bytes


class TakesDocuments(Protocol):
    """Takes documents for a request under our folio, each once by its id."""

    def send_document(self, folio: str, document: DocumentFile) -> None:
        """Hand a document over. The same again has no further effect; `Refused` with `not_found`
        while the agency knows nothing of the folio."""
        ...


class Remedy(StrEnum):
    """What can be done about an agency's no, by its reason.

    `correct`: data differ or don't fit, the applicant corrects them and asks again. `ask_agency`:
    only the agency can change what it has. `ask_again`: nothing stands in the way of a new request.
    `wait`: not yet, by a rule on age or time. `ours`: no word on the applicant at all, a person
    looks at what we sent.
    """

    CORRECT = "correct"
    ASK_AGENCY = "ask_agency"
    ASK_AGAIN = "ask_again"
    WAIT = "wait"
    OURS = "ours"


class EnrollmentAgency(TakesDocuments, Protocol):
    """Enrolls people in its programs. Grade A and B, as `PayoutAgency`."""

    @property
    def remedies(self) -> Mapping[str, Remedy]:
        """What can be done about each of its reasons and refusals, by our code."""
        ...

    def request(self, application: EnrollmentApplication) -> EnrollmentState:
        """Send the request. The same folio again is the same request."""
        ...

    def amend(self, application: EnrollmentApplication) -> EnrollmentState:
        """Send the request anew, whole, with what it wanted corrected. The same again has no
        further effect, so that an answer that was lost is asked for by sending it again."""
        ...

    def status(self, folio: str) -> EnrollmentState:
        """Ask what became of the folio; `not_found` when it never arrived."""
        ...


class BatchStatus(StrEnum):
    """Where a batch stands at its agency; `not_found`: it has no batch under that key."""

    RECEIVED = "received"
    ANSWERED = "answered"
    NOT_FOUND = "not_found"


@dataclass(frozen=True, slots=True)
class EnrollmentBatch:
    """Requests that go to an agency in one file, under a key of the batch's own.

    `day` is the batch's (Mexico City). The same key always goes with the same applications.
    """

    key: str
    day: date
    applications: tuple[EnrollmentApplication, ...]


@dataclass(frozen=True, slots=True)
class BatchResults:
    """The rows that the agency has decided so far, as they stand in its file: a folio may be there
    twice, or be none of ours. `answered`: no further row is to come. `unreadable` are the folios of
    rows that can't be read."""

    key: str
    answered: bool
    rows: tuple[EnrollmentState, ...]
    unreadable: tuple[str, ...] = ()


class BatchEnrollmentAgency(TakesDocuments, Protocol):
    """Enrolls people by file. Grade A and B by the batch's key: the same file under the same key
    has no further effect, and the key can be asked about. Each row is keyed by our folio besides:
    a folio that comes again in another batch is the same request."""

    @property
    def remedies(self) -> Mapping[str, Remedy]:
        """What can be done about each of its reasons and refusals, by our code."""
        ...

    def send_batch(self, batch: EnrollmentBatch) -> BatchStatus:
        """Hand the file over. `Refused` when it was not taken in, as a whole."""
        ...

    def batch_status(self, key: str) -> BatchStatus:
        """Ask what became of the batch; `not_found` when it never arrived."""
        ...

    def batch_results(self, key: str) -> BatchResults:
        """The file of results as it stands now. `Unanswered` for one that is cut off or damaged:
        nothing of it counts."""
        ...

    def status(self, folio: str) -> EnrollmentState:
        """Ask about one row, whichever batch it came in."""
        ...


# --- Population register ------------------------------------------------------------------------


class CurpStatus(StrEnum):
    """Standing of a CURP; only `valid` ones can be enrolled with."""

    VALID = "valid"
    REPLACED = "replaced"
    CANCELLED = "cancelled"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class CurpQuestion:
    """A CURP, and what its holder says of themselves."""

    curp: str
    given_names: str
    first_surname: str
    second_surname: str | None
    birth_date: date


@dataclass(frozen=True, slots=True)
class CurpFinding:
    """`differs` names what is registered otherwise (`given_names`, `first_surname`,
    `second_surname`, `birth_date`): never what is registered, which may be somebody else's."""

    status: CurpStatus
    differs: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()


class PopulationRegister(Protocol):
    """Knows every CURP. A question only: there is nothing that could be done twice."""

    def check_curp(self, question: CurpQuestion) -> CurpFinding:
        """Compare what somebody says with what is registered under the CURP."""
        ...


# --- Published counts ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CredentialCounts:
    """Requests for the voter credential up to the end of `cut_off`, by the code of the office that
    took them. Numbers only, nobody's data."""

    cut_off: date
    by_office: Mapping[str, int]


class CredentialCountSource(Protocol):
    """Publishes how many voter cards were given out."""

    def latest(self) -> CredentialCounts:
        """The newest counts; all offices have the same cut-off."""
        ...


# --- Exchange rate ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ExchangeRate:
    """Units of `quote` for one `base`, unrounded, for the day `valid_on` (Mexico City)."""

    value: Decimal
    valid_on: date
    base: str = "USD"
    quote: str = "MXN"
    series: str = "SF43718"


class RateSource(Protocol):
    """Publishes the reference rate."""

    def latest(self) -> list[ExchangeRate]:
        """The newest published rates, oldest first; at least one."""
        ...


# --- Messages to people -------------------------------------------------------------------------


class MessageChannel(StrEnum):
    """Channel of a message: e-mail, SMS, or a call that reads the text out."""

    EMAIL = "email"
    SMS = "sms"
    VOICE = "voice"


class MessageState(StrEnum):
    """Where a message stands at its provider; `bounced` and `failed`: it didn't reach anybody.

    `not_found`: the provider has no message with that key.
    """

    ACCEPTED = "accepted"
    DELIVERED = "delivered"
    BOUNCED = "bounced"
    FAILED = "failed"
    NOT_FOUND = "not_found"


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that goes with an e-mail. `media_type` may have parameters."""

    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Message:
    """One message to one person. A repeated `key` has no effect.

    Only an e-mail has a `subject` and `attachments`; of an SMS, `encoding` (`gsm7`, `ucs2`) and
    `parts` say what it costs. `language` is what it is written in.
    """

    key: str
    channel: MessageChannel
    to: str
    subject: str
    body: str
    encoding: str | None = None
    parts: int | None = None
    language: str = "es"
    attachments: tuple[Attachment, ...] = ()


@dataclass(frozen=True, slots=True)
class MessageReport:
    """What the provider says of one message now; `reason` says why it didn't arrive."""

    state: MessageState
    reason: str | None = None


class MessageSender(Protocol):
    """Takes messages for delivery. Grade A: a repeated key has no further effect."""

    def send(self, message: Message) -> str | None:
        """Hand the message over; returns what the provider calls it, if it says so."""
        ...

    def report(self, key: str) -> MessageReport:
        """Ask what became of the message; `not_found` when it never arrived."""
        ...


# --- Sign-in ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CitizenClaims:
    """A person who signed in, as Llave MX tells it. `email` and `phone` only when it verified them.

    Some accounts have one name, or none.
    """

    subject: str
    given_names: str | None = None
    first_surname: str | None = None
    second_surname: str | None = None
    curp: str | None = None
    birth_date: date | None = None
    email: str | None = None
    phone: str | None = None


@dataclass(frozen=True, slots=True)
class StaffGrant:
    """An identity token that is NOT yet verified, and the keys to verify it with.

    The edge checks signature, `iss` (= `issuer`), `aud` (= `client_id`), times and `nonce`; only
    then are its claims worth anything.
    """

    id_token: str
    jwks: Mapping[str, Any]
    issuer: str
    client_id: str


class CitizenSignIn(Protocol):
    """Signs citizens in (OAuth 2.0 authorization code)."""

    def authorize_url(self, *, state: str, redirect_uri: str) -> str:
        """Where to send the browser."""
        ...

    def exchange(self, *, code: str, redirect_uri: str) -> CitizenClaims:
        """Turn the code that came back into the person. `Refused` when the code is no good."""
        ...


class StaffSignIn(Protocol):
    """Signs staff in (OpenID Connect, authorization code, PKCE and nonce)."""

    def authorize_url(
        self, *, state: str, redirect_uri: str, nonce: str, code_verifier: str
    ) -> str:
        """Where to send the browser; the verifier itself stays here, its S256 digest goes."""
        ...

    def exchange(self, *, code: str, redirect_uri: str, code_verifier: str) -> StaffGrant:
        """Turn the code into an identity token and keys. `Refused` when the code is no good."""
        ...
