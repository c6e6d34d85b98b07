"""Text of bidding's forms to values, or Invalid with the field named."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC
from decimal import Decimal
from typing import Any

from bidding.rules.envelopes import ENVELOPES, layout
from bidding.rules.law import CATEGORIES, PROCEDURES, REGIMES
from bidding.rules.method import (
    AROUND,
    BASES,
    FORMULAS,
    GROUPS,
    LOW_PRICE,
    POLICIES,
    SECONDS,
    UNTRIMMED,
    policy_criterion,
)
from bidding.rules.procedures import INVITATIONS
from bidding.rules.slots import fit_slots
from core.forms import Fields, amount, checked, choice, day, decimal, instant, integer, text, whole
from credit.rules import CUTOFFS

Lists = Mapping[str, Sequence[str]]

LONG = 4000
STAR = "★"
COMPUTED = re.compile(r"(?:工期|duration)\s*(\d{1,5})\s*[-–—~～至]\s*(\d{1,5})\s*(?:日|天|days)?", re.IGNORECASE)


@whole
def read_project(fields: Fields) -> dict[str, Any]:
    """What creates a project; the tenderee's or agent's code stays text for the query to look up."""
    return {
        "name": text(fields, "name"),
        "code": text(fields, "code", most=60, required=False) or None,
        "regime": choice(fields, "regime", REGIMES),
        "category": choice(fields, "category", CATEGORIES),
        "procedure": choice(fields, "procedure", PROCEDURES) if "procedure" in fields else _usual(fields),
        "is_mandatory": checked(fields, "is_mandatory"),
        "predecessor": text(fields, "predecessor", most=60, required=False) or None,
        "region": text(fields, "region", most=12, required=False),
        "funding": text(fields, "funding", required=False),
        "description": text(fields, "description", most=LONG, required=False),
        "tenderee": text(fields, "tenderee", most=40, required=False),
        "agent": text(fields, "agent", most=40, required=False),
    }


def _usual(fields: Fields) -> str:
    """The procedure a project begins with, until its own step: a public tender, or what procured works may use."""
    return "consultation" if (fields.get("regime"), fields.get("category")) == ("G", "works") else "open"


@whole
def read_update(fields: Fields) -> dict[str, Any]:
    """What changes a project before its first publication."""
    return {
        "name": text(fields, "project_name"),
        "regime": choice(fields, "regime", REGIMES),
        "category": choice(fields, "category", CATEGORIES),
        "is_mandatory": checked(fields, "is_mandatory"),
        "region": text(fields, "region", most=12, required=False),
        "funding": text(fields, "funding", required=False),
        "description": text(fields, "description", most=LONG, required=False),
    }


@whole
def read_section(fields: Fields, lists: Lists) -> dict[str, Any]:
    """Everything a draft holds, from one form; an empty text stays empty and a check will say so.

    A box that is not ticked states that no consortium is accepted (R-112).
    """
    values: dict[str, Any] = {"particulars": {}, "is_consortium_stated": True}
    for step in ("section", "procedure", "qualification", "method", "bond"):
        found, _ = read_step(step, fields, lists)
        values["particulars"] |= found.pop("particulars", {})
        values |= found
    values["slots"] = read_slots(lists)
    if "consortium" not in fields:
        values |= {"accepts_consortium": checked(fields, "accepts_consortium"), "is_consortium_stated": True}
    return values


@whole
def read_step(step: str, fields: Fields, lists: Lists) -> tuple[dict[str, Any], dict[str, Any]]:
    """What one step of the wizard changes: in the section, and in its project; `particulars` holds only the step's."""
    values: dict[str, Any] = {}
    project: dict[str, Any] = {}
    numbers: tuple[tuple[str, int], ...] = ()
    amounts: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    instants: tuple[str, ...] = ()
    match step:
        case "section":
            values["name"] = text(fields, "name")
            amounts, numbers = ("estimate_fen", "control_price_fen"), (("duration_days", 36_500),)
            texts = ("scope", "scale", "address", "contact", "objection_contact")
        case "procedure":
            instants = ("documents_until_at", "deadline_at")
            if "second_opening_at" in fields:
                instants += ("second_opening_at",)
            numbers = (("validity_days", 3650), ("decrypt_minutes", 10_080))
            texts = ("obtaining", "submission", "media")
            if "procedure" in fields:
                project["procedure"] = choice(fields, "procedure", PROCEDURES)
                project["ground"] = text(fields, "ground", most=40, required=False)
                project["invitation"] = choice(fields, "invitation", INVITATIONS) if "invitation" in fields else ""
        case "qualification":
            values["qualification"] = text(fields, "qualification", most=LONG, required=False)
            values["credit_rule"] = text(fields, "credit_rule", most=LONG, required=False)
            if "credit_cutoff" in fields:
                values["particulars"] = {"credit_cutoff": choice(fields, "credit_cutoff", CUTOFFS)}
            stated = fields.get("consortium", "")
            values["is_consortium_stated"] = stated in ("yes", "no")
            values["accepts_consortium"] = stated == "yes"
        case "envelopes":
            values["envelopes"] = layout(
                is_double=choice(fields, "layout", ("single", "double")) == "double",
                is_anonymous=checked(fields, "is_anonymous"),
                with_technical=checked(fields, "with_technical"),
                with_price=checked(fields, "with_price"),
            )
            values["slots"] = fit_slots(read_slots(lists), values["envelopes"])
        case "method":
            values["method"] = read_method(fields, lists)
        case "bond":
            amounts = ("bond_fen",)
            if "bond_refusal_days" in fields:
                named = fields["bond_refusal_days"].strip()
                days = str(integer(fields, "bond_refusal_days", least=1, most=30)) if named else ""
                values["particulars"] = {"bond_refusal_days": days}
    for name in amounts:
        values[name] = amount(fields, name)
    for name, most in numbers:
        values[name] = integer(fields, name, least=0, most=most)
    for name in instants:
        values[name] = instant(fields, name).astimezone(UTC) if fields.get(name, "").strip() else None
    if texts:
        values["particulars"] = {name: text(fields, name, most=1000, required=False) for name in texts}
    return values, {name: value for name, value in project.items() if value or name == "ground"}


