"""Public files: kept for a year, small, and nothing from anywhere else."""

import gzip
import re
from pathlib import Path

import pytest
from flask import Flask, render_template_string

from consular.assets import init_assets

FIRST_VIEW = ("bootstrap.min.css", "site.css", "site.js", "icon.svg")
STATIC = Path(__file__).parents[2] / "consular" / "static"
TEMPLATES = STATIC.parent / "templates"


@pytest.fixture
def app() -> Flask:
    app = Flask(__name__, static_folder=None)
    init_assets(app)
    return app


def address(app: Flask, name: str) -> str:
    with app.test_request_context():
        return render_template_string("{{ asset(name) }}", name=name)


@pytest.mark.parametrize("name", FIRST_VIEW)
def test_a_file_under_its_fingerprint_is_kept_for_a_year(app: Flask, name: str) -> None:
    response = app.test_client().get(address(app, name))
    assert response.status_code == 200
    assert response.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert response.headers["Vary"] == "Accept-Encoding"


def test_a_page_of_another_version_gets_the_file_of_today_but_may_not_keep_it(app: Flask) -> None:
    response = app.test_client().get("/static/0000000000000000/site.css")
    assert response.status_code == 200
    assert response.headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize("name", ["../assets.py", "bootstrap.min.css.map", "nothing.css"])
def test_only_named_files_are_public(app: Flask, name: str) -> None:
    assert app.test_client().get(f"/static/0000000000000000/{name}").status_code == 404


def test_a_misspelt_name_fails_where_the_page_is_made(app: Flask) -> None:
    with app.test_request_context(), pytest.raises(KeyError):
        render_template_string("{{ asset('sight.css') }}")


@pytest.mark.parametrize("accepted", ["", "identity", "gzip;q=0"])
def test_a_browser_without_compression_gets_the_same_file_plain(app: Flask, accepted: str) -> None:
    client, where = app.test_client(), address(app, "site.css")
    plain = client.get(where, headers={"Accept-Encoding": accepted})
    packed = client.get(where, headers={"Accept-Encoding": "gzip"})
    assert "Content-Encoding" not in plain.headers
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.data) == plain.data == (STATIC / "site.css").read_bytes()


def test_the_files_of_a_first_view_stay_far_under_100_kilobytes(app: Flask) -> None:
    client = app.test_client()
    sizes = [
        len(client.get(address(app, name), headers={"Accept-Encoding": "gzip"}).data)
        for name in FIRST_VIEW
    ]
    assert sum(sizes) < 50_000


def blocks_of(template: str) -> dict[str, str]:
    """What of a page may name files: its blocks and those it inherits, all else under ""."""
    source = (TEMPLATES / template).read_text("utf-8")
    extended = EXTENDS.search(source)
    inherited = blocks_of(extended[1]) if extended else {"": BLOCK.sub("", source)}
    return inherited | dict(BLOCK.findall(source))


def own_files(template: str) -> set[str]:
    """Our own style sheets and scripts of the page that a template makes."""
    return set(NAMED.findall("".join(blocks_of(template).values())))


EXTENDS = re.compile(r'{% extends "([^"]+)" %}')
BLOCK = re.compile(r"{%-? block (\w+) %}(.*?){%-? endblock %}", re.DOTALL)
NAMED = re.compile(r"asset\('((?!bootstrap)[\w-]+\.(?:css|js))'\)")


def test_our_own_style_and_script_stay_small() -> None:
    pages = [str(path.relative_to(TEMPLATES)) for path in TEMPLATES.rglob("*.html")]
    of_page = {page: own_files(page) for page in pages}
    heaviest = {
        kind: max(
            sum((STATIC / name).stat().st_size for name in names if name.endswith(kind))
            for names in of_page.values()
        )
        for kind in (".css", ".js")
    }
    assert {"site.css", "desk.css", "desk-offline.js"} <= set().union(*of_page.values())
    assert of_page["desk/offline.html"].isdisjoint({"panels.css", "site.js"})
    assert heaviest[".css"] < 12 * 1024
    assert heaviest[".js"] < 15 * 1024


def test_no_file_names_a_source_map_or_another_host(app: Flask) -> None:
    client = app.test_client()
    for name in FIRST_VIEW:
        text = client.get(address(app, name)).text
        assert "sourceMappingURL" not in text
        assert re.findall(r"url\(['\"]?(?:https?:)?//", text) == []


def test_templates_hold_no_inline_script_or_style() -> None:
    inline = re.compile(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son[a-z]+=|javascript:")
    faults = [
        f"{path.relative_to(TEMPLATES)}: {match[0]}"
        for path in TEMPLATES.rglob("*.html")
        for match in inline.finditer(path.read_text(encoding="utf-8"))
    ]
    assert faults == []


def test_templates_load_nothing_from_another_host() -> None:
    loads = re.compile(r"""<(?:script|img|iframe|link)\b[^>]*(?:src|href)=["'](?:https?:)?//""")
    faults = [
        str(path) for path in TEMPLATES.rglob("*.html") if loads.search(path.read_text("utf-8"))
    ]
    assert faults == []
