"""A status is listed once, in its slice's rules, and a move is made in one place."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from jinja2 import Environment, nodes

from services.appointments import rules as appointments
from services.commission import rules as commission
from services.enrollments import rules as enrollments
from services.remittances import rules as remittances
from services.voting import rules as voting
from tests.architecture.source import PACKAGES, ROOT, Module, literal, modules, written

RULES = (appointments, commission, enrollments, remittances, voting)
VOCABULARIES = [frozenset(map(str, rules.Status)) for rules in RULES]
# The machine, that of the people of an appointment, and the HTTP status of an answer that is kept.
WRITERS = {
    "services/kernel/transitions.py",
    "services/kernel/idempotency.py",
    "services/appointments/lifecycle.py",
}
# What each set of statuses is called; the hot booking function spells two of them out.
NAMED = [
    frozenset(map(str, value))
    for rules in RULES
    for value in vars(rules).values()
    if isinstance(value, frozenset) and value and all(isinstance(s, rules.Status) for s in value)
]
TEMPLATES = sorted((ROOT / "consular" / "templates").rglob("*.html"))


def _elsewhere() -> Iterator[Module]:
    return (module for module in modules() if not module.path.endswith("rules.py"))


def _status_of(node: ast.expr) -> bool:
    """``Status.PAID``, under whichever name the type was imported."""
    return bool(re.fullmatch(r"(\w+\.)*\w*Status\.[A-Z_]+", written(node)))


def _is_vocabulary(words: set[str]) -> bool:
    """Two or more, and all of them statuses of one slice."""
    return len(words) > 1 and any(words <= vocabulary for vocabulary in VOCABULARIES)


def test_sets_of_statuses_stand_in_the_rules() -> None:
    """A dictionary says something of each status; a set or list of them is a rule."""
    faults = [
        f"{module.path}:{node.lineno}"
        for module in _elsewhere()
        if module.path.startswith(("services/", "consular/", "workers/"))
        for node in module.nodes
        if isinstance(node, ast.Set | ast.List | ast.Tuple)
        and (
            sum(map(_status_of, node.elts)) > 1
            or _is_vocabulary({text for text in map(literal, node.elts) if text})
        )
    ]
    assert faults == []


def test_no_sql_in_python_lists_statuses() -> None:
    faults = [
        f"{module.path}:{node.lineno}"
        for module in _elsewhere()
        for node in module.nodes
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
        for listed in re.findall(r"status (?:NOT )?IN \(([^)]*)\)", node.value)
        if _is_vocabulary(set(re.findall(r"'(\w+)'", listed)))
    ]
    assert faults == []


def test_database_functions_list_only_sets_that_the_rules_name() -> None:
    listed = {
        frozenset(re.findall(r"'(\w+)'", words))
        for file in ROOT.glob("services/*/functions.sql")
        for words in re.findall(r"status (?:NOT )?IN \(([^)]*)\)", file.read_text("utf-8"))
        if not re.fullmatch(r"\{\w+\}", words)  # filled in from the rules
    }
    assert listed - set(NAMED) == set()


def test_only_the_machine_writes_a_status() -> None:
    """New rows have their first one; whatever moves, moves by the table."""
    written_elsewhere = [
        f"{module.path}:{node.lineno}"
        for module in modules("services", "workers", "consular")
        if module.path not in WRITERS
        for node in module.nodes
        if _writes_status(node)
    ]
    assert written_elsewhere == []


def _writes_status(node: ast.AST) -> bool:
    if isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        return any(
            isinstance(target, ast.Attribute)
            and target.attr == "status"
            and written(target.value) != "self"
            for target in targets
        )
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        # insert(…).values(…) is a new row.
        updates = any(
            isinstance(inner, ast.Call) and written(inner.func) == "update"
            for inner in ast.walk(node.func)
        )
        return updates and any(keyword.arg == "status" for keyword in node.keywords)
    return False


def test_only_rules_and_machines_know_the_tables() -> None:
    """What may be done now, `rules.actions` says: to use cases, API and pages alike."""
    knows = {
        module.path
        for module in modules("consular", "workers")
        for _source, name in module.imports()
        if name in ("TRANSITIONS", "STEPS")
    }
    assert knows == set()


def test_pages_offer_what_actions_says_and_ask_no_status() -> None:
    """``can_…``, ``may_…`` and ``actions`` of a template's context are made of no comparison with
    a status."""
    faults = [
        f"{module.path}:{key.lineno} {literal(key)}"
        for module in modules("consular")
        for node in module.nodes
        if isinstance(node, ast.Dict)
        for key, value in zip(node.keys, node.values, strict=True)
        if key and re.match(r"can_|may_|actions$", literal(key) or "")
        if any(
            isinstance(inner, ast.Compare)
            and any(
                _status_of(part) or written(part).endswith(".status")
                for part in (inner.left, *inner.comparators)
            )
            for inner in ast.walk(value)
        )
    ]
    assert faults == []


def test_no_form_depends_on_a_status() -> None:
    reader = Environment(extensions=["jinja2.ext.i18n", "jinja2.ext.do"], autoescape=True)
    depending = [
        f"{template.name}, line {choice.lineno}"
        for template in TEMPLATES
        for tree in [reader.parse(template.read_text(encoding="utf-8"))]
        for choice in tree.find_all(nodes.If)
        if any(name.attr == "status" for name in choice.test.find_all(nodes.Getattr))
        for data in choice.find_all(nodes.TemplateData)
        if re.search(r"<form|<button", data.data)
    ]
    assert depending == []


def test_no_template_lists_statuses() -> None:
    lists = [
        (template.name, words)
        for template in TEMPLATES
        for words in re.findall(
            r"[(\[]((?:\"\w+\",? ?)+)[)\]]", template.read_text(encoding="utf-8")
        )
    ]
    listed = [found for found in lists if _is_vocabulary(set(re.findall(r"\w+", found[1])))]
    assert listed == []


def test_the_error_of_a_move_and_the_page_of_a_list_stand_once() -> None:
    classes = [
        node.name for module in modules() for node in module.nodes if isinstance(node, ast.ClassDef)
    ]
    assert (classes.count("WrongState"), classes.count("Page")) == (1, 1)


def test_the_packages_are_looked_at() -> None:
    assert {module.path.split("/")[0] for module in modules()} == set(PACKAGES)
