"""What may be shown of the name that somebody's file has on their device."""

from __future__ import annotations

import re
import unicodedata

# In bytes of UTF-8; a file's name on a disk has at most 255.
MOST_NAME_BYTES = 120
UNNAMED = "—"
_FOLDERS = re.compile(r"[/\\]")
# Control and format characters (NUL, the override of writing direction), halves of pairs, others'.
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_ENDING = re.compile(r"\.[A-Za-z0-9]{1,5}$")


def shown_name(name_sent: str | None) -> str:
    """The last part of the path without what is invisible or turns the writing round, shortened in
    the middle so that its ending stays. Nothing is ever opened or stored under it."""
    last = _FOLDERS.split(unicodedata.normalize("NFC", name_sent or ""))[-1]
    visible = "".join(" " if c.isspace() else c for c in last if c.isspace() or not _is_hidden(c))
    name = " ".join(visible.split()).strip(" .")
    return _shorten(name) or UNNAMED


def _is_hidden(character: str) -> bool:
    return unicodedata.category(character) in _HIDDEN


def _shorten(name: str) -> str:
    if len(name.encode()) <= MOST_NAME_BYTES:
        return name
    ending = match[0] if (match := _ENDING.search(name)) else ""
    room = MOST_NAME_BYTES - len(ending.encode()) - len("…".encode())
    return name.encode()[:room].decode(errors="ignore").rstrip() + "…" + ending
