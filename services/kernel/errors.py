"""Errors of the domain: a stable code, the field they are about, and their category.

    DomainError
      Invalid          the request can't be understood or breaks a rule of form
      NotFound         it doesn't exist, or not for whoever asks
      Forbidden        known, but not allowed
      Conflict         the state or another request stands in the way
        WrongState     the step doesn't follow from the state
      TooMany          come back later
      TooLarge         more than may be sent at once
      Unavailable      a part of ours is missing for now

Words in the reader's language belong to the edge, which knows the reader.
"""

from __future__ import annotations

from collections.abc import Mapping


class DomainError(Exception):
    """Something the domain refuses. ``code`` is stable and part of the contract."""

    code = "error"

    def __init__(
        self, code: str | None = None, /, *, field: str | None = None, **params: object
    ) -> None:
        self.code = code or type(self).code
        self.field = field
        self.params: Mapping[str, object] = params
        super().__init__(self.code)


class Invalid(DomainError):
    """Invalid input; ``field`` says where."""

    code = "invalid"


class NotFound(DomainError):
    """Doesn't exist, or belongs to another person or consulate: the two look the same."""

    code = "not_found"


class Forbidden(DomainError):
    """The role may not do this."""

    code = "forbidden"


class Conflict(DomainError):
    """The current state, or somebody else's change, stands in the way."""

    code = "conflict"


class WrongState(Conflict):
    """The step doesn't follow from the ``state`` that the thing is in."""

    code = "wrong_state"


class TooMany(DomainError):
    """A limit was reached; ``retry_after`` seconds from now it may work."""

    code = "too_many_requests"


class Unavailable(DomainError):
    """A part that this needs is missing for now; nothing was done."""

    code = "unavailable"


class TooLarge(DomainError):
    """More than may be sent at once."""

    code = "too_large"
