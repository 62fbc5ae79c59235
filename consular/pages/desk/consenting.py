"""The code that a person tells whoever helps them: it proves the contact and gives the consent."""

from __future__ import annotations

import re
from uuid import UUID

from flask import current_app

from consular.auth import account, now, vault
from consular.db import transaction
from consular.pages.portal.signing_in import MINUTES
from services.citizens.codes import MOST_TRIES, Destination, send_consent_code, use_code
from services.citizens.errors import CodeTriesUsed, CodeWrong, TooManyAttempts
from services.enrollments.requesting import Applicant
from services.kernel.db import NETWORK_SCOPE
from services.kernel.errors import TooMany


def contact_of(applicant: Applicant) -> Destination | None:
    """Where a message reaches them: e-mail first, or nowhere."""
    if applicant.email:
        return Destination("email", applicant.email)
    return Destination("sms", applicant.phone) if applicant.phone else None


def code_goes_to(applicant: Applicant, by: str | None) -> Destination | None:
    """Where their code goes: as a message does, unless they can't open their e-mail where they are
    and left a telephone (``by`` sms)."""
    if by == "sms" and applicant.phone:
        return Destination("sms", applicant.phone)
    return contact_of(applicant)


def send_code_to_person(to: Destination, language: str) -> None:
    """Send them a code, in their language. Raises TooMany."""
    try:
        with transaction(NETWORK_SCOPE) as session:
            send_consent_code(
                session,
                to,
                language=language,
                now=now(),
                vault=vault(),
                helper=_helper(),
                most=current_app.config["CODES_PER_ADDRESS"],
            )
    except TooManyAttempts as spent:
        seconds = int(str(spent.params["retry_after"]))
        minutes = max(1, round(seconds / 60))
        raise TooMany(
            "too_many_codes", retry_after=seconds, minutes=minutes, lifetime=MINUTES
        ) from None


def prove_contact(to: Destination, code: str) -> UUID:
    """The account of whoever told the code. Raises what `use_code` does, and CodeWrong."""
    digits = re.sub(r"[\s-]", "", code)
    with transaction(NETWORK_SCOPE) as session:
        proved = use_code(session, to, digits, now=now(), vault=vault(), asked_by=_helper())
    if isinstance(proved, UUID):
        return proved
    if not proved.left:
        raise CodeTriesUsed(field="code", tries=MOST_TRIES)
    raise CodeWrong(field="code", left=proved.left)


def _helper() -> bytes:
    """The code works for this member of staff alone, and in no sign-in."""
    return vault().blind_index("codes.helper", str(account()))
