"""The platform's orders to institutions: release or claim a guarantee, pay a refund; signed with the ledger key."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any

from core import canonical
from core.errors import Invalid
from core.ledger.notes import Signer, Verifier

TYPE = "sunbid-bond-order/v1"
KINDS = ("release", "claim", "pay")
KEYS = frozenset({"type", "order", "kind", "section", "guarantee", "payment", "account", "amount_fen", "reason", "at"})


def sign_order(order: Mapping[str, Any], signer: Signer) -> dict[str, Any]:
    """The order with the platform's signature over all of it."""
    whole = {"type": TYPE, **order}
    return {**whole, "signature": base64.b64encode(signer.sign(_bytes(whole))).decode("ascii")}


def check_order(order: Mapping[str, Any], platform: Verifier) -> None:
    """Refuse (order.malformed, order.signature) what is no order of this platform's."""
    if set(order) != KEYS | {"signature"} or order["type"] != TYPE or order["kind"] not in KINDS:
        raise Invalid("order.malformed", field="order")
    try:
        signature = base64.b64decode(order["signature"], validate=True)
    except (TypeError, ValueError, binascii.Error):
        signature = b""
    if not platform.signed(_bytes(order), signature):
        raise Invalid("order.signature", field="signature")


def _bytes(order: Mapping[str, Any]) -> bytes:
    return TYPE.encode() + b"\n" + canonical.dumps({key: order[key] for key in sorted(KEYS)})
