"""Reading bids from outside the room: supervisors while the committee works, the tenderee to review its report."""

from __future__ import annotations

from typing import Any

from flask import Response as FlaskResponse
from flask import render_template, url_for
from flask_babel import gettext as _

from accounts.access import acting, current_actor, current_person, limited, reading, requires
from accounts.rules import Role
from experts import queries, services
from experts.routes.frame import blueprint, seat_word, shown_contents
from experts.routes.leaves import Answer, Viewed, picture, show, thumbnail
from experts.routes.viewing import PACE, anchors, held_by

WATCHERS = (Role.SUPERVISOR, Role.TENDEREE, Role.AGENT)


@blueprint.get("/tender/<code>/bids")
@requires(*WATCHERS)
def watched_bids(code: str) -> str:
    """The documents of the bids in evaluation; for supervisors, how much each seat has looked at."""
    actor = current_actor()
    with reading() as session:
        held = queries.watched_committee(session, code, actor)
        return render_template(
            "experts/watched_bids.html",
            section=held.section,
            project=held.section.project,
            bids=held_by(session, held.section),
            looked=queries.reading_of(session, held.section) if actor.has(Role.SUPERVISOR) else [],
            seat_word=lambda label: seat_word(label) if label[1:].isdigit() else _("会外查阅"),
        )


@blueprint.get("/tender/<code>/bids/<int:number>/view/<sha256>")
@requires(*WATCHERS)
def watch_document(code: str, number: int, sha256: str) -> Answer:
    """A bid's document, page by page."""
    with reading() as session:
        section = queries.watched_committee(session, code, current_actor()).section
        bid = queries.bid_of(session, section, number)
        file = queries.bid_document(session, bid, section, sha256)
        links = shown_contents(session, bid)["links"]
        at: dict[str, Any] = {"code": code, "number": number, "sha256": sha256}
        document = Viewed(
            sha256, file["name"], _("%(n)s 号 %(name)s", n=number, name=bid.name),
            page_href=lambda page, **more: url_for("experts.watch_document", **at, page=page, **more),
            picture_href=lambda page, size="page": url_for("experts.watched_picture", **at, page=page, size=size),
            thumb_href=lambda page: url_for("experts.watched_thumbnail", **at, page=page),
            anchors=anchors(section, links, sha256=sha256),
        )  # fmt: skip
        return show(document, "experts/watch_document.html", section=section, project=section.project, bid=bid)


@blueprint.get("/tender/<code>/bids/<int:number>/pages/<sha256>/<int:page>")
@requires(*WATCHERS)
@limited(PACE)
def watched_picture(code: str, number: int, sha256: str, page: int) -> FlaskResponse:
    """One page as a picture with who reads it across; the look is kept."""
    actor, person = current_actor(), current_person()
    with reading() as session:
        section = queries.watched_committee(session, code, actor).section
        name = queries.bid_document(session, queries.bid_of(session, section, number), section, sha256)["name"]
    unit = person.organisation.name if person and person.organisation else ""
    answer = picture(sha256, name, page, [f"{unit} {person.name if person else ''} · {code}".strip()])
    with acting() as act:
        section = queries.watched_committee(act.session, code, act.actor).section
        role = next(str(one) for one in WATCHERS if act.actor.has(one))
        services.record_page(act, section, sha256, page, role=role)
    return answer


@blueprint.get("/tender/<code>/bids/<int:number>/thumbs/<sha256>/<int:page>")
@requires(*WATCHERS)
@limited(PACE)
def watched_thumbnail(code: str, number: int, sha256: str, page: int) -> FlaskResponse:
    """One page as a small picture."""
    with reading() as session:
        section = queries.watched_committee(session, code, current_actor()).section
        name = queries.bid_document(session, queries.bid_of(session, section, number), section, sha256)["name"]
    return thumbnail(sha256, name, page)
