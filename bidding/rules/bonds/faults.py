"""A fault of a bond: told with its rule and its facts, judged by people; nothing here rejects a bid (R-263)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Fault:
    """What is not as it must be: a stable code, the RULES id, and the facts its sentence names."""

    code: str
    rule: str
    facts: Mapping[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """The fault as data."""
        return {"code": self.code, "rule": self.rule, "facts": dict(self.facts)}


def fault(code: str, rule: str, **facts: Any) -> Fault:
    """Make a Fault."""
    return Fault(code, rule, facts)
