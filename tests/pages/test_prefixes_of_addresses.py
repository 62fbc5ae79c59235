"""Whoever shortens an address of ours arrives somewhere: each word that it begins with answers."""

from __future__ import annotations

from werkzeug.routing import Rule

from tests.factories.web import Web

# Whose pages are anybody's or a citizen's; staff's begin at their menu.
PUBLIC = ("portal", "elections", "open_data", "documents", "privacy_pages")


def _is_public(rule: Rule) -> bool:
    return rule.endpoint.partition(".")[0] in PUBLIC and not rule.rule.startswith("/api/")


def test_each_beginning_of_a_pages_address_answers(web: Web) -> None:
    beginnings = set()
    for rule in web.app.url_map.iter_rules():
        if "GET" in (rule.methods or ()) and _is_public(rule):
            words = rule.rule.partition("<")[0].split("/")[1:-1]
            beginnings |= {"/" + "/".join(words[: n + 1]) for n in range(len(words))}
    answers = {at: web.client.get(at).status_code for at in beginnings}
    assert len(answers) > 20
    assert " ".join(sorted(at for at, status in answers.items() if status in (404, 405))) == ""
