"""Published counts as files: the same version of an election is the same bytes, whoever asks."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Callable, Hashable, Mapping
from hashlib import sha256
from io import BytesIO
from typing import Any, TypeVar

from flask import Response, current_app, request
from sqlalchemy.orm import Session

from consular.db import transaction
from consular.spreadsheets import CSV, JSON, Table, plain_columns, write_csv
from services.voting.board import Board, in_force, read_board
from services.voting.queries import find_version, list_published_until

HEAD = (
    "election", "consulate", "date", "metric", "mode", "value", "revision", "source",
    "published_version", "published_at",
)  # fmt: skip
YEAR_SECONDS = 365 * 24 * 60 * 60
# Long enough that a crowd is one request a proxy, short enough for an election night.
FRESH_SECONDS = 10
# A few elections in two languages; old versions come and go.
MOST_KEPT = 64
T = TypeVar("T")


def read_rows(session: Session, board: Board) -> list[tuple[Any, ...]]:
    """What is in force at the board's version, in the order of its office, number and day."""
    counts = in_force(list_published_until(session, board.election, board.version))
    rows = [
        (
            count.election, count.consulate_code, count.day, count.metric, count.mode,
            int(count.value), count.revision, count.source, count.published_version,
            count.published_at and count.published_at.isoformat(),
        )
        for count in counts
    ]  # fmt: skip
    return sorted(rows, key=lambda row: (row[1], row[3], row[4] or "", row[2]))


def csv_bytes(board: Board, rows: list[tuple[Any, ...]]) -> bytes:
    """One line a number."""
    file = BytesIO()
    write_csv(Table(_name(board), plain_columns(HEAD), rows), file)
    return file.getvalue()


def json_bytes(board: Board, rows: list[tuple[Any, ...]]) -> bytes:
    """The same with the version and its moment."""
    counts = [dict(zip(HEAD, row, strict=True)) for row in rows]
    at = board.at.isoformat() if board.at else None
    body = {"election": board.election, "version": board.version, "at": at, "counts": counts}
    return json.dumps(body, ensure_ascii=False, default=str).encode()


FORMATS: Mapping[str, tuple[str, Callable[[Board, list[tuple[Any, ...]]], bytes]]] = {
    "csv": (f"{CSV}; charset=utf-8", csv_bytes),
    "json": (JSON, json_bytes),
}


def file_of(session: Session, election: str, kind: str, version: int | None) -> Response:
    """The counts of an election as a file, of a version or the newest. Raises NotFound."""
    board = read_board(session, election, version)
    media, write = FORMATS[kind]
    data = write(board, read_rows(session, board))
    answer = Response(data, content_type=media)
    name = f"{_name(board)}.{kind}"
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    digest = b64encode(sha256(data).digest()).decode()
    answer.headers["Repr-Digest"] = f"sha-256=:{digest}:"
    seconds = FRESH_SECONDS if version is None else YEAR_SECONDS
    return public(answer, sha256(data).hexdigest(), seconds)


def public(answer: Response, version: str, seconds: int = FRESH_SECONDS) -> Response:
    """The answer for everybody's caches, and nothing but 304 for who has it already."""
    answer.set_etag(version[:32])
    answer.headers["Cache-Control"] = f"public, max-age={seconds}"
    answer.make_conditional(request)
    return answer


def version_of(election: str) -> int:
    """How many numbers of the election are published now."""
    with transaction() as session:
        board_version = find_version(session, election)
        return board_version.version if board_version else 0


def remembered(key: tuple[Hashable, ...], make: Callable[[], T]) -> T:
    """What ``make`` made of a version the first time that this process was asked for it."""
    kept: dict[Any, T] = current_app.extensions.setdefault("consular.published", {})
    known = kept.get(key)  # one look: another thread may forget it meanwhile
    if known is not None:
        return known
    content = make()
    while len(kept) >= MOST_KEPT:
        kept.pop(next(iter(kept)), None)
    kept[key] = content
    return content


def _name(board: Board) -> str:
    return f"votes-abroad-{board.election}-v{board.version}"
