"""Resumable uploads by tus 1.0 (creation, creation-with-upload, expiration), bound to nobody.

Whoever may bid may open an upload; from then on its token in the address is all that counts: no cookie, no bearer,
no address in the log, so that nothing joins the bytes with a person. No rate is counted per person either: counters
would remember who was here.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator

from flask import Response, abort, request, url_for
from werkzeug.exceptions import ClientDisconnected

from accounts.access import cookieless, door, public, requires, unlinked
from accounts.rules import Role
from bidding import services
from bidding.routes.blueprint import blueprint
from bidding.rules.uploads import MAX_LENGTH, MAX_PART
from bidding.services.uploads import upload_state
from core.errors import Invalid, Refusal

VERSION = "1.0.0"
CHUNK = 1 << 20
TYPE = "application/offset+octet-stream"
PROGRAMS = frozenset(
    f"bidding.{name}"
    for name in ("upload_options", "create_upload", "upload", "append_upload", "commit_submission", "policy")
)


@blueprint.url_value_preprocessor
def prefer_problems(endpoint: str | None, values: object) -> None:
    """Programs that upload say nothing about what they accept: a refusal is a problem document for them, no page."""
    if endpoint in PROGRAMS:
        request.environ["HTTP_ACCEPT"] = "application/problem+json"


class CutOff(Exception):
    """The client went away before the body was whole."""


@blueprint.route("/files", methods=["OPTIONS"], provide_automatic_options=False)
@public
@cookieless
@unlinked
def upload_options() -> Response:
    """What this server speaks."""
    answer = _answer(204)
    answer.headers["Tus-Version"] = VERSION
    answer.headers["Tus-Extension"] = "creation,creation-with-upload,expiration"
    answer.headers["Tus-Max-Size"] = str(MAX_LENGTH)
    return answer


@blueprint.post("/files")
@requires(Role.BIDDER, Role.TENDEREE, Role.OFFICER, Role.SUPERVISOR)
@cookieless
@unlinked
def create_upload() -> Response:
    """Open an upload: Upload-Length, and the ciphertext's SHA-256 in Upload-Metadata; a body may begin it at once."""
    _check_version()
    length, sha256 = _length(), _metadata().get("sha256", "")
    if not sha256:
        raise Invalid("upload.metadata", field="Upload-Metadata")
    # As nobody: the act that opens an upload knows no person, so nothing in it can keep one.
    begun = services.open_upload(door().platform, length, sha256)
    offset = begun.received
    if request.content_length and offset < length:
        _check_body()
        offset = _append(begun.token, offset, (length, sha256))
    answer = _answer(201, offset)
    answer.headers["Location"] = url_for("bidding.append_upload", token=begun.token)
    answer.headers["Upload-Expires"] = begun.expires_at.strftime("%a, %d %b %Y %H:%M:%S GMT")
    return answer


@blueprint.route("/files/<token>", methods=["HEAD"])
@public
@cookieless
@unlinked
def upload(token: str) -> Response:
    """How much of an upload is held."""
    offset, length = upload_state(door().platform, token)
    answer = _answer(200, offset)
    answer.headers["Upload-Length"] = str(length)
    return answer


@blueprint.route("/files/<token>", methods=["PATCH"])
@public
@cookieless
@unlinked
def append_upload(token: str) -> Response:
    """Append the body at Upload-Offset; what was received of a body that breaks off is kept."""
    _check_version()
    _check_body()
    try:
        offset = int(request.headers.get("Upload-Offset", ""))
    except ValueError:
        raise Invalid("upload.offset", field="Upload-Offset", offset="?", given="?") from None
    return _answer(204, _append(token, offset))


def _append(token: str, offset: int, opened: tuple[int, str] | None = None) -> int:
    platform = door().platform
    try:
        return services.append_upload(platform, token, offset, _body(), opened=opened)
    except CutOff:
        raise Refusal("upload.cut", received=upload_state(platform, token)[0]) from None


def _body() -> Iterator[bytes]:
    """The body in chunks; CutOff when fewer bytes came than were announced, which some servers show as a plain end."""
    announced, came = request.content_length or 0, 0
    while True:
        try:
            chunk = request.stream.read(CHUNK)
        except (ClientDisconnected, OSError):
            raise CutOff from None
        if not chunk:
            break
        came += len(chunk)
        yield chunk
    if came != announced:
        raise CutOff


def _check_version() -> None:
    if request.headers.get("Tus-Resumable") != VERSION:
        raise Invalid("upload.version", field="Tus-Resumable")


def _check_body() -> None:
    if request.content_length is None:
        raise Invalid("upload.no_length", field="Content-Length")
    if request.content_length > MAX_PART:
        abort(413)
    if request.mimetype != TYPE:
        raise Invalid("upload.type", field="Content-Type")


def _length() -> int:
    try:
        return int(request.headers.get("Upload-Length", ""))
    except ValueError:
        raise Invalid("upload.length", field="Upload-Length", limit=MAX_LENGTH, found="?") from None


def _metadata() -> dict[str, str]:
    """`key base64,key base64` as a dictionary; what cannot be read is left out."""
    found = {}
    for pair in request.headers.get("Upload-Metadata", "").split(","):
        name, _, encoded = pair.strip().partition(" ")
        try:
            found[name] = base64.b64decode(encoded, validate=True).decode("ascii")
        except (binascii.Error, ValueError):
            continue
    return found


def _answer(status: int, offset: int | None = None) -> Response:
    answer = Response(status=status)
    answer.headers["Tus-Resumable"] = VERSION
    answer.headers["Cache-Control"] = "no-store"
    if offset is not None:
        answer.headers["Upload-Offset"] = str(offset)
    return answer
