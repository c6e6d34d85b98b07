"""The court of decryption failures: evidence, decisions handed down, appeals, and the bidder's backup."""

from __future__ import annotations

from pathlib import PurePath

from flask import Response, jsonify, make_response, redirect, render_template, request, send_file, url_for
from werkzeug.datastructures import FileStorage

from accounts.access import acting, current_actor, door, public, reading, requires, wants_json
from accounts.rules import Role
from core.errors import Forbidden, Invalid, Missing
from core.store import Stored
from opening import forms, queries, rules, services
from opening.routes.desk import judged, show_desk
from opening.routes.frame import HOSTS, blueprint, find, given, placed, scene, section_of

MOST_EVIDENCE = 20 * 1024 * 1024


def _kept(file: FileStorage | None) -> tuple[str | None, Stored | None]:
    """An uploaded file in the store with its own name; nothing where none was chosen."""
    if file is None or not file.filename:
        return None, None
    data = file.stream.read(MOST_EVIDENCE + 1)
    if len(data) > MOST_EVIDENCE:
        raise Invalid("evidence.large", field="file", most=MOST_EVIDENCE // 1024 // 1024)
    return PurePath(file.filename.replace("\\", "/")).name[:200], door().platform.store.put(data)


def _role() -> str:
    for role in (Role.BIDDER, Role.TENDEREE, Role.AGENT, Role.SUPERVISOR, Role.OFFICER):
        if current_actor().has(role):
            return str(role)
    raise Forbidden("saying.stranger")


def _trouble(code: str, errors: list[Invalid], status: int = 200) -> Response:
    with reading() as session:
        section, found = section_of(session, code)
        values = scene(session, section, found, "mine")
        mine = [row for row in values["rows"] if row["mine"]]
        bids = queries.own_bids(session, found, current_actor()) if found is not None else []
        return make_response(
            render_template(
                "opening/trouble.html",
                live=False,
                errors=errors,
                given=request.form,
                mine=mine,
                evidence=[item for bid in bids for item in queries.evidence(session, found, bid)] if found else [],
                troubles=rules.TROUBLES,
                remedy=bool(bids) and rules.remedy_of(queries.policy_of(session, bids[0].submission)["failure"]),
                envelopes=found.due(bids[0].submission) if bids and found is not None else [],
                **values,
            ),
            status,
        )


@blueprint.get("/opening/<code>/trouble")
@requires(Role.BIDDER)
def trouble(code: str) -> Response:
    """A bidder in trouble: report it, hand in the backup, see what was decided, object."""
    return _trouble(code, [])


@blueprint.post("/opening/<code>/evidence")
@requires(Role.BIDDER, *HOSTS, Role.SUPERVISOR)
def give_evidence(code: str) -> Response:
    """Bring words and perhaps a file on why a bid was not decrypted."""
    role = _role()
    try:
        fields = given()
        trouble, text = forms.evidence(fields)
        name, stored = _kept(request.files.get("file"))
        with acting() as act:
            opening = find(act.session, code, own=role != "bidder")
            bid = queries.bid(act.session, opening, str(fields.get("submission", "")))
            services.give_evidence(act, opening, bid, role=role, text=text, code=trouble, name=name, file=stored)
    except Invalid as refusal:
        if wants_json():
            raise
        return _trouble(code, [placed(refusal)], 422) if role == "bidder" else show_desk(code, [placed(refusal)], 422)
    if wants_json():
        return jsonify(recorded=True)
    back = {"bidder": "opening.trouble", "supervisor": "opening.watch"}.get(role, "opening.desk")
    return make_response(redirect(url_for(back, code=code), 303))


@blueprint.get("/opening/<code>/evidence/<int:number>")
@requires(Role.BIDDER, *HOSTS, Role.SUPERVISOR)
def evidence(code: str, number: int) -> Response:
    """A file of the evidence: for those who decide, the supervisor, and the bidder it is about."""
    with reading() as session:
        opening = find(session, code, own=not current_actor().has(Role.BIDDER))
        found = next((item for item in queries.evidence(session, opening) if item.id == number), None)
        own = {bid.id for bid in queries.own_bids(session, opening, current_actor())}
        if found is None or found.sha256 is None or (current_actor().has(Role.BIDDER) and found.bid_id not in own):
            raise Missing("evidence.unknown")
        path = door().platform.store.path(found.sha256)
        return send_file(path, mimetype="application/octet-stream", as_attachment=True, download_name=found.name)


@blueprint.get("/opening/<code>/decisions/<int:number>")
@public
def decision(code: str, number: int) -> str:
    """What was decided on a bid left sealed: cause, evidence, legal status, the bond, whom to turn to."""
    with reading() as session:
        section, found = section_of(session, code)
        rows = queries.board(session, found) if found is not None else []
        row = next((row for row in rows if row["number"] == number and row["judgement"]), None)
        if found is None or row is None:
            raise Missing("decision.unknown", number=number)
        bid = queries.bid(session, found, row["digest"])
        own = bid.organisation_id is not None and bid.organisation_id == current_actor().organisation_id
        return render_template(
            "opening/decision.html",
            section=section,
            row=row,
            judgement=row["judgement"],
            evidence=queries.evidence(session, found, bid),
            appeals=[item for item in queries.objections(session, found) if item.bid_id == bid.id],
            own=own,
            appealable=own and found.state in rules.OBJECTABLE,
        )


@blueprint.post("/opening/<code>/appeal")
@requires(Role.BIDDER)
def appeal(code: str) -> Response:
    """Object on the spot to what was decided on one's own bid."""
    text = forms.words(given(), "text")
    with acting() as act:
        opening = find(act.session, code)
        own = [bid for bid in queries.own_bids(act.session, opening, current_actor()) if bid.judgement]
        if not own:
            raise Missing("opening.no_bid")
        services.appeal(act, opening, own[0], text)
        number = own[0].number
    if wants_json():
        return jsonify(appealed=number)
    return make_response(redirect(url_for("opening.decision", code=code, number=number), 303))


@blueprint.post("/opening/<code>/overturn")
@requires(*HOSTS)
def overturn(code: str) -> Response:
    """Change a decision in the bidder's favour."""
    return judged(code, services.overturn)


@blueprint.post("/opening/<code>/backup")
@requires(Role.BIDDER)
def hand_in_backup(code: str) -> Response:
    """Take in the plain archives of a bid: opened only if they are the very ones committed before the deadline."""
    try:
        submission, archives, salts = _backup()
        with acting() as act:
            opening = find(act.session, code)
            bid = queries.check_own_bid(act.session, opening, current_actor(), submission)
            services.check_backup(act, opening, bid)
            due = {name: bid.submission.content["envelopes"][name] for name in opening.due(bid.submission)}
            content = {**bid.submission.content, "envelopes": due}
        try:
            restored = services.restore_backup(door().platform.store, content, archives, salts)
        except Invalid as refusal:
            with acting() as act:
                opening = find(act.session, code)
                bid = queries.check_own_bid(act.session, opening, current_actor(), submission)
                services.refuse_backup(act, opening, bid, refusal.code, refusal.facts.get("envelope"))
            raise
        with acting() as act:
            opening = find(act.session, code)
            bid = queries.check_own_bid(act.session, opening, current_actor(), submission)
            services.keep_backup(act, opening, bid, restored)
    except Invalid as refusal:
        if wants_json():
            raise
        return _trouble(code, [placed(refusal)], 422)
    if wants_json():
        return jsonify(submission=submission, state="opened_from_backup")
    return make_response(redirect(url_for("opening.my_bid", code=code), 303))


def _backup() -> tuple[str, dict[str, str], dict[str, str]]:
    """The backup of a program (objects uploaded before) or of a form (private.json and one archive per envelope)."""
    if request.is_json:
        submission, archives, salts = forms.backup(request.get_json(silent=True))
        missing = [name for name, sha256 in archives.items() if not door().platform.store.path(sha256).exists()]
        if missing:
            raise Invalid("backup.incomplete", field="archives", missing=", ".join(missing))
        return submission, archives, salts
    private = request.files.get("private")
    salts = forms.backup_salts(private.stream.read(1024 * 1024) if private else b"")
    archives = {}
    for field, file in request.files.items():
        if field.startswith("archive-") and file.filename:
            archives[field.removeprefix("archive-")] = door().platform.store.put(file.stream.read()).sha256
    return str(given().get("submission", "")), archives, {name: salts[name] for name in salts if name in archives}
