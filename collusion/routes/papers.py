"""A lead to take away: its evidence as a signed PDF, and what its scan was made from."""

from __future__ import annotations

import rfc8785
from flask import Response

from accounts.access import acting, door, instant_now, limited, reading, requires
from accounts.rules import Role
from collusion import queries, services
from collusion.routes.frame import blueprint
from core.errors import Missing


@blueprint.get("/supervise/warnings/<code>/evidence.pdf")
@limited("10/minute")
@requires(Role.SUPERVISOR)
def evidence_paper(code: str) -> Response:
    """The evidence on paper, signed by the platform; who took it and its hash are in the ledger."""
    with reading() as session:
        found = queries.warning(session, code)
        facts = services.lead_facts(session, found)
        made = queries.scan_behind(session, found)
        if made is None:
            raise Missing("material.none")
        result = made.result
    at, seal = instant_now(), door().platform.seal
    pdf = services.render_lead(facts, result, at=at, extra=[seal.attachment(at)] if seal else [])
    if seal is not None:
        pdf = seal.sign(pdf, reason="线索证据", at=at)
    with acting() as act:
        services.note_paper(act, queries.warning(act.session, code), pdf)
    headers = {"Content-Disposition": f'attachment; filename="{code}.pdf"', "Cache-Control": "no-store"}
    return Response(pdf, content_type="application/pdf", headers=headers)


@blueprint.get("/supervise/warnings/<code>/material.tar")
@limited("10/minute")
@requires(Role.SUPERVISOR)
def scan_material(code: str) -> Response:
    """Everything the scan read, and the command that makes it again."""
    with acting() as act:
        found = queries.warning(act.session, code)
        held = services.take_material(act, found)
        made = queries.scan_behind(act.session, found)
        result = rfc8785.dumps(made.result) if made else b""
    headers = {"Content-Disposition": f'attachment; filename="{code}.material.tar"', "Cache-Control": "no-store"}
    return Response(services.packed(door().platform.store, held, result), mimetype="application/x-tar", headers=headers)