def read_method(fields: Fields, lists: Lists) -> dict[str, Any]:
    """The evaluation method from its rows; whether it is complete and sums to 100 the notice check says."""
    more: dict[str, Any] = {"reference_opinions": True} if fields.get("reference_opinions") == "yes" else {}
    low = {
        which: str(decimal(fields, f"low_{which}", least=Decimal(1), most=Decimal(100)))
        for which in LOW_PRICE
        if (fields.get(f"low_{which}") or "").strip()
    }
    if low:
        more["low_price"] = low
    kind = "add" if fields.get("evaluation") != "lowest" and fields.get("formula") in AROUND else "deduct"
    policies = [
        policy_criterion(which, _plain(decimal(fields, f"deduct_{which}", least=Decimal(1), most=Decimal(100))), kind)
        for which in POLICIES
        if (fields.get(f"deduct_{which}") or "").strip()
    ]
    review = [_clause(number, line.strip()) for number, line in enumerate(_lines(fields, "review"), 1)]
    if fields.get("evaluation") == "lowest":
        alone = {"formula": "lowest-first/v1", "points": "100"}
        return {"type": "comprehensive/v1", "criteria": policies, "price": alone, "review": review} | more
    formula = choice(fields, "formula", FORMULAS)
    price: dict[str, Any] = {"formula": formula, "points": text(fields, "price_points", most=10, required=False)}
    price |= _parameters(fields, formula)
    if formula in AROUND:
        price |= {
            "k_range": [text(fields, name, most=10, required=False) for name in ("k_low", "k_high")],
            "step": text(fields, "k_step", most=10, required=False),
            "above": text(fields, "above", most=10, required=False),
            "below": text(fields, "below", most=10, required=False),
        }
        if formula not in UNTRIMMED:
            price["trim_from"] = integer(fields, "trim_from", least=0, most=99)
    criteria: list[dict[str, Any]] = []
    for number, row in rows(lists, ("criterion_name", "criterion_group", "criterion_points")):
        name, group, points = row
        one = {"name": name, "group": group, "points": points}
        explained = item(lists, "criterion_text", number)
        levels = item(lists, "criterion_levels", number).replace("／", "/").replace("、", "/").strip()
        criteria.append(
            {
                "code": f"{group[:1].upper()}{len(criteria) + 1}",
                "name": text(one, "name", most=80),
                "group": choice(one, "group", GROUPS),
                "points": text(one, "points", most=10),
                "objective": str(number) in lists.get("criterion_objective", ()),
                "text": text({"text": explained}, "text", most=LONG, required=False),
            }
            | _mode(levels)
        )
    held = [*criteria, *policies]
    return {"type": "comprehensive/v1", "criteria": held, "price": price, "review": review} | more


