"""The population register (RENAPO). A question, answered at once: it changes nothing there, so that
no grade is needed and asking again is always harmless."""

from __future__ import annotations

from functools import partial

from integrations.base import Call, TokenClient
from integrations.contracts import CurpFinding, CurpQuestion, CurpStatus
from integrations.errors import Refused, Unanswered
from integrations.renapo import wire
from integrations.renapo.codes import REFUSALS, REMEDIES


class RenapoClient(TokenClient):
    """Client of RENAPO. Implements `contracts.PopulationRegister`."""

    agency = "renapo"
    refusals = REFUSALS
    remedies = REMEDIES
    # A request waits for this answer, and goes on without it.
    deadline_seconds = 4.0

    def check_curp(self, question: CurpQuestion) -> CurpFinding:
        """Compare what somebody says with what is registered under the CURP."""
        # Not a GET: a CURP in an address would stand in everybody's logs.
        body = wire.question_body(question)
        call = Call("check_curp", "POST", "v1/consultas", changes=False, content=body)
        try:
            return self._call(call, partial(wire.finding, question.curp))
        except Refused as refusal:
            if refusal.code in ("not_found", "curp_invalid"):
                return CurpFinding(CurpStatus.UNKNOWN)
            code = f"refused_{refusal.code}"
            raise Unanswered(refusal.agency, refusal.operation, code) from None
