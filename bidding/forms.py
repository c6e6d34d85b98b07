"""Text of bidding's forms to values, or Invalid with the field named."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC
from typing import Any

from bidding.rules.envelopes import ENVELOPES
from bidding.rules.law import CATEGORIES, PROCEDURES, REGIMES
from bidding.rules.method import FORMULAS, GROUPS
from bidding.rules.notice import PARTICULARS
from core import money
from core.forms import Fields, checked, choice, instant, integer, text

Lists = Mapping[str, Sequence[str]]

LONG = 4000


def read_project(fields: Fields) -> dict[str, Any]:
    """What creates a project; the tenderee's or agent's code stays text for the query to look up."""
    return {
        "name": text(fields, "name"),
        "code": text(fields, "code", most=60, required=False) or None,
        "regime": choice(fields, "regime", REGIMES),
        "category": choice(fields, "category", CATEGORIES),
        "procedure": choice(fields, "procedure", PROCEDURES),
        "is_mandatory": checked(fields, "is_mandatory"),
        "region": text(fields, "region", most=12, required=False),
        "funding": text(fields, "funding", required=False),
        "description": text(fields, "description", most=LONG, required=False),
        "tenderee": text(fields, "tenderee", most=40, required=False),
        "agent": text(fields, "agent", most=40, required=False),
    }


def read_section(fields: Fields, lists: Lists) -> dict[str, Any]:
    """Everything a draft holds. A draft may be incomplete: an empty text stays empty and a check will say so."""
    values: dict[str, Any] = {
        "name": text(fields, "name"),
        "qualification": text(fields, "qualification", most=LONG, required=False),
        "credit_rule": text(fields, "credit_rule", most=LONG, required=False),
        "accepts_consortium": checked(fields, "accepts_consortium"),
        "particulars": {name: text(fields, name, most=1000, required=False) for name in PARTICULARS},
        "method": read_method(fields, lists),
        "slots": read_slots(lists),
    }
    for name in ("estimate_fen", "control_price_fen", "bond_fen"):
        values[name] = money.parse(fields[name], field=name) if fields.get(name, "").strip() else 0
    for name, most in (("duration_days", 36_500), ("validity_days", 3650), ("decrypt_minutes", 10_080)):
        values[name] = integer(fields, name, least=0, most=most)
    for name in ("documents_until_at", "deadline_at"):
        values[name] = instant(fields, name).astimezone(UTC) if fields.get(name, "").strip() else None
    return values


def read_method(fields: Fields, lists: Lists) -> dict[str, Any]:
    """The evaluation method from its rows; whether it is complete and sums to 100 the notice check says."""
    formula = choice(fields, "formula", FORMULAS)
    price: dict[str, Any] = {"formula": formula, "points": text(fields, "price_points", most=10, required=False)}
    if formula == "mean-deviation/v1":
        price |= {
            "k_range": [text(fields, name, most=10, required=False) for name in ("k_low", "k_high")],
            "step": text(fields, "k_step", most=10, required=False),
            "above": text(fields, "above", most=10, required=False),
            "below": text(fields, "below", most=10, required=False),
            "trim_from": integer(fields, "trim_from", least=0, most=99),
        }
    criteria = []
    for number, row in enumerate(rows(lists, ("criterion_name", "criterion_group", "criterion_points")), 1):
        name, group, points = row
        one = {"name": name, "group": group, "points": points}
        explained = item(lists, "criterion_text", number)
        criteria.append(
            {
                "code": f"{group[:1].upper()}{number}",
                "name": text(one, "name", most=80),
                "group": choice(one, "group", GROUPS),
                "points": text(one, "points", most=10),
                "objective": str(number) in lists.get("criterion_objective", ()),
                "text": text({"text": explained}, "text", most=LONG, required=False),
            }
        )
    review = [
        {"code": f"R{number}", "text": line.strip()[:300], "source": "招标文件"}
        for number, line in enumerate((fields.get("review") or "").splitlines(), 1)
        if line.strip()
    ]
    return {"type": "comprehensive/v1", "criteria": criteria, "price": price, "review": review}


def read_slots(lists: Lists) -> list[dict[str, Any]]:
    """The named files of a bid from their rows."""
    found = []
    for number, row in enumerate(rows(lists, ("slot_name", "slot_code", "slot_envelope")), 1):
        one = dict(zip(("name", "slot", "envelope"), row, strict=True))
        found.append(
            {
                "envelope": choice(one, "envelope", ENVELOPES),
                "slot": text(one, "slot", most=32),
                "name": text(one, "name", most=80),
                "required": str(number) in lists.get("slot_required", ()),
            }
        )
    return found


def read_clarification(fields: Fields) -> dict[str, Any]:
    """What publishes a clarification."""
    chosen = fields.get("deadline_at", "").strip()
    return {
        "text": text(fields, "text", most=LONG),
        "affects_preparation": choice(fields, "affects", ("yes", "no")) == "yes",
        "reason": text(fields, "reason", most=1000, required=False),
        "deadline_at": instant(fields, "deadline_at").astimezone(UTC) if chosen else None,
    }


def rows(lists: Lists, names: Sequence[str]) -> list[tuple[str, ...]]:
    """Rows of a repeated group of fields, by place; rows whose first field is empty are left out."""
    columns = [lists.get(name, ()) for name in names]
    found = zip(*columns, strict=False)
    return [row for row in found if row[0].strip()]


def item(lists: Lists, name: str, number: int) -> str:
    """The `number`-th value (from 1) of a repeated field, or an empty text."""
    values = lists.get(name, ())
    return values[number - 1] if number <= len(values) else ""