def _parameters(fields: Fields, formula: str) -> dict[str, Any]:
    """What a formula of its own asks for; values of which one is drawn are parted by `/`."""
    basis = choice(fields, "basis", BASES) if formula == "reasonable-low/v1" else ""
    told: dict[str, Any] = {"basis": basis} if basis else {}
    if formula == "ceiling-mean/v1" or basis == "ceiling":
        weights = _parted(fields, "weight")
        told |= {"weights": weights} if basis or len(weights) > 1 else {"weight": "".join(weights)}
    if formula == "second-mean/v1":
        told["second"] = choice(fields, "second", SECONDS)
    if formula == "interval-mean/v1":
        told["interval"] = [text(fields, name, most=10, required=False) for name in ("interval", "interval_high")]
    if formula == "banded-mean/v1":
        told["band_from"] = integer(fields, "band_from", least=1, most=99)
        told["downs"] = [_parted(fields, name) for name in ("downs", "downs_2", "downs_3")]
    return told


def _parted(fields: Fields, name: str) -> list[str]:
    """Values written as `2/3/4`."""
    held = text(fields, name, most=200, required=False).replace("／", "/").replace("、", "/")
    return [one.strip() for one in held.split("/") if one.strip()]


def _plain(value: Decimal) -> str:
    """A per cent as it is written: `10`, `12.5`."""
    return f"{value.normalize():f}"


def _mode(told: str) -> dict[str, Any]:
    """How a criterion is scored: `工期 90-120` from the days offered, `10/6/0` by levels, nothing: freely."""
    computed = COMPUTED.fullmatch(told)
    if computed:
        return {"computed": {"of": "duration_days", "full": int(computed[1]), "none": int(computed[2])}}
    return {"levels": [one.strip() for one in told.split("/")]} if told else {}


def _lines(fields: Fields, name: str) -> list[str]:
    return [line for line in (fields.get(name) or "").splitlines() if line.strip()]


def _clause(number: int, line: str) -> dict[str, Any]:
    """A review clause from its line; one that begins with ★ is substantive: no deviation is allowed (R-125)."""
    clause: dict[str, Any] = {"code": f"R{number}", "text": line[:300], "source": "招标文件"}
    return clause | {"substantive": True} if line.startswith(STAR) else clause


def read_slots(lists: Lists) -> list[dict[str, Any]]:
    """The named files of a bid from their rows."""
    found = []
    for number, row in rows(lists, ("slot_name", "slot_code", "slot_envelope")):
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


@whole
def read_clarification(fields: Fields) -> dict[str, Any]:
    """What publishes a clarification."""
    chosen = fields.get("deadline_at", "").strip()
    return {
        "text": text(fields, "text", most=LONG),
        "affects_preparation": choice(fields, "affects", ("yes", "no")) == "yes",
        "reason": text(fields, "reason", most=1000, required=False),
        "deadline_at": instant(fields, "deadline_at").astimezone(UTC) if chosen else None,
    }


@whole
def read_refund(fields: Fields) -> dict[str, Any]:
    """What prepares a refund: the account as typed from the bank's slip, the day of payment, a note."""
    return {
        "typed_account": text(fields, "typed_account", most=60),
        "pay_on": day(fields, "pay_on"),
        "note": text(fields, "note", required=False),
    }


@whole
def read_payment(fields: Fields) -> dict[str, Any]:
    """What a bank's slip says of a payment: its reference, when it was made."""
    return {"reference": text(fields, "reference", most=120), "paid_at": instant(fields, "paid_at")}


@whole
def read_forfeit(fields: Fields) -> dict[str, Any]:
    """Why a bond is kept: the cause in law, the reason, the tenderee's written decision."""
    return {
        "cause": text(fields, "cause", most=40),
        "reason": text(fields, "reason", most=500),
        "document": text(fields, "document", most=120),
    }


@whole
def read_restoring(fields: Fields) -> dict[str, Any]:
    """What reversed the decision that kept a bond: its number, and why."""
    return {
        "reason": text(fields, "restoring", most=500),
        "document": text(fields, "reversal", most=120),
    }


@whole
def read_institution(fields: Fields, kinds: Sequence[str]) -> dict[str, Any]:
    """What registers an institution: name, kind, certificate, where it takes orders."""
    return {
        "name": text(fields, "name", most=120),
        "kind": choice(fields, "kind", kinds),
        "certificate": text(fields, "certificate", most=20_000),
        "address": text(fields, "address", required=False),
    }


def rows(lists: Lists, names: Sequence[str]) -> list[tuple[int, tuple[str, ...]]]:
    """Rows of a repeated group of fields with their places (from 1); rows whose first field is empty are left out."""
    columns = [lists.get(name, ()) for name in names]
    found = enumerate(zip(*columns, strict=False), 1)
    return [(place, row) for place, row in found if row[0].strip()]


def item(lists: Lists, name: str, number: int) -> str:
    """The `number`-th value (from 1) of a repeated field, or an empty text."""
    values = lists.get(name, ())
    return values[number - 1] if number <= len(values) else ""
