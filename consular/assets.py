"""Style sheets, scripts and icons, served under an address that names their content.

Every file lives at ``/static/<fingerprint>/<name>``: when its content changes so does its
address, so a browser may keep it for a year and never ask again. Files are read, fingerprinted and
compressed once, at start-up; a request only picks the prepared body that the browser accepts.

Files come from ``consular/static`` and from the Bootstrap that the bootstrap-flask package bundles.
No third-party host is ever involved.
"""

import gzip
import hashlib
import importlib
import importlib.util
import mimetypes
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable

from flask import Blueprint, Flask, Response, abort, current_app, request, url_for

from consular.auth import ANYONE, allow

ONE_YEAR_SECONDS = 365 * 24 * 60 * 60
SMALLEST_WORTH_COMPRESSING = 512  # bytes; below this the header costs what the body saves

# Named by hand, so that a file added to the package never becomes public by accident.
_BOOTSTRAP_FILES = ("bootstrap5/css/bootstrap.min.css",)
# A source map is no part of the page; naming one that isn't served makes browsers ask for a 404.
_SOURCE_MAP = re.compile(rb"/\*# sourceMappingURL=.*?\*/\s*|//# sourceMappingURL=.*\s*")

_blueprint = Blueprint("assets", __name__)


@dataclass(frozen=True)
class Asset:
    """A public file with its bodies by content coding; ``identity`` is always there."""

    name: str
    mimetype: str
    fingerprint: str
    bodies: Mapping[str, bytes]


def init_assets(app: Flask) -> None:
    """Read the files, register the view and give templates ``asset("site.css")``."""
    app.extensions["assets"] = {asset.name: asset for asset in _read_assets()}
    app.register_blueprint(_blueprint)
    app.jinja_env.globals["asset"] = asset_url


def asset_url(name: str) -> str:
    """The address of a public file by its name; KeyError where there is none, so a typo is loud."""
    asset = _assets()[name]
    return url_for("assets.serve", fingerprint=asset.fingerprint, name=asset.name)


def asset_text(name: str) -> str:
    """What a public file says, for an answer that is made of several."""
    return _assets()[name].bodies["identity"].decode()


@_blueprint.get("/static/<fingerprint>/<path:name>")
@allow(ANYONE)
def serve(fingerprint: str, name: str) -> Response:
    """Send a file in the best coding that the browser accepts.

    An unknown fingerprint comes from a page of another version while a deployment is under way: it
    gets today's file, so that the page is not left bare, but may not be kept.
    """
    asset = _assets().get(name)
    if asset is None:
        abort(404)
    coding = _best_coding(asset)
    response = Response(asset.bodies[coding], mimetype=asset.mimetype)
    response.vary.add("Accept-Encoding")
    if coding != "identity":
        response.headers["Content-Encoding"] = coding
    if fingerprint == asset.fingerprint:
        response.cache_control.public = True
        response.cache_control.max_age = ONE_YEAR_SECONDS
        response.cache_control.immutable = True
    else:
        response.cache_control.no_cache = True
    return response


def _assets() -> dict[str, Asset]:
    assets: dict[str, Asset] = current_app.extensions["assets"]
    return assets


def _best_coding(asset: Asset) -> str:
    """The smallest prepared body among the codings that the request accepts."""
    accepted = (
        coding
        for coding in asset.bodies
        if coding == "identity" or request.accept_encodings.quality(coding) > 0
    )
    return min(accepted, key=lambda coding: len(asset.bodies[coding]))


def _read_assets() -> Iterator[Asset]:
    for name, resource in _walk(files("consular") / "static"):
        yield _prepare(name, resource.read_bytes())
    bootstrap = files("flask_bootstrap") / "static"
    for path in _BOOTSTRAP_FILES:
        yield _prepare(path.rsplit("/", 1)[-1], bootstrap.joinpath(path).read_bytes())


def _walk(folder: Traversable, prefix: str = "") -> Iterator[tuple[str, Traversable]]:
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _walk(entry, f"{prefix}{entry.name}/")
        elif not entry.name.startswith("."):
            yield f"{prefix}{entry.name}", entry


def _prepare(name: str, content: bytes) -> Asset:
    body = _SOURCE_MAP.sub(b"", content)
    return Asset(
        name=name,
        mimetype=mimetypes.guess_type(name)[0] or "application/octet-stream",
        fingerprint=hashlib.sha256(body).hexdigest()[:16],
        bodies=_compress(body),
    )


def _compress(body: bytes) -> dict[str, bytes]:
    """The body in every coding that makes it smaller; brotli only where its package exists."""
    bodies = {"identity": body}
    if len(body) < SMALLEST_WORTH_COMPRESSING:
        return bodies
    # No time stamp inside, so that every process holds the same bytes.
    candidates = {"gzip": gzip.compress(body, compresslevel=9, mtime=0)}
    if importlib.util.find_spec("brotli"):
        candidates["br"] = importlib.import_module("brotli").compress(body)
    bodies.update({coding: data for coding, data in candidates.items() if len(data) < len(body)})
    return bodies
