"""What everybody reads of bonds, the doors for banks' signed documents, and a bidder's own bonds."""

from __future__ import annotations

from flask import Response, jsonify, render_template, request

from accounts.access import acting, cookieless, current_actor, instant_now, limited, public, reading, requires
from accounts.rules import Role
from bidding import queries as bidding
from bidding.queries import bonds as queries
from bidding.routes.blueprint import blueprint
from bidding.routes.bonds.shown import shown_bond, shown_refund
from bidding.rules import law_on
from bidding.rules.bonds.statement import MOST_BYTES
from bidding.services import bonds as services
from core.calendar import day_of
from core.clock import iso
from core.errors import Invalid


@blueprint.get("/bonds")
@public
def bonds() -> str:
    """How bonds are given and returned: forms, punctuality, institutions; no bidder, and nothing before an opening."""
    with reading() as session:
        return render_template(
            "bidding/bonds/open.html",
            statistics=queries.public_statistics(session),
            institutions=[one for one in queries.institutions(session) if one.withdrawn_at is None],
            tendering=law_on("T", day_of(instant_now())),
            procurement=law_on("G", day_of(instant_now())),
        )


@blueprint.get("/sections/<code>/bond.json")
@public
def bond_terms(code: str) -> Response:
    """What the section asks of a bond, for a bidder to take to any bank, guarantor or insurer (R-153)."""
    with reading() as session:
        return jsonify(queries.bond_terms(session, bidding.section(session, code)))


@blueprint.get("/bonds/sections.json")
@public
def bonded_sections() -> Response:
    """Every section that asks for a bond, the same for every institution, whoever has customers there (R-154)."""
    with reading() as session:
        return jsonify(
            {
                "sections": [
                    {
                        "section": one.code,
                        "deadline": iso(one.closing_at),
                        "closed": one.closed_at is not None,
                        "failed": one.state == "failed",
                        "released": queries.is_released(session, one),
                    }
                    for one in queries.bonded_sections(session)
                ]
            }
        )


@blueprint.get("/bonds/institutions.json")
@public
def bond_institutions() -> Response:
    """The institutions whose documents the platform can check, with certificates; people look at those of others."""
    with reading() as session:
        return jsonify(
            {
                "institutions": [
                    {
                        "name": one.name,
                        "kind": one.kind,
                        "certificate": one.certificate,
                        "fingerprint": one.fingerprint,
                        "withdrawn_at": iso(one.withdrawn_at) if one.withdrawn_at else None,
                    }
                    for one in queries.institutions(session)
                ]
            }
        )


@blueprint.post("/bonds/commitments")
@public
@cookieless
@limited("600/hour")
def commit_statement() -> Response:
    """A bank's signed hash of its statement, between closing and names; again is the same answer."""
    with acting() as act:
        section = services.keep_commitment(act, _body())
        return jsonify({"section": section.code, "kept": True})


@blueprint.post("/bonds/statements")
@public
@cookieless
@limited("600/hour")
def take_statement() -> Response:
    """A bank's signed statement, once the names are public; before it is refused and nothing of it kept (R-154)."""
    with acting() as act:
        taken = services.take_signed_statement(act, _body())
        return jsonify({"sha256": taken.digest, "lines": taken.rows, "committed": taken.is_committed})


def _body() -> bytes:
    raw = request.get_data(cache=False)
    if len(raw) > MOST_BYTES:
        raise Invalid("statement.malformed", field="file", place="size")
    return raw


@blueprint.get("/bonds/mine")
@requires(Role.BIDDER)
def own_bonds() -> str:
    """One's own bonds: what was found, what is held, when it comes back and has come back."""
    with reading() as session:
        found = [
            {
                **shown_bond(session, bond),
                "refunds": [shown_refund(session, one) for one in queries.refunds(session, bond)],
            }
            for bond in queries.own_bonds(session, current_actor())
        ]
        return render_template("bidding/bonds/mine.html", found=found)
