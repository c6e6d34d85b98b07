"""What every viewer of a bid's documents shows: one page with the ways to the others; and the picture of a page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from flask import Response as FlaskResponse
from flask import render_template, request
from flask_babel import gettext as _

from accounts.access import door, instant_now, status_of
from core.clock import BEIJING
from core.documents import viewing
from core.documents.shelf import Shelf, shelf_in
from core.errors import Conflict, Invalid, Missing, Refusal

NEIGHBOURS = 20
"""Small pictures shown before and after the page one is on."""
SIZES = ("page", "large")
Answer = str | tuple[str, int]


@dataclass(frozen=True)
class Viewed:
    """One document as somebody may look at it: its bytes, what it is called here, and the addresses of its pages."""

    sha256: str
    name: str
    title: str
    page_href: Callable[..., str]
    picture_href: Callable[..., str]
    thumb_href: Callable[..., str]
    download_href: str | None = None
    original_href: str | None = None
    anchors: Sequence[dict[str, Any]] = field(default_factory=list)


def shelf() -> Shelf:
    """Where this installation keeps drawn pages."""
    return shelf_in(door().platform.store.root / "pages")


def show(document: Viewed, template: str, **frame: Any) -> Answer:
    """The page asked for: `?page=`; with `?find=` the pages with those words; with `?part=` only the viewer itself.

    A document that cannot be shown is a page that says why, and no error.
    """
    found: list[tuple[int, str]] = []
    wanted = request.args.get("find", "").strip()[:60]
    part = request.args.get("part", "")
    error: Refusal | None = None
    try:
        path = door().platform.store.path(document.sha256)
        read = viewing.leaves(shelf(), path, document.sha256, document.name)
        number = min(max(request.args.get("page", 1, type=int), 1), read.count)
        found = viewing.found_in(read, wanted) if wanted else []
        if found and "page" not in request.args:
            number = found[0][0]
    except Missing:
        raise
    except Refusal as refusal:
        read, number, error = viewing.Leaves(False, ()), 0, refusal
    near = range(max(1, number - NEIGHBOURS), min(read.count, number + NEIGHBOURS) + 1) if read.drawn else ()
    values = {
        "document": document, "read": read, "page": number, "found": found, "wanted": wanted, "error": error,
        "near": list(near), "part": part, "text": read.text(number) if number else "",
    }  # fmt: skip
    page = render_template("experts/_viewer.html" if part in ("panel", "column") else template, **frame, **values)
    return (page, status_of(error)) if isinstance(error, Conflict) else page


def picture(sha256: str, name: str, number: int, marks: list[str]) -> FlaskResponse:
    """The picture of a page with the reader's marks and the minute across it; Missing for a page there is not."""
    size = request.args.get("size", "page")
    if size not in SIZES:
        raise Missing("object.unknown")
    minute = instant_now().astimezone(BEIJING).strftime("%Y-%m-%d %H:%M")
    path = door().platform.store.path(sha256)
    try:
        jpeg = viewing.page_picture(
            shelf(), path, sha256, name, number, size=size, marks=[*marks, _("%(at)s 北京时间", at=minute)]
        )
    except Invalid as refusal:
        _page_or_missing(refusal)
        raise
    return FlaskResponse(jpeg, mimetype="image/jpeg")


def thumbnail(sha256: str, name: str, number: int) -> FlaskResponse:
    """A small picture of a page, in which nothing can be read; the reader's own browser may keep it for a while."""
    try:
        jpeg = viewing.thumbnail(shelf(), door().platform.store.path(sha256), sha256, name, number)
    except Invalid as refusal:
        _page_or_missing(refusal)
        raise
    response = FlaskResponse(jpeg, mimetype="image/jpeg")
    response.headers["Cache-Control"] = "private, max-age=600"
    return response


def _page_or_missing(refusal: Invalid) -> None:
    if refusal.code == "document.page":
        raise Missing("object.unknown") from refusal
