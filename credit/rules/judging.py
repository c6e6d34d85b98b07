"""What a record on a list means for a party: the matrix of R-700 as dated law, ban periods, fines, names, consortia."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from core.law import Rule, Snapshot, freeze, read_rulebook
from credit.rules.incentives import check_neutral
from credit.rules.lists import SOURCES, normal_name

SCOPES = {"T": ("招标投标", "投标", "招投标"), "G": ("政府采购",)}
"""The words by which a decision's own measures reach a regime (R-700, "per decision")."""

CUTOFFS = ("deadline", "notice", "query")
"""The days at which a document may measure bans: the deadline for bids, the notice, the query (R-703, R-705)."""
GENERAL_BAR = "不适用行业罚款标准"
"""What a document writes where the general bar for major fines is to hold in every sector (R-705)."""
ABOVE = "yuan above"
"""The unit of a bar that must be exceeded (不含本数); one in `yuan` is reached."""

EACH = "each"
"""Of a consortium each member is named by a fact (连带责任); otherwise its lead alone, in whose name was bid."""

WORST = ("clear", "informed", "pending", "restricted")
"""Decisions, mildest first."""


@cache
def rulebook() -> list[Rule]:
    """The matrix and the incentives as shipped; an incentive that favours a region or an owner is not accepted."""
    rules = read_rulebook(Path(__file__).parents[1] / "law.json")
    check_neutral(rules)
    return rules


def matrix(law: Snapshot, sector: str = "") -> Snapshot:
    """The credit rules that bind a project: those frozen with it, else the book as of the day its law was frozen.

    `sector`: where a sector's own rule sets a higher bar, for example for large fines (R-705).
    """
    given = {**law.given, **({"sector": [sector.strip()]} if sector.strip() else {})}
    own = freeze(rulebook(), law.regime, date.fromisoformat(law.on), given)
    narrow = {key for key, rule in own.rules.items() if "sector" in rule.only}
    frozen = {
        key: rule for key, rule in law.rules.items() if key.startswith(("credit.", "incentive.")) and key not in narrow
    }
    return Snapshot(law.regime, law.on, {**own.rules, **frozen}, law.given)


@dataclass(frozen=True)
class Verdict:
    """What one list means for one party: outcome of the query, decision, and the rule it rests on."""

    outcome: str
    decision: str
    rule: dict[str, str]


def judge(
    source: str,
    *,
    by_code: Collection[Mapping[str, Any]],
    by_name: Collection[Mapping[str, Any]],
    on: date,
    as_of: date | None,
    law: Snapshot,
    document: str,
    unread: bool = False,
    cutoff: date | None = None,
    identifier: str = "",
) -> Verdict:
    """Judge one list for one party as asked on the day `on`; bans are measured at the document's `cutoff` (R-705).

    `by_code`, `by_name`: records on the list now that carry the party's code, or its name under another or no code.
    Never silently clean: no list, one older than credit.most_days, or one with an unreadable row that may mean the
    party (`unread`), gives "pending". A ban that has run out does not count, nor a penalty that is no major one
    (R-705). A record restricts where the regime's rule says so, where the decision's own measures name the regime, or
    where `document` names the list; otherwise the party is "informed" on. A name alone is "pending" (R-709). Where the
    document says so (`GENERAL_BAR`) no sector's own bar for fines counts.
    """
    if GENERAL_BAR in document:
        by_code, by_name = ([{**one, "sector": ""} for one in found] for found in (by_code, by_name))
    book, day = matrix(law), cutoff or on
    standing = [_standing(source, record, day, law) for record in by_code]
    running = [record for record, stands in zip(by_code, standing, strict=True) if stands == "running"]
    if running:
        rule = book.cite(f"credit.{source}")
        named = rule["value"] in ("document", "decision") and names_list(document, source)
        ordered = rule["value"] == "decision" and any(_orders(record, law.regime) for record in running)
        restricts = rule["value"] == "restrict" or named or ordered
        return Verdict("listed", "restricted" if restricts else "informed", rule)
    if as_of is None:
        return Verdict("no_list", "pending", book.cite("credit.evidence"))
    if (on - as_of).days > book.days("credit.most_days"):
        return Verdict("stale_list", "pending", book.cite("credit.most_days"))
    if unread or "unclear" in standing:
        return Verdict("unread_row", "pending", book.cite("credit.evidence"))
    meant = [one for one in by_name if may_be(identifier, str(one.get("identifier", "")))]
    if any(_standing(source, record, day, law) in ("running", "unclear") for record in meant):
        return Verdict("name_only", "pending", book.cite("credit.name_only"))
    if "minor" in standing:
        minor = next(record for record, stands in zip(by_code, standing, strict=True) if stands == "minor")
        bar = matrix(law, str(minor.get("sector") or "")).cite("credit.major_fine")
        return Verdict("minor", "clear", bar)
    if by_code:
        return Verdict("expired", "clear", book.cite("credit.expired_ban"))
    return Verdict("not_listed", "clear", book.cite(f"credit.{source}"))


