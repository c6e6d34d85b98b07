"""The contract's pages: put up from the sealed offer, signed by every party, its events, what the public may know."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import jsonify, render_template, request, send_file
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from accounts.access import acting, current_actor, door, reading, requires
from accounts.queries import names_of
from accounts.rules import Role
from awards import forms, queries, services
from awards.models import Contract
from awards.queries import contracts as found
from awards.routes.frame import blueprint, done, frame, kept_files
from awards.rules.contracts import DOMAIN, EVENTS, FAULTS, FREE, SUBSTANTIVE, differences
from bidding import queries as bidding
from core.act import Act
from core.clock import from_iso
from core.errors import Invalid, Missing, Refusal
from core.money import plain

PARTIES = (Role.TENDEREE, Role.AGENT, Role.BIDDER, Role.SUPERVISOR)
LOOKS = {"signing": "warn", "concluded": "ok", "completed": "ok", "terminated": "bad", "void": "muted"}


@blueprint.get("/contracts/<code>")
@requires(*PARTIES)
def contract(code: str) -> str:
    """The contract for its parties and the supervisors."""
    return _page(code, [])


@blueprint.post("/contracts/<code>/propose")
@requires(Role.TENDEREE, Role.AGENT)
def propose_contract(code: str) -> Response | tuple[str, int]:
    """Put the contract up for signature."""
    try:
        terms = forms.read_terms(request.form)
        with acting() as act:
            services.propose_contract(act, queries.own_publicity(act.session, code, act.actor), terms)
    except Missing:
        raise
    except Refusal as refusal:
        return _page(code, [refusal]), 422
    return done(_("合同已生成，请各方签名。"), "awards.contract", code=code)


@blueprint.post("/contracts/<code>/sign")
@requires(Role.TENDEREE, Role.BIDDER)
def sign_contract(code: str) -> Response:
    """Sign the contract with the party's certificate."""
    values = forms.read_signature(request.get_json(silent=True))
    with acting() as act:
        held = found.own_contract(act.session, code, act.actor)
        services.sign_contract(act, held, **values)
        return jsonify(state=held.state, signatures=len(held.signatures))


@blueprint.post("/contracts/<code>/bring")
@requires(Role.TENDEREE, Role.BIDDER)
def bring_signature(code: str) -> Response | tuple[str, int]:
    """Hand in the signature of a consortium's member who has no account here."""
    try:
        values = forms.read_brought(request.form)
        with acting() as act:
            services.bring_signature(act, found.own_contract(act.session, code, act.actor), **values)
    except Missing:
        raise
    except Refusal as refusal:
        return _page(code, [refusal]), 422
    return done(_("签名已核验并登记。"), "awards.contract", code=code)


@blueprint.post("/contracts/<code>")
@requires(Role.TENDEREE, Role.BIDDER)
def handle_contract(code: str) -> Response | tuple[str, int]:
    """Record what happens under the contract, its completion or its end."""
    verb = request.form.get("verb", "")
    try:
        if verb not in VERBS:
            raise Invalid("form.choice", field="verb", found=verb, options=list(VERBS))
        handle = VERBS[verb](code)
        with acting() as act:
            handle(act, found.own_contract(act.session, code, act.actor))
    except Missing:
        raise
    except Refusal as refusal:
        return _page(code, [refusal]), 422
    return done(_("已记录。"), "awards.contract", code=code)


@blueprint.get("/contracts/<code>/contract.pdf")
@requires(*PARTIES)
def contract_document(code: str) -> Response:
    """The contract's PDF, to be saved."""
    with reading() as session:
        held = found.own_contract(session, code, current_actor())
        sha256, name = held.pdf_sha256, f"contract-{code}-{held.number}.pdf"
    answer = send_file(door().platform.store.path(sha256), mimetype="application/pdf", as_attachment=True,
                       download_name=name)  # fmt: skip
    answer.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _event(code: str) -> Callable[[Act, Contract], object]:
    values, files = forms.read_event(request.form), kept_files()
    return lambda act, held: services.record_event(act, held, files=files, **values)


def _complete(code: str) -> Callable[[Act, Contract], object]:
    words = forms.read_text(request.form, "text")
    return lambda act, held: services.complete_contract(act, held, words)


def _terminate(code: str) -> Callable[[Act, Contract], object]:
    forms.check_phrase(request.form, code)
    values = forms.read_ending(request.form)
    return lambda act, held: services.terminate_contract(act, held, **values)


VERBS: dict[str, Callable[[str], Callable[[Act, Contract], object]]] = {
    "event": _event,
    "complete": _complete,
    "terminate": _terminate,
}


def _page(code: str, errors: list[Refusal]) -> str:
    actor = current_actor()
    with reading() as session:
        section = bidding.section(session, code)
        held = found.contract(session, section)
        publicity = queries.publicity(session, section)
        party = found.party_of(session, held, actor) if held is not None else None
        if party in (None, "tenderee"):
            bidding.own_section(session, code, actor)
        offer = found.offer_of(publicity) if publicity.winner else None
        values: dict[str, Any] = dict(request.form.items())
        if "subject" not in values and offer is not None:
            terms = {**offer, **(held.terms if held is not None else {})}
            for name in ("price_fen", "performance_bond_fen"):
                terms[name] = plain(terms[name]) if terms.get(name) else ""
            values = {**terms, **values}
        law = bidding.law_of(section)
        return render_template(
            "awards/contract.html",
            **frame(section),
            held=held,
            look=LOOKS[held.state] if held else "muted",
            publicity=publicity,
            party=party,
            parties=found.parties(session, held) if held is not None else [],
            signed={one["party"]: from_iso(one["at"]) for one in held.signatures} if held is not None else {},
            proposing="subject" in request.form,
            message=DOMAIN.decode().strip(),
            offer=offer,
            changed=_changed(offer, errors),
            fields=SUBSTANTIVE,
            clauses=FREE,
            kinds=EVENTS,
            faults=FAULTS,
            events=found.events(session, held) if held else [],
            names=names_of(session, {one.by for one in found.events(session, held)} if held else ()),
            law=law,
            errors=errors,
            values=values,
        )


def _changed(offer: dict[str, Any] | None, errors: list[Refusal]) -> list[dict[str, Any]]:
    """What the typed terms change against the offer, for the page to mark."""
    if offer is None or not any(one.code == "contract.substantive" for one in errors):
        return []
    return differences(offer, forms.read_terms(request.form))
