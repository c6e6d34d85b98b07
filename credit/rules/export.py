"""Facts found here in the credit groups of the national data set (R-901 §17): fields by their names there."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any, Protocol

from core.clock import iso
from credit.rules.judging import masked

GROUPS = {
    "violation": "违法违规信息",
    "blacklist": "黑名单信息",
    "removal": "撤销黑名单信息",
    "reward": "奖励信息",
    "performance": "履约信息",
    "expert": "专家信用信息",
}
"""The groups, as the national set titles them."""

KINDS = {
    "collusion_confirmed": "violation",
    "collusion": "violation",
    "forgery": "violation",
    "award_abandoned": "violation",
    "bond_forfeited": "violation",
    "blacklisted": "blacklist",
    "restored": "removal",
    "reward": "reward",
    "contract_broken": "performance",
    "contract_performed": "performance",
    "expert_sanction": "expert",
    "expert_restored": "expert",
    "expert_performance": "expert",
}
"""Which group a kind of fact belongs to; an unknown kind is a violation only a person may call one, so it is none."""

COLUMNS = (
    "RECORD_GROUP", "RECORD_CODE", "PLATFORM_CODE", "SUBJECT_NAME", "SUBJECT_CODE", "SUBJECT_CODE_TYPE",
    "CONSORTIUM_LEAD_CODE", "BID_SECTION_CODE", "RECORD_KIND", "RECORD_REASON", "DECISION_SOURCE", "DECISION_CODE",
    "DECISION_DATE", "RECORD_BASIS", "CONFINED_ACTION", "CONFINED_BEGIN", "CONFINED_END", "REVOCATION_STATUS",
    "REVOCATION_REASON", "REVOCATION_TIME", "RECORD_TIME", "DATA_TIMESTAMP",
)  # fmt: skip
REMOVED = {"blacklist": "removal"}
"""Groups whose withdrawal the national set wants as a record of its own."""


class Fact(Protocol):
    """A fact as it is kept."""

    id: int
    identifier: str
    name: str
    kind: str
    section: str
    source: str
    decision: str
    decided_on: str
    rule: Any
    member_of: str
    withdraws_id: int | None
    facts: dict[str, Any]
    recorded_at: datetime


def as_groups(facts: Iterable[Fact], *, platform_code: str) -> dict[str, list[dict[str, str]]]:
    """The facts by group, a citizen's number masked; kinds no group knows stand under "other", none is lost.

    A fact that another withdraws keeps its record, revoked, with the reason and since when; one taken off a black list
    has a record in the group of removals besides.
    """
    held = list(facts)
    withdrawn = {fact.withdraws_id: fact for fact in held if fact.withdraws_id is not None}
    groups: dict[str, list[dict[str, str]]] = {group: [] for group in (*GROUPS, "other")}
    for fact in held:
        if fact.withdraws_id is not None:
            continue
        group, by = KINDS.get(fact.kind, "other"), withdrawn.get(fact.id)
        groups[group].append(_record(fact, by, group, platform_code))
        if by is not None and group in REMOVED:
            groups[REMOVED[group]].append(_record(by, None, REMOVED[group], platform_code))
    return groups


def _record(fact: Fact, by: Fact | None, group: str, platform_code: str) -> dict[str, str]:
    told, code = fact.facts, masked(fact.identifier)
    return {
        "RECORD_GROUP": group,
        "RECORD_CODE": str(fact.id),
        "PLATFORM_CODE": platform_code,
        "SUBJECT_NAME": fact.name,
        "SUBJECT_CODE": code,
        "SUBJECT_CODE_TYPE": "CN-ID" if "*" in code else "CN-USCC" if len(code) == 18 else "OTHER",
        "CONSORTIUM_LEAD_CODE": fact.member_of,
        "BID_SECTION_CODE": fact.section,
        "RECORD_KIND": fact.kind,
        "RECORD_REASON": str(told.get("reason") or json.dumps(told, ensure_ascii=False, sort_keys=True)),
        "DECISION_SOURCE": fact.source,
        "DECISION_CODE": fact.decision,
        "DECISION_DATE": fact.decided_on,
        "RECORD_BASIS": f"{fact.rule['rule']} {fact.rule['source']}".strip(),
        "CONFINED_ACTION": str(told.get("measures", "")),
        "CONFINED_BEGIN": str(told.get("from", "")),
        "CONFINED_END": str(told.get("until", "")),
        "REVOCATION_STATUS": "1" if by is not None else "0",
        "REVOCATION_REASON": "" if by is None else str(by.facts["reason"]),
        "REVOCATION_TIME": "" if by is None else iso(by.recorded_at),
        "RECORD_TIME": iso(fact.recorded_at),
        "DATA_TIMESTAMP": iso((by or fact).recorded_at),
    }


def as_csv(groups: dict[str, list[dict[str, str]]]) -> str:
    """All groups in one table; a cell a spreadsheet would take for a formula is quoted."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for rows in groups.values():
        for row in rows:
            writer.writerow([plain_cell(row[name]) for name in COLUMNS])
    return out.getvalue()


def plain_cell(text: str) -> str:
    """The text so that no spreadsheet runs it."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text
