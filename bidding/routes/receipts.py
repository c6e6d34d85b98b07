"""Checking a receipt: from its own bytes, and against the ledger as it stands."""

from __future__ import annotations

import json
from typing import Any

from flask import Response, render_template, request

from accounts.access import cookieless, door, instant_now, limited, public, reading, unlinked
from bidding import queries, rules
from bidding.routes.blueprint import blueprint
from core.errors import Invalid, Refusal

MOST = 1 << 20


@blueprint.route("/receipts/check", methods=["GET", "POST"])
@public
@cookieless
@unlinked
def check_receipt() -> tuple[str, int]:
    """Paste or upload a receipt: every step of the check with its result, and how to do it without this server."""
    if request.method == "GET":
        return _page(None, [], "")
    given = request.form.get("receipt", "")
    file = request.files.get("file")
    if file is not None and file.filename:
        given = file.stream.read(MOST).decode("utf-8", "replace")
    try:
        receipt = _read(given)
        trust = door().platform.trust
        verified = rules.verify_receipt(
            receipt,
            key=str(door().platform.signer.verifier),
            roots=trust.authority.roots if trust.authority else (),
            witnesses=trust.known,
        )
        with reading() as session:
            queries.check_logged(session, receipt, verified)
    except Refusal as refusal:
        return _page(None, [refusal], given, 422)
    return _page(verified, [], given)


@blueprint.post("/receipts/pdf")
@public
@cookieless
@unlinked
@limited("30/minute")
def receipt_pdf() -> Response:
    """A receipt as a signed PDF/A-3 with the receipt inside; whoever has the receipt may have its paper."""
    receipt = _read(request.form.get("receipt", ""))
    platform = door().platform
    verified = rules.verify_receipt(
        receipt,
        key=str(platform.signer.verifier),
        roots=platform.trust.authority.roots if platform.trust.authority else (),
        witnesses=platform.trust.known,
    )
    # Dated by the receipt, not by who fetches it when: the paper of a receipt is the same for everybody.
    at, seal = verified.received_at, platform.seal
    extra = [seal.attachment(at)] if seal else []
    pdf = rules.render_receipt(receipt, verified, origin=door().origin, at=at, extra=extra)
    if seal is not None:
        pdf = seal.sign(pdf, reason="递交回执", at=instant_now())
    name = f"receipt-{rules.receipt_number(receipt)}.pdf"
    return Response(
        pdf, content_type="application/pdf", headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )


def _read(given: str) -> Any:
    try:
        return json.loads(given)
    except (ValueError, RecursionError):
        raise Invalid("receipt.unreadable", field="receipt") from None


def _page(verified: Any, errors: list[Refusal], given: str, status: int = 200) -> tuple[str, int]:
    page = render_template(
        "bidding/check_receipt.html",
        verified=verified,
        errors=errors,
        given=given[:20_000],
        platform_key=str(door().platform.signer.verifier),
    )
    return page, status