def _standing(source: str, record: Mapping[str, Any], day: date, law: Snapshot) -> str:
    """Whether a record counts on the day: running, expired, minor (no major penalty), unclear."""
    until = record.get("ban_until")
    if until is not None and date.fromisoformat(until) < day:
        return "expired"
    return "running" if source != "major_penalties" else _major(record, day, law)


def _major(record: Mapping[str, Any], day: date, law: Snapshot) -> str:
    """A major illegal record: criminal, shut down, licence revoked, or a fine from the bar on, in the last years."""
    book = matrix(law, str(record.get("sector") or ""))
    on = record.get("listed_on")
    if on is None or "credit.major_years" not in book.rules:
        return "unclear"
    if date.fromisoformat(on) < years_before(day, book.days("credit.major_years")):
        return "expired"
    measures = str(record.get("measures") or "")
    if any(kind in measures for kind in book.words("credit.major_kinds")):
        return "running"
    fine = record.get("fine_fen")
    if fine is None or "credit.major_fine" not in book.rules:
        return "unclear"
    bar = book.rule("credit.major_fine")
    reached = fine > bar.number * 100 if bar.unit == ABOVE else fine >= bar.number * 100
    return "running" if reached else "minor"


def cutoff_on(law: Snapshot, named: str, *, notice: date | None, deadline: date) -> date | None:
    """The day at which the document measures bans (R-705): `named` by it, or the law's where it names none.

    "notice" and "deadline" are those days, "query" the day of each query: None.
    """
    chosen = named if named in CUTOFFS else matrix(law).text("credit.cutoff")
    return {"notice": notice or deadline, "deadline": deadline, "query": None}[chosen]


def fact_rule(kind: str, law: Snapshot | None, on: date) -> dict[str, str]:
    """The rule a fact of this kind rests on, cited; its value says whom it names of a consortium: "each" or "lead".

    `law`: the project's; without one the book's of the day. A kind without a rule of its own falls under R-901.
    """
    book = matrix(law) if law is not None else freeze(rulebook(), "*", on)
    key = f"credit.fact.{kind}"
    return book.cite(key if key in book.rules else "credit.fact.other")


def years_before(day: date, years: int) -> date:
    """The same day some years earlier; 29 February becomes the 28th."""
    try:
        return day.replace(year=day.year - years)
    except ValueError:
        return day.replace(year=day.year - years, day=28)


def _orders(record: Mapping[str, Any], regime: str) -> bool:
    measures = normal_name(str(record.get("measures") or ""))
    return any(word in measures for word in SCOPES.get(regime, ()))


def may_be(identifier: str, held: str) -> bool:
    """Whether a code as a list shows it, perhaps with stars, can be this one; an empty one can be anybody's."""
    if "*" not in held or not identifier:
        return True
    return len(held) == len(identifier) and all(
        shown in ("*", own) for shown, own in zip(held.upper(), identifier.upper(), strict=True)
    )


def masked(identifier: str) -> str:
    """A citizen's number with its middle hidden, as pages and exports show it (R-854); other codes as they are."""
    citizen = len(identifier) == 18 and identifier[:17].isdigit() and identifier[6:8] in ("19", "20")
    return f"{identifier[:6]}********{identifier[14:]}" if citizen else identifier


def names_list(document: str, source: str) -> bool:
    """Whether the tender document's credit rule names the list by its title (R-700, "per document")."""
    return normal_name(SOURCES[source]) in normal_name(document)


def whole(decisions: Iterable[str]) -> str:
    """What the members' decisions make of their consortium: any member listed is the whole one listed (R-704)."""
    return max(decisions, key=WORST.index, default="pending")


def blocks(law: Snapshot, stage: str, decision: str) -> dict[str, str] | None:
    """The rule by which a decision stops the stage; None where it may go on.

    A restriction stops an award; whether an unanswered query does, the regime says (`credit.pending.<stage>`).
    """
    book = matrix(law)
    key = f"credit.{decision}.{stage}"
    return book.cite(key) if key in book.rules and book.text(key) == "block" else None
