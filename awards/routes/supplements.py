"""Supplements to a closed file: asked for by the centre, decided by the supervisor, each approved one a layer."""

from __future__ import annotations

import rfc8785
from cryptography.hazmat.primitives.serialization import Encoding
from flask import Response, render_template, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response as Answer

from accounts.access import acting, current_actor, door, reading, requires
from accounts.queries import names_of
from accounts.rules import Role
from awards import services
from awards.models import Archive
from awards.queries import archives
from awards.routes.frame import blueprint, done, frame, kept_files
from awards.rules.completeness import Required
from awards.rules.renewal import kept_until, told
from awards.services.supplements import OTHER
from bidding import queries as bidding
from core.act import Act
from core.errors import Missing, Refusal
from core.store import chunks_of

KEEPERS = (Role.OFFICER, Role.SUPERVISOR)
STATES = {"asked": "warn", "approved": "ok", "refused": "bad"}


@blueprint.get("/sections/<code>/supplements")
@requires(*KEEPERS)
def supplements(code: str) -> str:
    """Everything that was asked to be added to the closed file, and the form to ask."""
    return _page(code, [])


@blueprint.post("/sections/<code>/supplements")
@requires(Role.OFFICER)
def ask_supplement(code: str) -> Answer | tuple[str, int]:
    """Ask for files to be added."""
    try:
        files = kept_files()
        with acting() as act:
            services.ask_supplement(
                act, _held(act, code), item=request.form.get("item", ""), reason=request.form.get("reason", ""),
                files=files,
            )  # fmt: skip
    except Missing:
        raise
    except Refusal as refusal:
        return _page(code, [refusal]), 422
    return done(_("补充申请已提交，待另一人批准。"), "awards.supplements", code=code)


@blueprint.post("/sections/<code>/supplements/<int:attempt>/approve")
@requires(Role.SUPERVISOR)
def approve_supplement(code: str, attempt: int) -> Answer | tuple[str, int]:
    """Approve: the layer is written."""
    try:
        with acting() as act:
            services.approve_supplement(act, archives.supplement(act.session, _held(act, code), attempt))
    except Missing:
        raise
    except Refusal as refusal:
        return _page(code, [refusal]), 422
    return done(_("补充已批准，成为新的一层。"), "awards.supplements", code=code)


@blueprint.post("/sections/<code>/supplements/<int:attempt>/refuse")
@requires(Role.SUPERVISOR)
def refuse_supplement(code: str, attempt: int) -> Answer | tuple[str, int]:
    """Refuse, with a reason."""
    try:
        with acting() as act:
            made = archives.supplement(act.session, _held(act, code), attempt)
            services.refuse_supplement(act, made, reason=request.form.get("reason", ""))
    except Missing:
        raise
    except Refusal as refusal:
        return _page(code, [refusal]), 422
    return done(_("补充未获批准。"), "awards.supplements", code=code)


@blueprint.get("/sections/<code>/supplements/<int:attempt>.tar")
@requires(*KEEPERS)
def supplement_layer(code: str, attempt: int) -> Response:
    """An approved supplement's layer."""
    with reading() as session:
        held = archives.archive(session, bidding.section(session, code))
        made = archives.supplement(session, held, attempt) if held else None
        if made is None or made.sha256 is None:
            raise Missing("supplement.unknown", number=attempt)
        sha256, name = made.sha256, f"{code}.layer-{made.number}.tar"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(chunks_of(door().platform.store.open(sha256)), mimetype="application/x-tar", headers=headers)


@blueprint.get("/sections/<code>/renewals.json")
@requires(*KEEPERS)
def renewals(code: str) -> Response:
    """The chain of renewed timestamps, for both verifiers."""
    with reading() as session:
        held = archives.archive(session, bidding.section(session, code))
        authority = door().platform.trust.authority
        rows = archives.renewals(session, held) if held else []
        if not rows or authority is None:
            raise Missing("object.unknown")
        roots = [root.public_bytes(Encoding.PEM).decode() for root in authority.roots]
        chain = told(code, roots, [{"layers": one.layers, "token": one.token} for one in rows])
    headers = {"Content-Disposition": f'attachment; filename="{code}.renewals.json"'}
    return Response(rfc8785.dumps(chain), mimetype="application/json", headers=headers)


def _held(act: Act, code: str) -> Archive:
    held = archives.archive(act.session, bidding.section(act.session, code))
    if held is None:
        raise Missing("object.unknown")
    return held


def _page(code: str, errors: list[Refusal]) -> str:
    with reading() as session:
        section = bidding.section(session, code)
        held = archives.archive(session, section)
        if held is None:
            raise Missing("object.unknown")
        return render_template(
            "awards/supplements.html",
            **frame(section),
            held=held,
            rows=archives.supplements(session, held),
            names=names_of(session, {one.asked_by for one in archives.supplements(session, held)}),
            kinds=STATES,
            renewals=archives.renewals(session, held),
            kept_until=kept_until(held.built_at),
            items=[*Required, OTHER],
            may_ask=current_actor().has(Role.OFFICER),
            may_decide=current_actor().has(Role.SUPERVISOR),
            values=request.form,
            errors=errors,
        )
