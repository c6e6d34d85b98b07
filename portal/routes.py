"""Public pages of the whole site: home, notices, objects, ledger, help, health."""

from __future__ import annotations

import base64
from functools import partial
from urllib.parse import quote, urlencode

from flask import Blueprint, Response, jsonify, make_response, render_template, request, send_file, url_for

from accounts.access import (
    cookieless,
    current_actor,
    current_person,
    door,
    instant_now,
    limited,
    public,
    reading,
    signed_in,
    wants_json,
)
from accounts.rules import Role
from core import board
from core.act import PUBLIC
from core.clock import iso
from core.errors import Forbidden, Invalid, Missing
from core.ledger import log, vouching
from core.outbox import Message
from portal import agenda, guide, queries, words
from portal.words import guide as guide_words
from portal.words.contents import blocks
from portal.words.messages import OWN, TARGETS
from window.routes.statistics import tiles_of_year

blueprint = Blueprint("portal", __name__)
MOST_ENTRIES = 1000
MOST_NOTE = 16 * 1024


@blueprint.get("/")
@public
def home() -> str:
    """The first page: today's openings, the latest notices, search."""
    with reading() as session:
        return render_template(
            "portal/home.html",
            openings=queries.openings(session, instant_now()),
            tiles=tiles_of_year(session),
            notices=board.notices(session, limit=8),
            books=queries.books_at_a_glance(session, instant_now()) if current_actor().has(Role.FINANCE) else None,
        )


@blueprint.get("/notices")
@public
def notices() -> str:
    """Notices, newest first; kind, words and page stand in the address."""
    kind, text = request.args.get("kind", ""), request.args.get("q", "").strip()[:100]
    page = max(1, request.args.get("page", 1, type=int) or 1)
    with reading() as session:
        kinds = queries.notice_kinds(session)
        chosen = kind if kind in kinds else ""
        found = board.notices(
            session, kind=chosen or None, words=text, limit=queries.PAGE + 1, offset=(page - 1) * queries.PAGE
        )
        return render_template(
            "portal/notices.html",
            found=found[: queries.PAGE],
            kinds=kinds,
            kind=chosen,
            words=text,
            page=page,
            previous=_notices_page(chosen, text, page - 1) if page > 1 else None,
            following=_notices_page(chosen, text, page + 1) if len(found) > queries.PAGE else None,
        )


def _notices_page(kind: str, text: str, page: int) -> str:
    arguments = {"kind": kind, "q": text, "page": page if page > 1 else ""}
    return url_for("portal.notices") + "?" + urlencode({name: value for name, value in arguments.items() if value})


@blueprint.get("/todo")
@signed_in
def todo() -> str:
    """What waits for whoever reads: theirs, others', and what is over lately."""
    person, actor, now = current_person(), current_actor(), instant_now()
    if person is None:
        raise Forbidden("signin.required")
    with reading() as session:
        lines = agenda.todo(session, actor, now)
        return render_template(
            "portal/todo.html",
            lines=lines,
            waiting=agenda.others(session, actor, agenda.busy(lines)),
            over=agenda.lately(session, actor, now),
            organisation=person.organisation.name if person.organisation else None,
        )


@blueprint.get("/inbox")
@signed_in
def inbox() -> str:
    """Messages to oneself and one's organisation, newest first."""
    person = current_person()
    if person is None:
        raise Forbidden("signin.required")
    page = max(1, request.args.get("page", 1, type=int) or 1)
    with reading() as session:
        start = (page - 1) * queries.PAGE
        found = queries.inbox(session, person, limit=queries.PAGE + 1, offset=start)
        lines = [{"at": one.written_at, "text": text, "href": _target(one)} for one in found if (text := _said(one))]
        return render_template(
            "portal/inbox.html",
            lines=lines[: queries.PAGE],
            organisation=person.organisation.name if person.organisation else None,
            page=page,
            previous=url_for("portal.inbox", page=page - 1) if page > 1 else None,
            following=url_for("portal.inbox", page=page + 1) if len(found) > queries.PAGE else None,
        )


def _said(message: Message) -> str | None:
    return words.message(message.template, message.facts)


def _target(message: Message) -> str:
    """The page a message leads to."""
    if message.template in OWN:
        return url_for(OWN[message.template])
    endpoint = TARGETS.get(message.template, "bidding.section")
    return url_for(endpoint, code=message.facts["section"])


