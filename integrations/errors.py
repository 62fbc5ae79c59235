"""What can go wrong when we talk to an agency, told by what may be done next.

    AgencyError
    ├── Retryable            sending or asking again is harmless
    │   ├── NeverSent        nothing was done: no connection, or a 503, which by contract means so
    │   ├── Throttled        429: nothing was done, come back after `retry_after` seconds
    │   └── Unanswered       a question got no usable answer; a question changes nothing
    ├── Refused              the agency's final no, with a code that we know
    └── OutcomeUnknown       it may or may not have been done: ask by folio, never resend blindly

`Retryable` speaks of the attempt that raised it. An earlier attempt at the same change may still be
unknown: only the agency's answer by folio settles that one.
"""

from __future__ import annotations


class AgencyError(Exception):
    """A call to an agency that did not give the answer asked for.

    `agency` and `operation` name the call, `code` is stable snake_case. The text holds nothing
    else, so that it can be logged: no body, no name, no account.
    """

    def __init__(self, agency: str, operation: str, code: str, *more: object) -> None:
        # Everything goes to args, so that the error survives pickling between processes.
        super().__init__(agency, operation, code, *more)
        self.agency = agency
        self.operation = operation
        self.code = code

    def __str__(self) -> str:
        return f"{self.agency}.{self.operation}: {self.code}"


class Retryable(AgencyError):
    """This attempt changed nothing at the agency: it may be made again."""


class NeverSent(Retryable):
    """The request did not reach the agency, or it said (503, 401, 403) that it did nothing.

    Codes: `connect_failed`, `connect_timeout`, `pool_timeout`, `unavailable`,
    `credentials_refused`.
    """


class Throttled(Retryable):
    """The agency asks us to slow down (429) and did nothing. `retry_after` is in seconds."""

    def __init__(self, agency: str, operation: str, code: str, retry_after: float) -> None:
        super().__init__(agency, operation, code, retry_after)
        self.retry_after = retry_after


class Unanswered(Retryable):
    """A question (never a change) that brought no usable answer. Codes as `OutcomeUnknown`."""


class Refused(AgencyError):
    """The agency's final no. `code` is ours, `detail` the agency's own words (never logged)."""

    def __init__(self, agency: str, operation: str, code: str, detail: str = "") -> None:
        super().__init__(agency, operation, code, detail)
        self.detail = detail


class OutcomeUnknown(AgencyError):
    """The change may have taken effect: the answer was lost, late or unreadable.

    Codes: `timeout`, `connection_lost`, `server_error`, `garbage`, `too_large`, `redirected`,
    `unknown_refusal`.
    """
