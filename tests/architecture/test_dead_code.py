"""Nothing stands unused in the code, but for what is read by name, each with its reason."""

from __future__ import annotations

from fnmatch import fnmatch
from typing import Any

import pytest
import vulture

from tests.architecture.source import PACKAGES, ROOT

Item = Any

# (file, name) -> why nothing in our code mentions it. ``*`` stands for anything.
BY_NAME = {
    ("*/models.py", "*"): "a column, or a table that SQL alone writes and reads",
    ("services/kernel/adoption.py", "*"): "the columns of a table of the kernel",
    ("consular/api/v1/*/routes.py", "*"): "a view: Flask calls it",
    ("consular/*/answers.py", "*"): "a field of an answer: marshmallow reads it",
    ("consular/input/*.py", "*"): "a field or an option of a schema: marshmallow reads it",
    ("consular/pages/*.py", "from_"): "a field of a form's schema",
    ("consular/pages/*.py", "weeks"): "a field of a form's schema",
    ("consular/pages/desk/schemas.py", "q"): "a field of a form's schema",
    ("consular/pages/portal/home.py", "display_name"): "templates show it",
    ("services/voting/deadlines.py", "hours_before"): "templates show it",
    ("services/voting/board.py", "turnout"): "templates and answers show it",
    ("consular/app.py", "ensure_sync"): "Flask calls it",
    ("consular/app.py", "request_class"): "Flask reads it",
    ("consular/uploads.py", "_get_file_stream"): "Werkzeug calls it",
    ("consular/uploads.py", "max_content_length"): "Werkzeug reads it",
    ("consular/uploads.py", "max_form_memory_size"): "Werkzeug reads it",
    ("services/files/pictures.py", "[A-Z]*"): "Pillow and pi_heif read their settings",
    ("consular/app.py", "strict_slashes"): "Werkzeug reads it",
    ("consular/assets.py", "max_age"): "Werkzeug writes it into a header",
    ("consular/assets.py", "immutable"): "Werkzeug writes it into a header",
    ("consular/assets.py", "no_cache"): "Werkzeug writes it into a header",
    ("consular/health.py", "ValueClass"): "prometheus_client reads it",
    ("consular/i18n.py", "get_translations"): "Flask-Babel calls it",
    ("consular/i18n.py", "domain_instance"): "Flask-Babel calls it",
    ("consular/pages/session.py", "session_over"): "read by name from flask.g",
    ("consular/security.py", "keep_browser"): "read by name from flask.g",
    ("consular/local/supervisor.py", "frame"): "an argument of every handler of signals",
    ("integrations/contracts.py", "*SignIn"): "protocols that a test checks the clients against",
    ("integrations/conformance/listening.py", "*"): "http.server calls it",
    ("integrations/simulator/app.py", "log_request"): "Werkzeug calls it",
    ("integrations/simulator/app.py", "send_due_callbacks"): "tests don't wait for a thread",
    (
        "integrations/simulator/inprocess.py",
        "InProcessTransport",
    ): "tests reach the simulator by it",
    ("consular/printing/pdf.py", "*"): "a document's template reads it",
    ("services/*", "*_by"): "written into a column: who did it",
    ("services/*", "*_at"): "written into a column: when it was done",
    ("services/enrollments/programs/schema.py", "*"): "a word of a program: its pages read it",
    ("services/facts/recording.py", "*"): "a dimension: a column of the facts",
    ("services/kernel/db.py", "prepare_threshold"): "psycopg reads it",
    ("services/kernel/db.py", "autocommit"): "psycopg reads it",
    ("services/kernel/db.py", "inherit_cache"): "SQLAlchemy reads it",
    ("services/kernel/tables.py", "cache_ok"): "SQLAlchemy reads it",
    ("services/kernel/tables.py", "get_col_spec"): "SQLAlchemy calls it",
    ("services/ledger/posting.py", "open_customer_account"): "for what customers keep with us",
    ("services/kernel/db.py", "_keep_to_scope"): "SQLAlchemy calls it at each statement",
    ("services/kernel/logs.py", "*"): "structlog calls each level by its name",
    ("services/monitoring/indicators.py", "*_e[ns]"): "read in the reader's language, by name",
    ("services/remittances/queries.py", "collect_with"): "an answer and a page read it by name",
    ("services/remittances/funding.py", "*_minor"): "written into a column: how much it was",
    ("services/*/rules.py", "[A-Z]*"): "a value of the contract: sent, stored and read as text",
    ("benchmarks/report.py", "*"): "written into the results by name",
    ("integrations/simulator/smtp.py", "handle_*"): "aiosmtpd calls what is named so",
    ("integrations/simulator/smtp.py", "mail_from"): "aiosmtpd reads it",
    ("workers/logs.py", "handlers"): "logging reads it",
    ("workers/rq_worker.py", "*"): "RQ calls and reads what is overridden",
}
FILES = [str(ROOT / name) for name in (*PACKAGES, "migrations", "benchmarks", "wsgi.py")]
# Flask and click call what these adorn.
CALLED = ["@*.get", "@*.post", "@*.put", "@*.patch", "@*.delete", "@*.command", "@*.*_processor"]
# Alembic calls and reads what a migration names.
ALEMBIC = ["upgrade", "downgrade", "revision", "down_revision", "branch_labels", "depends_on"]


@pytest.fixture(scope="module")
def unused() -> list[tuple[str, Item]]:
    """(file, what nothing uses), by vulture. Tests don't count as use."""
    finder = vulture.Vulture(ignore_names=ALEMBIC, ignore_decorators=CALLED)
    finder.scavenge(FILES)
    return [(str(item.filename.relative_to(ROOT)), item) for item in finder.get_unused_code()]


def _reasons(file: str, item: Item) -> set[tuple[str, str]]:
    return {key for key in BY_NAME if fnmatch(file, key[0]) and fnmatch(str(item.name), key[1])}


def test_nothing_stands_unused(unused: list[tuple[str, Item]]) -> None:
    faults = [f"{file}:{item.first_lineno}: {item.message}" for file, item in unused]
    allowed = [bool(_reasons(file, item)) for file, item in unused]
    assert [text for text, fine in zip(faults, allowed, strict=True) if not fine] == []


def test_no_reason_has_outlived_what_it_was_for(unused: list[tuple[str, Item]]) -> None:
    needed = {key for file, item in unused for key in _reasons(file, item)}
    assert set(BY_NAME) - needed == set()
