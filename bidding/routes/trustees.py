"""Trustees' keys: registering the public half, opening the canary before it matters."""

from __future__ import annotations

import base64

from flask import Response, jsonify, render_template, request
from flask_babel import gettext as _  # type: ignore[import-untyped]
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as Answer

from accounts.access import acting, current_actor, reading, requires, wants_json
from accounts.rules import Role
from bidding import queries, rules, services
from bidding.models import Section, Trustee
from bidding.routes.blueprint import blueprint, done, frame_of
from core.errors import Forbidden, Invalid, Missing, Refusal
from core.forms import text


def own_role() -> str:
    """The trustee role of whoever is asking."""
    for role in rules.TRUSTEES:
        if current_actor().has(role):
            return role
    raise Forbidden("door.role", roles=list(rules.TRUSTEES))


@blueprint.get("/custody")
@requires(Role.TENDEREE, Role.OFFICER, Role.SUPERVISOR)
def custody() -> str | Response:
    """The sections whose key one holds or has still to register."""
    role, actor = own_role(), current_actor()
    with reading() as session:
        found: list[Section] = []
        for project in queries.projects_of(session, actor):
            sections = queries.sections_of(session, project)
            found += [item for item in sections if item.state in ("draft", *queries.RECEIVING, "closed")]
        if wants_json():
            return jsonify([{"section": item.code, "state": item.state} for item in found])
        rows = [{"section": item, "trustee": _held(session, item, role)} for item in found]
        return render_template("bidding/custody.html", rows=rows, role=role, person_id=actor.person_id)


@blueprint.route("/sections/<code>/trustees", methods=["GET", "POST"])
@requires(Role.TENDEREE, Role.OFFICER, Role.SUPERVISOR)
def register_trustee(code: str) -> Answer | tuple[str, int]:
    """Register the public key; from a form, or as JSON {recipient} by the trustee's program."""
    role = own_role()
    errors: list[Refusal] = []
    if request.method == "POST":
        try:
            fields = request.get_json() if request.is_json else request.form
            recipient = text({"recipient": str(fields.get("recipient", ""))}, "recipient", most=80)
            with acting() as act:
                section = queries.own_section(act.session, code, act.actor)
                services.register_trustee(act, section, role, recipient)
            if wants_json():
                return jsonify({"section": code, "role": role, "recipient": recipient})
            return done(_("公钥已登记。"), "bidding.rehearse_trustee", code=code)
        except Invalid as refusal:
            if wants_json():
                raise
            errors = [refusal]
    with reading() as session:
        section = queries.own_section(session, code, current_actor())
        page = render_template(
            "bidding/register_trustee.html",
            errors=errors,
            values=request.form,
            role=role,
            held=_held(session, section, role),
            trustees={trustee.role: trustee for trustee in queries.trustees(session, section)},
            required=rules.TRUSTEES,
            **frame_of(session, section),
        )
    return page, 422 if errors else 200


@blueprint.route("/sections/<code>/rehearsal", methods=["GET", "POST"])
@requires(Role.TENDEREE, Role.OFFICER, Role.SUPERVISOR)
def rehearse_trustee(code: str) -> Answer | tuple[str, int]:
    """The canary to open and where its content is told; JSON: GET {canary}, POST {token}."""
    role = own_role()
    errors: list[Refusal] = []
    if request.method == "POST":
        try:
            fields = request.get_json() if request.is_json else request.form
            token = text({"token": str(fields.get("token", ""))}, "token", most=100)
            with acting() as act:
                section = queries.own_section(act.session, code, act.actor)
                services.rehearse_trustee(act, section, role, token)
            if wants_json():
                return jsonify({"section": code, "role": role, "rehearsed": True})
            return done(_("试开成功，已公示您的钥匙可用。"), "bidding.rehearse_trustee", code=code)
        except Invalid as refusal:
            if wants_json():
                raise
            errors = [refusal]
    with reading() as session:
        section = queries.own_section(session, code, current_actor())
        held = _held(session, section, role)
        if wants_json():
            if held is None or held.canary is None:
                raise Missing("trustee.unknown", role=role, section=code)
            rehearsed = held.rehearsed_at is not None
            return jsonify({"section": code, "role": role, "canary": held.canary, "rehearsed": rehearsed})
        page = render_template(
            "bidding/rehearse_trustee.html",
            errors=errors,
            role=role,
            held=held,
            armored=_lines(held.canary) if held and held.canary else "",
            **frame_of(session, section),
        )
    return page, 422 if errors else 200


@blueprint.get("/sections/<code>/canary.age")
@requires(Role.TENDEREE, Role.OFFICER, Role.SUPERVISOR)
def canary(code: str) -> Response:
    """The canary as a file for stock `age -d -i`."""
    role = own_role()
    with reading() as session:
        section = queries.own_section(session, code, current_actor())
        held = _held(session, section, role)
        if held is None or held.canary is None:
            raise Missing("trustee.unknown", role=role, section=code)
        content = base64.b64decode(held.canary)
    headers = {"Content-Disposition": f'attachment; filename="canary-{role}.age"'}
    return Response(content, mimetype="application/octet-stream", headers=headers)


def _held(session: Session, section: Section, role: str) -> Trustee | None:
    try:
        return queries.trustee(session, section, role)
    except Missing:
        return None


def _lines(text: str) -> str:
    return "\n".join(text[place : place + 64] for place in range(0, len(text), 64))
