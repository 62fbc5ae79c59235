"""Import appointments from the command line: as on the page, in the name of the system."""

from __future__ import annotations

from consular.app import create_app
from consular.importing import Counted, Report, import_file, quiet
from services.kernel.audit import SYSTEM
from services.kernel.db import Scope
from services.kernel.settings import Settings


def import_from_command(
    settings: Settings, text: str, consulate: str, *, write: bool, counted: Counted = quiet
) -> Report:
    """Try the file of an office, or keep its lines when nothing is wrong. Raises NotFound."""
    app = create_app(settings)
    try:
        with app.test_request_context():
            return import_file(
                text,
                consulate,
                actor=SYSTEM,
                scope=Scope(consulate),
                write=write,
                counted=counted,
            )
    finally:
        app.extensions["consular.database"].dispose()
