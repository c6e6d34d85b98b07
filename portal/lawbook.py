"""The rules in the open (/rules): every dated, cited value and every principle, filtered, by anchor, as JSON."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import rfc8785
from flask import jsonify, render_template, request
from flask_babel import gettext  # type: ignore[import-untyped]
from werkzeug.wrappers import Response as Answer

from accounts.access import instant_now, public, reading
from bidding import queries as bidding
from bidding.models import Section
from bidding.rules import rulebook as tendering
from collusion.rules.law import rulebook as desk
from core.calendar import day_of
from core.errors import Missing
from core.law import Rule, Snapshot
from credit.rules import rulebook as credit
from experts.rules.grounds import grounds_for
from portal.routes import blueprint
from portal.words import state_word
from portal.words.citing import in_english
from window.rules.catalogue import rulebook as catalogue
from window.rules.law import rulebook as promises

REGIMES = ("T", "G", "X", "*")
STAGES = (
    "general", "accounts", "scope", "notice", "bonds", "bids", "opening", "committee", "evaluation", "award",
    "disputes", "collusion", "credit", "service", "catalogue",
)  # fmt: skip
RANGES = (
    (1, "general"), (10, "accounts"), (50, "scope"), (100, "notice"), (150, "bonds"), (200, "bids"), (250, "opening"),
    (300, "committee"), (400, "evaluation"), (500, "award"), (550, "disputes"), (555, "award"), (560, "disputes"),
    (600, "scope"), (650, "collusion"), (700, "credit"), (800, "scope"), (850, "service"),
)  # fmt: skip
"""From which number of a rule on its stage begins (the sections of the specification of rules)."""
CODED = {
    "grounds": "ground",
    "invitation": "invitation",
    "bond_forms": "bond_form",
    "perf_bond_forms": "bond_form",
    "bond_basic_account": "bond_form",
    "bond_forfeit_causes": "forfeit",
    "too_few_then": "too_few",
    "prices_read": "prices_read",
    "evaluation_methods": "evaluation",
    "allowed": "allowed",
    "selection_separate": "selection_method",
    "grounds_t": "outside_ground",
    "grounds_g": "outside_ground",
}
"""Keys whose values are codes, with the prefix of their words."""


@dataclass(frozen=True)
class Group:
    """One rule by its id: what it says where it sets no value, and every value it sets."""

    id: str
    stage: str
    says: str
    source: str
    trust: str
    rules: tuple[Rule, ...]


def books() -> dict[str, Iterable[Rule]]:
    """Every book of dated rules this platform works by."""
    return {
        "tendering": tendering(),
        "credit": credit(),
        "desk": desk(),
        "promises": promises(),
        "catalogue": catalogue(),
    }


@cache
def principles() -> dict[str, dict[str, str]]:
    """Rules that set no value: source and trust by id; their words are `rule.<id>`."""
    held = json.loads(Path(__file__).with_name("principles.json").read_text(encoding="utf-8"))
    return {one["id"]: one for one in held}


@cache
def _by_id() -> dict[str, tuple[Rule, ...]]:
    found: dict[str, list[Rule]] = {}
    for book in books().values():
        for rule in book:
            found.setdefault(rule.id, []).append(rule)
    return {name: tuple(rules) for name, rules in found.items()}


def knows(name: str) -> bool:
    """Whether there is a rule of that id."""
    return name in _by_id() or name in principles()


def sources() -> set[str]:
    """Every source as it is written, of rules, principles and grounds of rejection."""
    found = {rule.source for book in books().values() for rule in book}
    found |= {one["source"] for one in principles().values()}
    return found | {ground.source for regime in ("T", "G") for ground in grounds_for(regime).values()}


def ids() -> list[str]:
    """Every id the lawbook knows, in the order of the law's subjects."""
    return sorted({*_by_id(), *principles()}, key=lambda name: (STAGES.index(stage_of(name)), name))


def stage_of(name: str) -> str:
    """The stage of a tender's life a rule belongs to."""
    kind, _, number = name.partition("-")
    if kind in ("SVC", "CAT"):
        return {"SVC": "service", "CAT": "catalogue"}[kind]
    if kind == "F":
        return "evaluation"
    return [stage for least, stage in RANGES if int(number) >= least][-1]


def group(name: str) -> Group:
    """The rule of that id; Missing("law.unknown") where there is none."""
    if not knows(name):
        raise Missing("law.unknown", rule=name[:20])
    held = principles().get(name, {"source": "", "trust": ""})
    says = state_word(f"rule.{name}") if name in principles() else ""
    return Group(name, stage_of(name), says, held["source"], held["trust"], _by_id().get(name, ()))


def groups(stage: str = "", regime: str = "", words: str = "") -> list[Group]:
    """The rules of a stage, a regime, or with these words in id, key, value or source, in either language."""
    found = []
    for name in ids():
        one = group(name)
        if stage and one.stage != stage:
            continue
        rules = tuple(rule for rule in one.rules if not regime or rule.regime in (regime, "*"))
        if regime and one.rules and not rules:
            continue
        if words and words.lower() not in _told(one).lower():
            continue
        found.append(Group(one.id, one.stage, one.says, one.source, one.trust, rules))
    return found


def _told(one: Group) -> str:
    parts = [one.id, one.says, one.source, in_english(one.source)]
    for rule in one.rules:
        parts += [rule.key, state_word(f"key.{rule.key}"), value_of(rule), rule.source, in_english(rule.source)]
    return " ".join(parts)


