"""Law as data: dated, cited parameters, frozen into a project when it is first published (R-006)."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from core.errors import Missing

PLACE = "region"
"""The circumstance whose values are codes that contain one another: the longer one is the smaller place."""


@dataclass(frozen=True)
class Rule:
    """One value a regulation fixes: RULES id, regime, value as text, unit, cited source, how far it was verified.

    `only` narrows it: it applies where every named circumstance is one of the listed values. A rule whose unit is
    `none` says, with its source, that there is no such requirement in those circumstances.
    """

    id: str
    key: str
    regime: str
    value: str
    unit: str
    source: str
    trust: str
    effective_from: str
    effective_to: str | None = None
    only: dict[str, list[str]] = field(default_factory=dict)

    def in_force(self, on: date) -> bool:
        """Say whether the rule is in force on the day."""
        return date.fromisoformat(self.effective_from) <= on and (
            self.effective_to is None or on <= date.fromisoformat(self.effective_to)
        )

    def fits(self, given: Mapping[str, Collection[str]]) -> bool:
        """Say whether the rule applies in the circumstances; a circumstance that is not given fits no narrower rule."""
        return all(set(values).intersection(given.get(name, ())) for name, values in self.only.items())

    @property
    def number(self) -> Decimal:
        """The value as a Decimal."""
        return Decimal(self.value)


@dataclass(frozen=True)
class Snapshot:
    """The rules in force for one regime on one day; what is frozen holds `as_json()`.

    Another circumstance that was `given` when the rules were chosen is kept with them.
    """

    regime: str
    on: str
    rules: dict[str, Rule]
    given: dict[str, list[str]] = field(default_factory=dict)

    def rule(self, key: str) -> Rule:
        """The rule of that key; Missing("law.rule") when the snapshot has none."""
        try:
            return self.rules[key]
        except KeyError:
            raise Missing("law.rule", key=key, regime=self.regime, on=self.on) from None

    def number(self, key: str) -> Decimal:
        """The rule's value."""
        return self.rule(key).number

    def days(self, key: str) -> int:
        """The rule's value as whole days, hours or counts."""
        return int(self.rule(key).number)

    def text(self, key: str) -> str:
        """The rule's value as it is written."""
        return self.rule(key).value

    def words(self, key: str) -> tuple[str, ...]:
        """The rule's value as a list of words; empty when the snapshot has no such rule."""
        return tuple(self.rules[key].value.split()) if key in self.rules else ()

    def cite(self, key: str) -> dict[str, str]:
        """What a decision stores: rule id, key, value, unit and source it used."""
        rule = self.rule(key)
        return {"rule": rule.id, "key": key, "value": rule.value, "unit": rule.unit, "source": rule.source}

    def as_json(self) -> dict[str, Any]:
        """The snapshot as a JSON value."""
        rules = [asdict(rule) for _, rule in sorted(self.rules.items())]
        return {"regime": self.regime, "on": self.on, "given": self.given, "rules": rules}

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Snapshot:
        """Read what `as_json` wrote, of this version or an earlier one."""
        rules = [Rule(**rule) for rule in value["rules"]]
        return cls(value["regime"], value["on"], {rule.key: rule for rule in rules}, value.get("given", {}))


def read_rulebook(path: Path) -> list[Rule]:
    """Read a rulebook file: a JSON list of rules."""
    return [Rule(**rule) for rule in json.loads(path.read_text(encoding="utf-8"))]


def freeze(rules: list[Rule], regime: str, on: date, given: Mapping[str, Collection[str]] | None = None) -> Snapshot:
    """The rules of `regime` in force on the day in the circumstances `given` (name → the values that hold there).

    Of two rules with one key the narrower counts: more circumstances, then longer values (a county's code before its
    province's); of two as narrow the later to come into force. A chosen rule of unit `none` leaves its key out.
    """
    held = {name: sorted(values) for name, values in (given or {}).items()}
    chosen: dict[str, Rule] = {}
    for rule in sorted(rules, key=_narrowness):
        if rule.regime in (regime, "*") and rule.in_force(on) and rule.fits(held):
            chosen[rule.key] = rule
    kept = {key: rule for key, rule in chosen.items() if rule.unit != "none"}
    return Snapshot(regime, on.isoformat(), kept, held)


def _narrowness(rule: Rule) -> tuple[int, int, str]:
    longest = sum(max(map(len, values), default=0) for name, values in rule.only.items() if name == PLACE)
    return len(rule.only), longest, rule.effective_from
