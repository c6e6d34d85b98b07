"""The receipt on paper: PDF/A-3 with the receipt inside and a QR code that leads to its check; made by anyone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any

import jinja2
import rfc8785
import segno

from bidding.rules.receipt import Verified
from core.clock import BEIJING
from core.render.papers import paper_templates
from core.render.pdf import Attachment, render_pdf

KINDS = {"submit": "递交", "replace": "替换", "withdraw": "撤回"}


def receipt_number(receipt: Mapping[str, Any]) -> str:
    """A receipt's number as people read it out: its ledger entry, and eight digits of its commitment."""
    return f"{receipt['leaf_index']}-{receipt['leaf_commitment'][:8]}"


def verify_address(origin: str, receipt: Mapping[str, Any]) -> str:
    """Where the QR code leads: the page that checks this number."""
    return f"{origin.rstrip('/')}/verify?n={receipt_number(receipt)}"


@cache
def _pages() -> jinja2.Environment:
    return paper_templates(beijing=lambda at: at.astimezone(BEIJING).strftime("%Y-%m-%d %H:%M:%S.%f"))


def render_receipt(
    receipt: Mapping[str, Any], verified: Verified, *, origin: str, at: datetime, extra: Sequence[Attachment] = ()
) -> bytes:
    """The PDF of a receipt that `verify_receipt` has found good, with `receipt.json` inside; nothing signs it.

    `origin`: the platform's address for the QR code, empty for none. `at` dates the paper, not the receipt.
    """
    address = verify_address(origin, receipt) if origin else ""
    qr = segno.make(address, error="m").svg_data_uri(scale=4, border=2) if address else ""
    html = (
        _pages()
        .get_template("bidding/receipt_print.html")
        .render(
            receipt=receipt,
            verified=verified,
            number=receipt_number(receipt),
            kind=KINDS.get(verified.kind, verified.kind),
            address=address,
            qr=qr,
            locale="zh",
        )
    )
    data = Attachment("receipt.json", rfc8785.dumps(dict(receipt)), "回执（JSON，可离线核验）", at)
    return render_pdf(html, attachments=[data, *extra])
