"""Reading bids in the room: page by page, by name or by label; the same clause in all bids side by side."""

from __future__ import annotations

from typing import Any

from flask import Response as FlaskResponse
from flask import render_template, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from accounts.access import acting, current_actor, door, limited, reading, requires
from bidding.models import Section
from core.errors import Missing
from experts import queries, services
from experts.models import Member
from experts.routes.frame import ROOM, blueprint, own_room, room_frame, seat_word, shown_contents
from experts.routes.leaves import Answer, Viewed, picture, show, thumbnail

PACE = "600/minute"
"""Pictures one address may ask for: a committee behind one router turns pages quickly."""


@blueprint.get("/expert/<code>/bids/<int:number>/view/<sha256>")
@requires(*ROOM)
def view_document(code: str, number: int, sha256: str) -> Answer:
    """A bid's document, page by page, with the clauses the bidder linked to its pages."""
    with reading() as session:
        member, file = queries.own_document(session, code, current_actor(), number, sha256)
        section = member.committee.section
        bid = queries.bid_of(session, section, number)
        links = shown_contents(session, bid)["links"]
        at: dict[str, Any] = {"code": code, "number": number, "sha256": sha256}
        document = Viewed(
            sha256, file["name"], _("%(n)s 号 %(name)s", n=number, name=bid.name),
            page_href=lambda page, **more: url_for("experts.view_document", **at, page=page, **more),
            picture_href=lambda page, size="page": url_for("experts.page_picture", **at, page=page, size=size),
            thumb_href=lambda page: url_for("experts.page_thumbnail", **at, page=page),
            download_href=url_for("experts.bid_file", **at),
            original_href=url_for("experts.read_file", **at) if file["name"].lower().endswith(".pdf") else None,
            anchors=anchors(section, links, sha256=sha256),
        )  # fmt: skip
        return show(document, "experts/view_document.html", **room_frame(session, member), bid=bid)


@blueprint.get("/expert/<code>/bids/<int:number>/pages/<sha256>/<int:page>")
@requires(*ROOM)
@limited(PACE)
def page_picture(code: str, number: int, sha256: str, page: int) -> FlaskResponse:
    """One page as a picture with the reader's seat, the project and the time across it; the look is kept."""
    with reading() as session:
        member, file = queries.own_document(session, code, current_actor(), number, sha256)
        marks, name = _marks(member), file["name"]
    answer = picture(sha256, name, page, marks)
    with acting() as act:
        member = queries.own_member(act.session, code, act.actor)
        services.record_page(act, member.committee.section, sha256, page, member=member)
    return answer


@blueprint.get("/expert/<code>/bids/<int:number>/thumbs/<sha256>/<int:page>")
@requires(*ROOM)
@limited(PACE)
def page_thumbnail(code: str, number: int, sha256: str, page: int) -> FlaskResponse:
    """One page as a small picture."""
    with reading() as session:
        name = queries.own_document(session, code, current_actor(), number, sha256)[1]["name"]
    return thumbnail(sha256, name, page)


@blueprint.get("/expert/<code>/compare-pages/<clause>")
@requires(*ROOM)
def compare_pages(code: str, clause: str) -> str:
    """What each bidder linked to one criterion or clause, bid beside bid."""
    with reading() as session:
        member = own_room(session, code)
        section = member.committee.section
        names = clause_names(section)
        if member.declared_at is None or clause not in names:
            raise Missing("object.unknown")
        columns = []
        for bid in queries.bids_in_evaluation(session, section):
            held = {file["sha256"] for _envelope, file in queries.files_of(session, bid, section)}
            found = [one for one in shown_contents(session, bid)["links"].get(clause, []) if one["sha256"] in held]
            columns.append({
                "title": _("%(n)s 号 %(name)s", n=bid.number, name=bid.name),
                "links": [
                    {**link, "label": link["file"],
                     "href": url_for("experts.view_document", code=code, number=bid.number, sha256=link["sha256"],
                                     page=link["from"] or 1)}
                    for link in found
                ],
            })  # fmt: skip
        return render_template(
            "experts/compare_pages.html", **room_frame(session, member), clauses=names, clause=clause, columns=columns,
            clause_href=lambda one: url_for("experts.compare_pages", code=code, clause=one),
        )  # fmt: skip