def value_of(rule: Rule) -> str:
    """A rule's value with its unit in the reader's language."""
    between = gettext("、")
    if rule.unit in ("list", "choice", "effect", "scope", "flag", "text"):
        prefix = CODED.get(rule.key, "law_value")
        parts = [rule.value] if rule.unit == "text" else rule.value.split()
        return str(between).join(_coded(prefix, part) for part in parts)
    number = f"{int(rule.value):,}" if rule.unit.startswith("yuan") and rule.value.isdigit() else rule.value
    return state_word(f"law_unit.{rule.unit}") % {"n": number}


def _coded(prefix: str, code: str) -> str:
    for name in (f"{prefix}.{code}", f"law_value.{code}"):
        said = state_word(name)
        if said != name:
            return said
    return code


def circumstances(rule: Rule) -> str:
    """Where a narrower rule applies, in words; empty for one that applies everywhere."""
    parts = []
    for name, values in rule.only.items():
        prefix = name if name in ("procedure", "category", "ground") else f"circumstance.{name}"
        parts.append(str(gettext("、")).join(state_word(f"{prefix}.{value}") for value in values))
    return str(gettext("；")).join(parts)


def as_json() -> dict[str, Any]:
    """Every rule and principle as data, with the SHA-256 of its canonical JSON."""
    content: dict[str, Any] = {
        "books": {name: [asdict(rule) for rule in book] for name, book in books().items()},
        "grounds_of_rejection": {
            regime: [asdict(ground) for ground in grounds_for(regime).values()] for regime in ("T", "G")
        },
        "principles": list(principles().values()),
    }
    return {"type": "sunbid-rules/v1", **content, "sha256": _digest(content)}


def _digest(content: Any) -> str:
    """The SHA-256 of its canonical JSON, in hex."""
    return hashlib.sha256(rfc8785.dumps(content)).hexdigest()


@blueprint.get("/rules")
@public
def rules() -> str:
    """Every rule, by stage, regime and words; the choice stands in the address."""
    stage, regime = request.args.get("stage", ""), request.args.get("regime", "")
    stage, regime = stage if stage in STAGES else "", regime if regime in REGIMES else ""
    words = request.args.get("q", "").strip()[:80]
    return render_template(
        "portal/rules.html",
        found=groups(stage, regime, words),
        stages=STAGES,
        regimes=REGIMES,
        stage=stage,
        regime=regime,
        words=words,
        grounds={regime: grounds_for(regime).values() for regime in ("T", "G")},
        **_shown(),
    )


@blueprint.get("/rules/<name>")
@public
def rule(name: str) -> str:
    """One rule by its id: what it says and every value it sets, those of other days too."""
    return render_template("portal/rule.html", one=group(name), **_shown())


@blueprint.get("/rules.json")
@public
def rules_json() -> Answer:
    """The whole lawbook as data, with its digest."""
    held = as_json()
    answer = jsonify(held)
    answer.set_etag(held["sha256"])
    return answer.make_conditional(request)


@blueprint.get("/sections/<code>/rules")
@public
def section_rules(code: str) -> str:
    """The rules a section's project froze at its first notice, and where today's law says otherwise (R-006)."""
    with reading() as session:
        section = bidding.section(session, code)
        frozen, rows = _held_against_today(section)
        return render_template(
            "portal/section_rules.html",
            section=section,
            project=section.project,
            frozen=frozen,
            rows=rows,
            digest=_digest(frozen.as_json()),
            **_shown(),
        )


@blueprint.get("/sections/<code>/rules.json")
@public
def section_rules_json(code: str) -> Answer:
    """The frozen rules as data with the SHA-256 of their canonical JSON, and the keys today's law has otherwise."""
    with reading() as session:
        frozen, rows = _held_against_today(bidding.section(session, code))
        return jsonify(
            section=code,
            law=frozen.as_json(),
            sha256=_digest(frozen.as_json()),
            changed_since=[row.key for row in rows if row.changed],
        )


@dataclass(frozen=True)
class Row:
    """A rule as the section holds it, and as today's law has it where that differs."""

    key: str
    frozen: Rule | None
    today: Rule | None

    @property
    def changed(self) -> bool:
        """Whether today's law says something else."""
        if self.frozen is None or self.today is None:
            return True
        return (self.frozen.value, self.frozen.unit) != (self.today.value, self.today.unit)


def _held_against_today(section: Section) -> tuple[Snapshot, list[Row]]:
    """The law the section's project froze, and its rules beside today's."""
    frozen = bidding.law_of(section)
    return frozen, compared(frozen, bidding.law_today(section.project, instant_now()))


def compared(frozen: Snapshot, today: Snapshot) -> list[Row]:
    """Every rule of either, what differs first, then by id."""
    held = {**today.rules, **frozen.rules}
    rows = [Row(key, frozen.rules.get(key), today.rules.get(key)) for key in held]
    return sorted(rows, key=lambda row: (not row.changed, held[row.key].id, row.key))


def _shown() -> dict[str, Any]:
    return {"value_of": value_of, "circumstances": circumstances, "today": day_of(instant_now()), "in_force": in_force}


def in_force(rule: Rule, on: date) -> str:
    """Whether the rule holds on the day: now, later, or no more."""
    if rule.in_force(on):
        return "now"
    return "later" if date.fromisoformat(rule.effective_from) > on else "over"
