"""Keep what a person told once, sealed, for the next form that asks the same."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from services.folders.keys import find_folder_key, get_folder_key
from services.folders.models import Folder
from services.kernel.crypto import Vault

_PLACE = "folders.answers"


def keep_answers(
    session: Session, folder: Folder, program: str, data: Mapping[str, Any], *, vault: Vault
) -> None:
    """Add what was told for a program to what was told for it before, and make it the newest. The
    folder is held. Raises `PersonForgotten`."""
    if data:
        answers = open_answers(session, folder, vault=vault)
        before = answers.pop(program, {})
        _seal(session, folder, {**answers, program: {**before, **data}}, vault)


def forget_answers(session: Session, folder: Folder, program: str, *, vault: Vault) -> None:
    """Delete what was told for a program. The folder is held. Raises `PersonForgotten`."""
    answers = open_answers(session, folder, vault=vault)
    if answers.pop(program, None) is not None:
        _seal(session, folder, answers, vault)


def open_answers(session: Session, folder: Folder, *, vault: Vault) -> dict[str, dict[str, Any]]:
    """What was told, by program, the newest last; nothing once the person is erased."""
    key = find_folder_key(session, folder, vault) if folder.answers_sealed else None
    if key is None or folder.answers_sealed is None:
        return {}
    answers: dict[str, dict[str, Any]] = json.loads(
        key.open(folder.answers_sealed, place=_PLACE, row=folder.id)
    )
    return answers


def _seal(session: Session, folder: Folder, answers: Mapping[str, Any], vault: Vault) -> None:
    key = get_folder_key(session, folder, vault)
    text = json.dumps(dict(answers), ensure_ascii=False)
    folder.answers_sealed = key.seal(text, place=_PLACE, row=folder.id)
    session.flush()
