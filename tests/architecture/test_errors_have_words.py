"""Whatever the domain refuses, people are told in words and programs by a status."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
from collections.abc import Iterator

import pytest

import consular.app  # noqa: F401  (its errors are among the subclasses)
import services
from consular import words as edge_words
from consular.errors import STATUS, WORDS
from consular.i18n import read_catalogue
from services.kernel.errors import DomainError
from services.words import SLICES, gather
from tests.architecture.source import ROOT, literal, modules, written

CODE = re.compile(r"[a-z][a-z0-9_]*")


def _all_errors() -> set[type[DomainError]]:
    for module in pkgutil.walk_packages(services.__path__, "services."):
        importlib.import_module(module.name)
    errors: set[type[DomainError]] = set()
    waiting: list[type[DomainError]] = [DomainError]
    while waiting:
        errors.add(kind := waiting.pop())
        waiting += kind.__subclasses__()
    return {kind for kind in errors if kind is not DomainError and "tests" not in kind.__module__}


ERRORS = _all_errors()
# FieldsInvalid takes the fields' messages, not a code.
NAMES: set[str] = {kind.__name__ for kind in ERRORS} - {"FieldsInvalid"}


def _code_pattern(node: ast.expr) -> str | None:
    """What a written code can be: itself, or ``\\w+_invalid`` for a text with a gap; else None."""
    if isinstance(node, ast.JoinedStr):
        return "".join(
            re.escape(text) if (text := literal(part)) is not None else r"\w+"
            for part in node.values
        )
    text = literal(node)
    return None if text is None else re.escape(text)


def _written_codes() -> Iterator[tuple[str, str]]:
    """(pattern, where) of ``Conflict("code")`` and of ``domain_error('code')`` in the database."""
    for module in modules("services", "consular"):
        for call in module.calls():
            error = written(call.func).rpartition(".")[2]
            if error in NAMES and call.args and (pattern := _code_pattern(call.args[0])):
                yield pattern, f"{module.path}:{call.lineno}"
    translated = set(_translated_codes())
    versions = (ROOT / "migrations" / "versions").glob("*.py")
    for file in [*versions, *ROOT.glob("services/*/functions.sql")]:
        for code in re.findall(r"domain_error\('(\w+)'\)", file.read_text(encoding="utf-8")):
            if code not in translated:
                yield code, file.name


def _translated_codes() -> Iterator[str]:
    """Codes of the database that a use case turns into an error of its own (``_RAISED``)."""
    for module in modules("services"):
        for node in module.nodes:
            if isinstance(node, ast.AnnAssign) and written(node.target) == "_RAISED":
                assert isinstance(node.value, ast.Dict)
                yield from filter(None, map(literal, node.value.keys))


def _has_words(pattern: str) -> bool:
    return any(re.fullmatch(pattern, code) for code in WORDS)


@pytest.mark.parametrize("kind", sorted(ERRORS, key=str))
def test_an_errors_own_code_has_words_and_a_status(kind: type[DomainError]) -> None:
    assert kind.code in WORDS, kind.__module__
    assert any(issubclass(kind, known) for known in STATUS), kind.__module__


def test_every_code_that_is_raised_has_words() -> None:
    assert [raised for raised in _written_codes() if not _has_words(raised[0])] == []


def test_codes_are_snake_case() -> None:
    assert [code for code in WORDS if not CODE.fullmatch(code)] == []


def test_each_kind_of_refusal_has_a_status_of_its_own() -> None:
    assert len(set(STATUS.values())) == len(STATUS)


def test_codes_can_be_read_in_the_source() -> None:
    """A code made at run time would escape this file, so it is text, a name or nothing."""
    readable = (ast.Constant, ast.JoinedStr, ast.Name, ast.Attribute)
    computed = [
        f"{module.path}:{call.lineno}"
        for module in modules("services", "consular")
        for call in module.calls()
        if written(call.func).rpartition(".")[2] in NAMES
        and call.args
        and not isinstance(call.args[0], readable)
    ]
    assert computed == []


def test_no_code_has_words_twice() -> None:
    with pytest.raises(ValueError, match="have words already"):
        gather([WORDS, {"not_found": WORDS["not_found"]}])
    assert len(WORDS) == sum(len(module.ERRORS) for module in (*SLICES, edge_words))


def test_each_slice_with_words_is_among_them() -> None:
    slices = {f"services.{path.parent.name}.words" for path in ROOT.glob("services/*/words.py")}
    assert slices == {module.__name__ for module in SLICES}


def test_every_word_of_an_error_is_in_the_catalogue() -> None:
    texts = {
        text
        for words in WORDS.values()
        for text in (words.title, words.detail, *words.when.values(), *words.more.values())
    }
    assert texts - {message.id for message in read_catalogue("en")} == set()


def _placeholders(code: str) -> set[str]:
    words = WORDS[code]
    texts = (words.title, words.detail, *words.when.values())
    return set(re.findall(r"%\((\w+)\)", " ".join(texts)))


def test_who_refuses_gives_the_values_that_the_words_have() -> None:
    """An error class that takes its values by name in ``__init__`` is held to them by its types."""
    kinds = {kind.__name__: kind for kind in ERRORS if kind.__init__ is DomainError.__init__}
    missing = [
        f"{module.path}:{call.lineno}: {name}"
        for module in modules("services", "consular")
        for call in module.calls()
        if (kind := kinds.get(written(call.func).rpartition(".")[2]))
        and (code := (literal(call.args[0]) if call.args else kind.code)) in WORDS
        and all(keyword.arg for keyword in call.keywords)
        for name in _placeholders(code) - {keyword.arg for keyword in call.keywords}
    ]
    assert missing == []