@blueprint.get("/expert/<code>/blind/<mask>/view/<int:place>")
@requires(*ROOM)
def view_masked(code: str, mask: str, place: int) -> Answer:
    """The cleaned copy of one anonymous file, page by page, while the blind round runs; nothing in it names a bid."""
    with reading() as session:
        member, file = queries.masked_document(session, code, current_actor(), door().platform.signer.sign, mask, place)
        section = member.committee.section
        bid = queries.masked_bid(session, member.committee, door().platform.signer.sign, mask)
        links = queries.masked_links(session, section, bid)
        at: dict[str, Any] = {"code": code, "mask": mask, "place": place}
        document = Viewed(
            str(file.sha256), _("文件 %(n)s", n=place) + file.ending, _("暗标%(n)s", n=mask),
            page_href=lambda page, **more: url_for("experts.view_masked", **at, page=page, **more),
            picture_href=lambda page, size="page": url_for("experts.masked_picture", **at, page=page, size=size),
            thumb_href=lambda page: url_for("experts.masked_thumbnail", **at, page=page),
            download_href=url_for("experts.masked_file", **at),
            anchors=anchors(section, links, place=place),
        )  # fmt: skip
        return show(document, "experts/view_document.html", **room_frame(session, member), bid=None, mask=mask)


@blueprint.get("/expert/<code>/blind/<mask>/pages/<int:place>/<int:page>")
@requires(*ROOM)
@limited(PACE)
def masked_picture(code: str, mask: str, place: int, page: int) -> FlaskResponse:
    """One page of a cleaned copy; what is written across it and kept of the look names the label, never a bid."""
    sign = door().platform.signer.sign
    with reading() as session:
        member, file = queries.masked_document(session, code, current_actor(), sign, mask, place)
        sha256, marks = str(file.sha256), [_("暗标%(n)s", n=mask), *_marks(member)]
        key = f"{queries.round_of(member.committee)}:{mask}:{place}"
    answer = picture(sha256, f"{place}{file.ending}", page, marks)
    with acting() as act:
        member = queries.own_seat(act.session, code, act.actor)
        services.record_page(act, member.committee.section, key, page, member=member)
    return answer


@blueprint.get("/expert/<code>/blind/<mask>/thumbs/<int:place>/<int:page>")
@requires(*ROOM)
@limited(PACE)
def masked_thumbnail(code: str, mask: str, place: int, page: int) -> FlaskResponse:
    """One page of a cleaned copy as a small picture."""
    with reading() as session:
        file = queries.masked_document(session, code, current_actor(), door().platform.signer.sign, mask, place)[1]
        sha256, name = str(file.sha256), f"{place}{file.ending}"
    return thumbnail(sha256, name, page)


@blueprint.get("/expert/<code>/blind-compare/<criterion>")
@requires(*ROOM)
def compare_masked(code: str, criterion: str) -> str:
    """What was linked to one blind criterion, label beside label."""
    with reading() as session:
        member = queries.own_seat(session, code, current_actor())
        held = member.committee
        names = {one: str(item["name"]) for one, item in queries.own_criteria(held.section).items()}
        if member.declared_at is None or held.state != "blind" or criterion not in names:
            raise Missing("object.unknown")
        columns = []
        for mask in queries.mask_labels(session, held.section):
            bid = queries.masked_bid(session, held, door().platform.signer.sign, mask)
            shown = {file.place: file for file in queries.cleaned_files(session, bid) if file.sha256 is not None}
            found = queries.masked_links(session, held.section, bid).get(criterion, [])
            columns.append({
                "title": _("暗标%(n)s", n=mask),
                "links": [
                    {**link, "label": _("文件 %(n)s", n=link["place"]), "place": "",
                     "href": url_for("experts.view_masked", code=code, mask=mask, place=link["place"],
                                     page=link["from"] or 1)}
                    for link in found if link["place"] in shown
                ],
            })  # fmt: skip
        return render_template(
            "experts/compare_pages.html", **room_frame(session, member), clauses=names, clause=criterion,
            columns=columns, clause_href=lambda one: url_for("experts.compare_masked", code=code, criterion=one),
        )  # fmt: skip


def clause_names(section: Section) -> dict[str, str]:
    """What bidders link pages to: criteria by name, the review's own clauses by their text."""
    method = section.method
    found = {one["code"]: str(one["name"]) for one in method.get("criteria", [])}
    return {**{one["code"]: str(one["text"]) for one in method.get("review", [])}, **found}


def anchors(section: Section, links: dict[str, list[dict[str, Any]]], **document: Any) -> list[dict[str, Any]]:
    """The clauses linked to pages of the one document, in the order of its pages."""
    names = clause_names(section)
    found = [
        {"clause": code, "name": names.get(code, code), "from": link["from"], "to": link["to"]}
        for code, held in links.items()
        for link in held
        if link["from"] is not None and all(link[key] == value for key, value in document.items())
    ]
    return sorted(found, key=lambda one: (one["from"], one["clause"]))


def _marks(member: Member) -> list[str]:
    return [f"{seat_word(member.label)} · {member.committee.section.code}"]


def held_by(session: Session, section: Section) -> list[dict[str, Any]]:
    """Each bid with its files that are open now, for lists."""
    return [
        {"bid": bid, "files": [{**file, "envelope": name} for name, file in queries.files_of(session, bid, section)]}
        for bid in queries.bids_in_evaluation(session, section)
    ]
