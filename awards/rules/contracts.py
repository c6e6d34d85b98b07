"""The contract: what the sealed offer fixes, what may not differ from it, and its clocks (R-555 to R-558)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from core.calendar import Calendar, day_of, end_of_day
from core.errors import Invalid

DOMAIN = b"sunbid-contract/v1\n"
SUBSTANTIVE = ("subject", "price_fen", "duration_days", "quality", "manager")
"""What a contract may not change against documents and bid: 招标投标法 a46, 实施条例 a57, 87号令 a71."""
FREE = ("payment", "acceptance", "liability", "disputes", "other")
"""Clauses the parties write within the documents; each is shown beside the offer, none may take back what it fixes."""
EVENTS = ("change", "milestone", "payment", "filing", "note")
FAULTS = ("none", "winner", "tenderee")
"""Whose fault it is that a contract ends early: nobody's (agreed, force majeure), or a party's."""


def contract_message(sha256: str) -> bytes:
    """What either party signs: the domain and the 32 bytes of the hash of the contract's PDF."""
    return DOMAIN + bytes.fromhex(sha256)


def member_party(place: int) -> str:
    """How a member of the winning consortium is called among the parties: its place there, the lead's being 1."""
    return f"member:{place}"


def contract_due(calendar: Calendar, noticed_at: datetime, days: int) -> datetime:
    """The first instant that is too late: so many days from the award notice (R-555)."""
    return end_of_day(calendar.end_of_days(day_of(noticed_at), days).on)


def differences(offer: Mapping[str, Any], terms: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Where the terms differ from the offer in substance: [{field, offered, found}], in the order of SUBSTANTIVE."""
    return [
        {"field": name, "offered": offer[name], "found": terms[name]}
        for name in SUBSTANTIVE
        if terms[name] != offer[name]
    ]


def check_terms(offer: Mapping[str, Any], terms: Mapping[str, Any], *, bond_share: str | None) -> None:
    """Refuse a contract that differs from the offer in substance, or asks too high a performance bond.

    Invalid: contract.substantive (on the first field that differs), contract.bond (R-556: a share of the price).
    """
    found = differences(offer, terms)
    if found:
        first = found[0]
        raise Invalid("contract.substantive", field=first["field"], offered=first["offered"], found=first["found"])
    if bond_share is not None and terms["performance_bond_fen"] * 100 > int(bond_share) * terms["price_fen"]:
        raise Invalid("contract.bond", field="performance_bond_fen", most=bond_share)


def check_fault(fault: str, document: str, *, keeps: bool) -> None:
    """Refuse an end by a party's fault that nothing found, and a performance bond kept without the winner's fault.

    Invalid: contract.fault, contract.fault_document (the number of what found it), contract.kept (R-156).
    """
    if fault not in FAULTS:
        raise Invalid("contract.fault", field="fault", found=fault, options=list(FAULTS))
    if fault != "none" and len(document) < 4:
        raise Invalid("contract.fault_document", field="document")
    if keeps and fault != "winner":
        raise Invalid("contract.kept", field="refund_fen")


def check_change(price_fen: int, earlier: Sequence[int], amount_fen: int, share: str | None) -> None:
    """Refuse supplements that together exceed the law's share of the contract's price (R-558): contract.supplement."""
    added = sum(amount for amount in [*earlier, amount_fen] if amount > 0)
    if share is not None and added * 100 > int(share) * price_fen:
        raise Invalid("contract.supplement", field="amount_fen", most=share)