@blueprint.get("/notices/<number>")
@public
def notice(number: str) -> str:
    """One notice with its attachments, what it follows, and its place in the ledger."""
    with reading() as session:
        found = board.notice(session, number)
        return render_template(
            "portal/notice.html",
            notice=found,
            blocks=blocks(found.content),
            before=queries.predecessor(session, found),
            after=queries.replaced_by(session, found),
            proof=queries.proof(session, found.leaf_index),
            code=found.subject.partition(":")[2],
        )


@blueprint.get("/notices/<number>/print")
@public
def notice_print(number: str) -> str:
    """The notice as a document to print."""
    with reading() as session:
        found = board.notice(session, number)
        return render_template("portal/notice_print.html", notice=found, blocks=blocks(found.content))


@blueprint.get("/notices/<number>.json")
@public
def notice_json(number: str) -> Response:
    """The notice as data, with the facts and salt of its ledger entry and the proof of its place."""
    with reading() as session:
        found = board.notice(session, number)
        return jsonify(
            number=found.number,
            kind=found.kind,
            subject=found.subject,
            title=found.title,
            published_at=iso(found.published_at),
            content=found.content,
            attachments=found.attachments,
            ledger=queries.proof(session, found.leaf_index).as_json(told=True),
        )


@blueprint.get("/objects/<sha256>")
@public
def published_object(sha256: str) -> Response:
    """A file that a public notice lists, to be saved; every other object gets the same answer as one we do not hold."""
    with reading() as session:
        attachment = queries.published_object(session, sha256)
    store = door().platform.store
    store.size(sha256)
    answer = make_response(
        send_file(store.path(sha256), mimetype="application/octet-stream", etag=False, last_modified=None, max_age=None)
    )
    answer.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(str(attachment['name']), safe='')}"
    answer.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    answer.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    answer.set_etag(sha256)
    return answer


@blueprint.get("/ledger")
@public
def ledger() -> str:
    """The public log: its newest signed head, the platform's key, entries newest first."""
    subject = request.args.get("subject", "")[:120]
    before = request.args.get("before", type=int)
    with reading() as session:
        found = queries.ledger_page(session, before=before, subject=subject)
        return render_template(
            "portal/ledger.html",
            head=log.newest_head(session),
            size=log.size(session),
            key=str(door().platform.signer.verifier),
            found=found,
            subject=subject,
            older=found[-1].leaf_index if len(found) == 50 else None,
        )


@blueprint.get("/ledger/<int:index>")
@public
def ledger_entry(index: int) -> Response | str:
    """One entry with the proof that the signed log holds it, as a page or as JSON."""
    with reading() as session:
        proof = queries.proof(session, index)
        if wants_json():
            return jsonify(proof.as_json())
        key = str(door().platform.signer.verifier)
        return render_template("portal/ledger_entry.html", proof=proof, entry=proof.entry, key=key)


@blueprint.get("/ledger/<int:index>.json")
@public
def ledger_entry_json(index: int) -> Response:
    """One entry with its proof as JSON."""
    with reading() as session:
        return jsonify(queries.proof(session, index).as_json())


@blueprint.get("/ledger/entries")
@public
def ledger_entries() -> Response:
    """Up to 1000 entries from `from` on, without facts: what a witness reads to recompute the root."""
    first = request.args.get("from", 0, type=int)
    limit = min(request.args.get("limit", MOST_ENTRIES, type=int), MOST_ENTRIES)
    with reading() as session:
        found = queries.ledger_range(session, max(first, 0), max(limit, 0))
        return jsonify(size=log.size(session), entries=[held.leaf() for held in found])


@blueprint.get("/ledger/checkpoint")
@public
def checkpoint() -> Response:
    """The newest signed head as a C2SP checkpoint."""
    with reading() as session:
        head = log.newest_head(session)
    if head is None:
        raise Missing("ledger.unsigned")
    answer = Response(head.note, content_type="text/plain; charset=utf-8")
    answer.headers["Cache-Control"] = "no-cache"
    return answer


@blueprint.post("/ledger/cosignatures")
@public
@cookieless
@limited("120/minute")
def keep_cosignature() -> tuple[Response, int]:
    """Take in a witness's cosignature: the body is the checkpoint with its line. The signature is the only key."""
    if (request.content_length or 0) > MOST_NOTE:
        raise Invalid("note.head")
    note = request.get_data(cache=False).decode("utf-8", "replace")
    with door().platform.act(PUBLIC) as act:
        kept = vouching.keep_cosignature(act, note)
        told = {"size": kept[0].size, "kept": [held.witness for held in kept]}
    return jsonify(told), 201


