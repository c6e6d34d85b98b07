"""What a bidder's program knows before it seals: the section's requirements and bill, fetched and checked by hash."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from accounts.cli import Connection, checked
from bidding.cli.telling import said
from bidding.rules.boq import Bill, BillFinding, read_bill
from bidding.rules.sentences import place_of, say
from core.errors import Invalid


def fetch_preparation(server: str, section: str) -> dict[str, Any]:
    """What the section asks of a bid (docs/spec/preparation.md)."""
    told: dict[str, Any] = checked(Connection(server).get(f"/sections/{section}/preparation.json")).json()
    return told


def fetch_tender_bill(server: str, section: str, preparation: dict[str, Any]) -> Bill:
    """The tenderee's bill, whose bytes have the hash of the notice; Invalid("client.no_boq") where there is none."""
    named = preparation.get("boq")
    if not named:
        raise Invalid("client.no_boq", section=section)
    data = checked(Connection(server).get(f"/objects/{named['sha256']}")).content
    if hashlib.sha256(data).hexdigest() != named["sha256"]:
        raise Invalid("client.template", field="template", file="boq.json", reason=named["sha256"][:16])
    return read_bill(data)


def read_preparation(path: Path) -> dict[str, Any]:
    """A saved preparation.json; Invalid("client.preparation") when it is none."""
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        told = None
    if not isinstance(told, dict) or told.get("type") != "sunbid-preparation/v1":
        raise Invalid("client.preparation", file=path.name)
    return told


def spoken_findings(findings: Iterable[BillFinding]) -> list[str]:
    """A line for every finding: grave or not, where, what, by which rule; in the terminal's language."""
    lines = []
    for finding in findings:
        facts = finding.as_json()
        language = said("zh", "en")
        mark = "✗" if finding.level == "error" else "!"
        place = place_of(facts, language)
        between = said("：", ": ") if place else ""
        rule = f" [{finding.rule}]" if finding.rule else ""
        lines.append(f"{mark} {place}{between}{say(finding.code, facts, language)}{rule}")
    return lines
