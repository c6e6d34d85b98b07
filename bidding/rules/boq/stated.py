"""What a file says about a bill before anything is believed: lines as they stand, and what is odd about the file."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from bidding.rules.boq.spelling import cut

ERROR, WARNING = "error", "warning"


@dataclass(frozen=True, slots=True)
class BillFinding:
    """One thing found about a bill, for a person to act on: which rule, where in the file, what was meant and found.

    `code` has a sentence in sentences.json; an `error` keeps the bidder's own program from sealing, never the platform.
    """

    code: str
    level: str = ERROR
    rule: str = ""
    sheet: str = ""
    row: int | None = None
    item: str = ""
    expected: str = ""
    found: str = ""

    def as_json(self) -> dict[str, Any]:
        """The finding as it is kept, printed with --json, and shown."""
        return {
            "code": self.code,
            "level": self.level,
            "rule": self.rule,
            "sheet": self.sheet,
            "row": self.row,
            "item": self.item,
            "expected": self.expected,
            "found": self.found,
        }


@dataclass(frozen=True, slots=True)
class StatedLine:
    """One item as a file states it; None and empty texts where the file is silent. Price and amount in yuan."""

    sheet: str
    row: int | None
    code: str
    name: str
    feature: str
    unit: str
    quantity: Decimal | None
    price: Decimal | None
    amount: Decimal | None
    rate: Decimal | None = None
    part: str = ""
    chapter: str = ""
    pricing: str = ""
    base: tuple[str, ...] = ()
    is_computed: bool = False
    """Whether the amount came from a formula of the file, which a spreadsheet computes in binary fractions."""

    @property
    def title(self) -> str:
        """What a person knows the item by."""
        return f"{self.code} {self.name}".strip()


@dataclass(frozen=True)
class StatedBill:
    """A whole file: its lines in order, the total it states, what it says of itself, what is odd about it as a file."""

    lines: tuple[StatedLine, ...] = ()
    total: Decimal | None = None
    total_row: int | None = None
    sheet: str = ""
    section: str = ""
    title: str = ""
    unpriced: str = ""
    tender_sha256: str = ""
    silent: frozenset[str] = frozenset()
    """Columns the file does not have."""
    notes: tuple[BillFinding, ...] = ()
    total_is_computed: bool = False

    @property
    def is_readable(self) -> bool:
        """Whether there are lines to look at."""
        return bool(self.lines)


@dataclass
class Notes:
    """Collects findings on one file, at most `most`: a hostile file must not fill a screen or a disk."""

    sheet: str = ""
    most: int = 500
    found: list[BillFinding] = field(default_factory=list)

    def add(
        self,
        code: str,
        *,
        level: str = ERROR,
        rule: str = "",
        row: int | None = None,
        item: str = "",
        expected: object = "",
        found: object = "",
    ) -> None:
        """Note one thing; texts are cut to what a line of a report can hold."""
        if len(self.found) < self.most:
            self.found.append(BillFinding(code, level, rule, self.sheet, row, cut(item, 80), cut(expected), cut(found)))

    @property
    def are_grave(self) -> bool:
        """Whether any is an error."""
        return any(note.level == ERROR for note in self.found)


def refused(code: str, *, expected: object = "", found: object = "") -> StatedBill:
    """A file that cannot be read at all, with the reason."""
    return StatedBill(notes=(BillFinding(code, expected=cut(expected), found=cut(found)),))


def grave(findings: Iterable[BillFinding]) -> bool:
    """Whether any finding is an error."""
    return any(finding.level == ERROR for finding in findings)
