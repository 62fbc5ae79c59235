"""What agencies that enroll people promise besides: corrections, documents, rows of a file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from uuid import uuid4

from integrations.conformance.breaches import Breach, expect_known, expect_refusal, new_key
from integrations.conformance.probes import BatchProbe, EnrollmentProbe
from integrations.contracts import DocumentFile, EnrollmentStatus

AMENDS = "takes a correction that it asked for, and no other"
DOCUMENTS = "takes a document of a request, once"
ROWS = "answers by the folio of a row"
RESULTS = "gives the results of the rows that it was sent"
# Nobody's, and nothing to see: what it says is of no matter to a register.
_FILE = b"%PDF-1.4\n%%EOF\n"


@dataclass(frozen=True)
class EnrollingChecks:
    """Of a request that was sent under ``key``. ``status`` is that of the last answer."""

    probe: EnrollmentProbe | BatchProbe
    key: str
    status: Callable[[], int]

    def __iter__(self) -> Iterator[tuple[str, Callable[[], None]]]:
        if isinstance(self.probe, EnrollmentProbe):
            yield AMENDS, partial(self._amends, self.probe)
        else:
            yield ROWS, self._rows
            yield RESULTS, partial(self._results, self.probe)
        yield DOCUMENTS, self._documents

    def _amends(self, probe: EnrollmentProbe) -> None:
        expect_refusal("not_found", partial(probe.amend, new_key()))
        asked = EnrollmentStatus.MORE_INFORMATION_REQUESTED
        if probe.client.status(self.key).status is not asked:
            expect_refusal("nothing_requested", partial(probe.amend, self.key))
            return
        probe.amend(self.key)
        expect_known(partial(probe.amend, self.key), self.status)

    def _rows(self) -> None:
        if self._is_absent(self.probe.folio(self.key)):
            raise Breach("says that it has no such row")
        if not self._is_absent(new_key()):
            raise Breach("says that it has what was never sent")

    def _is_absent(self, folio: str) -> bool:
        return self.probe.client.status(folio).status is EnrollmentStatus.NOT_FOUND

    def _results(self, probe: BatchProbe) -> None:
        results = probe.client.batch_results(self.key)
        if results.unreadable:
            raise Breach("a row can't be read")
        folios = [row.folio for row in results.rows]
        if folios != [probe.folio(self.key)] and (folios or results.answered):
            raise Breach("not the rows that it was sent, each once")

    def _documents(self) -> None:
        document = DocumentFile(uuid4(), "curp", "application/pdf", _FILE)
        send = partial(self.probe.client.send_document, self.probe.folio(self.key))
        send(document)
        expect_known(partial(send, document), self.status)
        expect_refusal("key_reused", partial(send, replace(document, content=_FILE * 2)))
        stray = partial(self.probe.client.send_document, new_key(), document)
        expect_refusal("not_found", stray)