@blueprint.get("/ledger/cosigned")
@public
def cosigned() -> Response:
    """The newest head that a witness has cosigned, with every cosignature under it."""
    with reading() as session:
        head = vouching.newest_cosigned(session)
        if head is None:
            raise Missing("ledger.uncosigned")
        note = vouching.vouched(session, head).note
    return Response(note, content_type="text/plain; charset=utf-8")


@blueprint.get("/ledger/heads/<int:size>")
@public
def ledger_head(size: int) -> Response:
    """One signed head with every cosignature under it, as a C2SP note."""
    with reading() as session:
        note = vouching.vouched(session, log.head_of_size(session, size)).note
    return Response(note, content_type="text/plain; charset=utf-8")


@blueprint.get("/ledger/heads/<int:size>/<int:number>.tsr")
@public
def ledger_token(size: int, number: int) -> Response:
    """A timestamp token over a head's body, as DER: `openssl ts -verify` reads it."""
    with reading() as session:
        stamps = vouching.vouched(session, log.head_of_size(session, size)).stamps
        if not 1 <= number <= len(stamps):
            raise Missing("ledger.head", size=size)
        token = base64.b64decode(stamps[number - 1].token)
    return Response(token, content_type="application/timestamp-reply")


@blueprint.get("/ledger/trust.json")
@public
def ledger_trust() -> Response:
    """Who vouches for the log from outside: witnesses' keys and the authority's roots, to be pinned."""
    return jsonify(platform_key=str(door().platform.signer.verifier), **door().platform.trust.published())


@blueprint.get("/ledger/key")
@public
def ledger_key() -> Response:
    """The public key that checks heads and receipts, as C2SP spells it."""
    return Response(f"{door().platform.signer.verifier}\n", content_type="text/plain; charset=utf-8")


@blueprint.get("/ledger/consistency")
@public
def consistency() -> Response:
    """The proof that the log of `old` entries is the beginning of the log of `new` ones."""
    old, new = request.args.get("old", type=int), request.args.get("new", type=int)
    if old is None or new is None:
        raise Invalid("ledger.sizes", field="old")
    with reading() as session:
        steps = log.consistency(session, old, new)
        roots = {str(size): log.root_at(session, size).hex() for size in (old, new)}
    return jsonify(old=old, new=new, roots=roots, consistency=steps)


@blueprint.get("/time")
@public
def time() -> Response:
    """The platform's clock, which alone decides (R-005)."""
    answer = jsonify(now=iso(instant_now()))
    answer.headers["Cache-Control"] = "no-store"
    return answer


@blueprint.get("/healthz")
@public
def healthz() -> Response:
    """The process answers."""
    return jsonify(status="ok")


@blueprint.get("/readyz")
@public
def readyz() -> Response:
    """Whether the platform can work: 200, or 503 naming what cannot."""
    parts = queries.readiness(door().platform)
    well = all(part.well for part in parts)
    answer = jsonify(status="ok" if well else "failing", parts={part.name: part.well for part in parts})
    answer.status_code = 200 if well else 503
    return answer


@blueprint.get("/status")
@public
def status() -> str:
    """How the platform is, for people."""
    parts = queries.readiness(door().platform)
    return render_template("portal/status.html", parts=parts, well=all(part.well for part in parts))


@blueprint.get("/help")
@public
def help_page() -> str:
    """How things are done here, by role and task, and what to do when something goes wrong."""
    role = guide.role_of(current_actor(), request.args.get("role", ""))
    return render_template(
        "portal/help.html",
        role=role,
        roles=guide.names(),
        tasks=guide_words.TASKS[role],
        stages=guide_words.STAGES,
        troubles=guide_words.TROUBLES,
        common=guide.common(),
        may_open=partial(guide.may_open, current_actor()),
        figures={regime: guide.shortest(regime, instant_now()) for regime in ("T", "G")},
    )


@blueprint.get("/help/refusals")
@public
def refusals() -> str:
    """Every refusal by its code, with its sentence: what a program's problem documents point to."""
    return render_template("portal/refusals.html", sentences=sorted(words.sentences().items()))


@blueprint.get("/glossary")
@public
def glossary() -> str:
    """The words of the trade in Chinese and English."""
    return render_template("portal/glossary.html", terms=queries.glossary())


@blueprint.get("/accessibility")
@public
def accessibility() -> str:
    """What has been done so that everyone can use the site, what is missing, where to complain."""
    return render_template("portal/accessibility.html")


from portal import checks, heads, lawbook  # noqa: E402, F401 - its pages hang on this blueprint
