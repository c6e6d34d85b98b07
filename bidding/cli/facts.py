"""Who bids, and on which machine: the facts that are sealed for the trustees."""

from __future__ import annotations

import hashlib
import os
import platform
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from accounts.cli import Identity
from accounts.cli.locks import MOST_LOCKS, first_of, locks
from accounts.rules.certificates import facts_of
from bidding.rules.consortia import sealed_consortium
from core import money

DEVICE = "SUNBID_TEST_DEVICE"
"""Names the machine in demonstrations and tests; a server that sees it refuses to start in production."""


def bidder_facts(keys: Identity, given: dict[str, Any], consortium: Any = None) -> dict[str, Any]:
    """Who bids, from the certificate; the machine's facts for the collusion indicators, sealed for the trustees.

    `consortium`: what a draft says of it; the bidder leads.
    """
    certificate = facts_of(keys.certificate)
    bond = None
    if given.get("bond_form"):
        bond = {
            "form": given["bond_form"],
            "account": given["bond_account"],
            "payer": given["bond_payer"] or certificate.subject_name,
            "amount_fen": money.parse(given["bond_amount"], field="bond-amount"),
        }
    return {
        "bidder": {
            "name": certificate.subject_name,
            "uscc": certificate.identifier,
            "contact": given.get("contact") or "",
            "phone": given.get("phone") or "",
        },
        "operator": given.get("operator") or certificate.person,
        "device": device(given.get("locks") or ()),
        "bond": bond,
        "prepared_at": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "consortium": sealed_consortium(consortium, name=certificate.subject_name, uscc=certificate.identifier),
    }


def device(typed: Sequence[str] = ()) -> dict[str, Any]:
    """What the machine says about itself (R-209): network address, disk serial, processor, name, this tool.

    `locks` is there where locks are: those in its USB sockets, and `typed` ones it does not tell of.
    In demonstrations and tests several bidders sit at one machine; DEVICE then names the one each would have.
    """
    named = os.environ.get(DEVICE, "")
    if named:
        digits = hashlib.sha256(named.encode()).hexdigest()
        mac = ":".join(["02", *(digits[n : n + 2] for n in range(0, 10, 2))])
        shown = {"mac": mac, "disk": f"T-{digits[10:22]}", "cpu": "", "host": named, "tool": _tool()}
        return shown | ({"locks": list(typed)} if typed else {})
    number = uuid.getnode()
    # A number with the multicast bit is made up by Python because no address was found.
    mac = "" if number >> 40 & 1 else ":".join(f"{number >> shift & 0xFF:02x}" for shift in range(40, -8, -8))
    found = list(dict.fromkeys([*typed, *locks()]))[:MOST_LOCKS]
    return {
        **({"locks": found} if found else {}),
        "mac": mac,
        "disk": first_of(Path("/sys/block"), "*/device/serial") or first_of(Path("/sys/block"), "*/device/cid"),
        "cpu": _cpu(),
        "host": platform.node(),
        "tool": _tool(),
    }


def _tool() -> str:
    return f"sunbid {metadata.version('sunbid')}"


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")
