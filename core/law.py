"""Law as data: dated, cited parameters, frozen into a project when it is first published (R-006)."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from core.errors import Missing


@dataclass(frozen=True)
class Rule:
    """One number a regulation fixes: RULES id, regime, value as text, unit, cited source, when in force."""

    id: str
    key: str
    regime: str
    value: str
    unit: str
    source: str
    trust: str
    effective_from: str
    effective_to: str | None = None

    def in_force(self, on: date) -> bool:
        """Say whether the rule is in force on the day."""
        return date.fromisoformat(self.effective_from) <= on and (
            self.effective_to is None or on <= date.fromisoformat(self.effective_to)
        )

    @property
    def number(self) -> Decimal:
        """The value as a Decimal."""
        return Decimal(self.value)


@dataclass(frozen=True)
class Snapshot:
    """The rules in force for one regime on one day; `law` column of a project holds `as_json()`."""

    regime: str
    on: str
    rules: dict[str, Rule]

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

    def cite(self, key: str) -> dict[str, str]:
        """What a decision stores: rule id, key, value, unit and source it used."""
        rule = self.rule(key)
        return {"rule": rule.id, "key": key, "value": rule.value, "unit": rule.unit, "source": rule.source}

    def as_json(self) -> dict[str, Any]:
        """The snapshot as a JSON value."""
        return {"regime": self.regime, "on": self.on, "rules": [asdict(rule) for _, rule in sorted(self.rules.items())]}

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Snapshot:
        """Read what `as_json` wrote."""
        rules = [Rule(**rule) for rule in value["rules"]]
        return cls(value["regime"], value["on"], {rule.key: rule for rule in rules})


def read_rulebook(path: Path) -> list[Rule]:
    """Read a rulebook file: a JSON list of rules."""
    return [Rule(**rule) for rule in json.loads(path.read_text(encoding="utf-8"))]


def freeze(rules: list[Rule], regime: str, on: date) -> Snapshot:
    """The rules of `regime` in force on the day; of two with one key the later one to come into force counts."""
    chosen: dict[str, Rule] = {}
    for rule in sorted(rules, key=lambda rule: rule.effective_from):
        if rule.regime in (regime, "*") and rule.in_force(on):
            chosen[rule.key] = rule
    return Snapshot(regime, on.isoformat(), chosen)
