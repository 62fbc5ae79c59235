"""A form that brings a file of lines, chosen or pasted: kept with its answers until it is used."""

from __future__ import annotations

from consular.pages.drafts import answers
from consular.uploads import MOST_TABLE, file_too_large, sent_file
from services.files.errors import FileEmpty


def answers_with_table() -> dict[str, str]:
    """The form's answers: ``file``, the text of the file that was chosen, or else what was pasted,
    or else as before; ``file_name``, empty of what was pasted."""
    form = answers()
    chosen, pasted = sent_file("file"), form.pop("text", "")
    if chosen is not None:
        form |= {"file": _text(chosen.data), "file_name": chosen.name}
    elif pasted:
        form |= {"file": pasted, "file_name": ""}
    return form


def _text(data: bytes) -> str:
    """As spreadsheets write it: UTF-8, or else Windows' Western letters. Raises `FileEmpty`,
    `FileTooLarge`."""
    if not data:
        raise FileEmpty(field="file")
    if len(data) > MOST_TABLE:
        raise file_too_large()
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace")
