"""The heads of the log: each with what outsiders put under it, as a page and a feed; one the beginning of another."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from flask import Response, jsonify, render_template, request

from accounts.access import door, public, reading, wants_json
from core.clock import iso
from core.errors import Invalid
from core.ledger import log, merkle, vouching
from portal.routes import blueprint

SCRIPT = Path(__file__).resolve().parents[1] / "docs" / "heads_replay.py"


def _told(held: vouching.Vouched) -> dict[str, Any]:
    return {
        "size": held.head.size,
        "root": held.head.root,
        "signed_at": iso(held.head.signed_at),
        "witnesses": [{"name": row.witness, "at": iso(row.cosigned_at)} for row in held.cosignatures],
        "timestamps": [{"authority": row.authority, "at": iso(row.stamped_at)} for row in held.stamps],
    }


@blueprint.get("/ledger/heads")
@public
def ledger_heads() -> Response | str:
    """Signed heads, the largest first, with cosignatures and timestamps; as JSON where a program asks."""
    before = request.args.get("before", type=int)
    with reading() as session:
        found = vouching.heads_page(session, before=before)
        if wants_json():
            return jsonify(heads=[_told(held) for held in found])
        return render_template(
            "portal/ledger_heads.html",
            found=found,
            older=found[-1].head.size if len(found) == 50 else None,
            trust=door().platform.trust,
        )


@blueprint.get("/ledger/heads.atom")
@public
def ledger_heads_feed() -> Response:
    """The newest heads as an Atom feed: who reads it anywhere has a copy nobody can take back."""
    origin = door().origin.rstrip("/")
    with reading() as session:
        found = vouching.heads_page(session)
        name = door().platform.signer.verifier.name
        entries = "".join(
            f"<entry><id>{origin}/ledger/heads/{held.head.size}</id><title>{held.head.size} {held.head.root}</title>"
            f'<updated>{iso(held.head.signed_at)}</updated><link href="{origin}/ledger/heads/{held.head.size}"/>'
            f'<content type="text">{escape(held.note)}</content></entry>'
            for held in found
        )
        updated = iso(found[0].head.signed_at) if found else "1970-01-01T00:00:00.000000Z"
    body = (
        '<?xml version="1.0" encoding="utf-8"?><feed xmlns="http://www.w3.org/2005/Atom">'
        f"<id>{origin}/ledger/heads</id><title>{escape(name)}</title><updated>{updated}</updated>"
        f"<author><name>{escape(name)}</name></author>{entries}</feed>"
    )
    return Response(body, content_type="application/atom+xml; charset=utf-8")


@blueprint.get("/ledger/compare")
@public
def ledger_compare() -> str:
    """Whether one head's log is the beginning of another's, recomputed step by step before the reader's eyes."""
    old, new = request.args.get("old", type=int), request.args.get("new", type=int)
    with reading() as session:
        newest = log.newest_head(session)
        if old is None or new is None or newest is None:
            raise Invalid("ledger.sizes", field="old")
        steps = log.consistency(session, old, new)
        roots = log.root_at(session, old), log.root_at(session, new)
    proof = [bytes.fromhex(step) for step in steps]
    return render_template(
        "portal/ledger_compare.html",
        old=old,
        new=new,
        roots=[root.hex() for root in roots],
        steps=steps,
        lines=recomputed(old, new, roots[0], proof),
        holds=merkle.verify_consistency(old, new, roots[0], roots[1], proof),
        script=SCRIPT.read_text(encoding="utf-8"),
    )


def recomputed(old: int, new: int, old_root: bytes, proof: list[bytes]) -> list[dict[str, str]]:
    """Each step of RFC 9162 §2.1.4.2 in words: what is joined with what, for the old tree and for the new."""
    path = [old_root, *proof] if old & (old - 1) == 0 else list(proof)
    if old == new or not path:
        return []
    position, last = old - 1, new - 1
    while position & 1:
        position, last = position >> 1, last >> 1
    first = second = path[0]
    lines = [{"step": first.hex(), "old": first.hex(), "new": second.hex()}]
    for sibling in path[1:]:
        if position & 1 or position == last:
            first, second = merkle.node_hash(sibling, first), merkle.node_hash(sibling, second)
            while not position & 1 and position:
                position, last = position >> 1, last >> 1
        else:
            second = merkle.node_hash(second, sibling)
        position, last = position >> 1, last >> 1
        lines.append({"step": sibling.hex(), "old": first.hex(), "new": second.hex()})
    return lines
