"""Checks of the log: heads, told entries, policies, notices."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import rfc8785

from awards.rules.verdict.suspensions import check_objections
from awards.rules.verdict.told import Told, need, need_list, need_object
from core.clock import from_iso, iso
from core.ledger import merkle
from core.ledger.log import facts_digest
from core.seal import policy_digest, validate_policy

LAG = timedelta(minutes=1)
"""How long an act may wait for the log between its own instant and its entry's."""
INSTANTS = (
    ("questions", "question.ask", "asked_at"),
    ("clarifications", "clarification.publish", "published_at"),
    ("objections", "document_objection.raise", "raised_at"),
)
ATTACHED = ("name", "sha256", "size")
CALLS = tuple(f"notice.{kind}" for kind in ("tender", "correction", "clarification", "final_offers"))
"""Notices that say the whole call anew; the newest is what holds."""
ANSWER = ("number", "text", "old_deadline_at", "new_deadline_at")


def check_heads(told: Told) -> dict[str, Any]:
    """Both heads are signed by the platform and the log only grew between closing and archiving."""
    steps = [bytes.fromhex(step) for step in told.ledger["consistency"]]
    grew = merkle.verify_consistency(told.closing.size, told.final.size, told.closing.root, told.final.root, steps)
    need(grew, "archive.consistency", old=told.closing.size, new=told.final.size)
    return {"closing": told.closing.size, "size": told.final.size}


def check_entries(told: Told) -> dict[str, Any]:
    """Every told entry stands in the log under the final head, and its facts are those it committed to."""
    previous, at = -1, ""
    for entry in told.ledger["entries"]:
        index = entry["index"]
        need(index > previous and entry["at"] >= at, "archive.entry_order", index=index)
        previous, at = index, iso(from_iso(entry["at"]))
        need(at == entry["at"], "archive.entry_order", index=index)
        leaf = {name: entry[name] for name in ("at", "digest", "index", "kind", "subject")}
        if entry["salt"] is not None:
            digest = facts_digest(entry["salt"], entry["facts"])
            need(digest == entry["digest"], "archive.entry_facts", index=index, kind=entry["kind"])
        else:
            need(entry["kind"] == "commitment" and entry["facts"] is None, "archive.entry_facts", index=index, kind="?")
        proof = [bytes.fromhex(step) for step in entry["proof"]]
        included = merkle.verify_inclusion(
            merkle.leaf_hash(rfc8785.dumps(leaf)), index, told.final.size, proof, told.final.root
        )
        need(included, "archive.entry_inclusion", index=index, kind=entry["kind"])
    return {"entries": len(told.entries)}


def check_policies(told: Told) -> dict[str, Any]:
    """Every policy is valid, has its digest, and was published in the ledger in this order."""
    about = f"section:{told.project['section']['code']}"
    entries = [e for e in told.ledger["entries"] if e["kind"] == "policy.publish" and e["subject"] == about]
    for policy, entry in zip(told.policies, entries, strict=True):
        validate_policy(policy["content"])
        fact, published_at, at = entry["facts"], from_iso(policy["published_at"]), from_iso(entry["at"])
        need(published_at <= at <= published_at + LAG, "archive.policy", version=policy["version"])
        need(policy["content"]["section"] == about.partition(":")[2], "archive.policy", version=policy["version"])
        digest = policy_digest(policy["content"])
        same = digest == policy["digest"] == fact["digest"] and policy["version"] == fact["version"]
        need(same, "archive.policy", version=policy["version"])
    return {"policies": len(told.policies)}


def check_notices(told: Told) -> dict[str, Any]:
    """Every notice says what the ledger holds of it, and its attachments and the documents are in the archive."""
    for notice in told.notices:
        fact = told.entries[notice["leaf_index"]]
        stated = {name: notice[name] for name in ("number", "title", "content", "attachments")}
        need(
            fact["kind"] == f"notice.{notice['kind']}" and fact["facts"] == stated, "archive.notice", **_number(notice)
        )
        published_at, at = from_iso(notice["published_at"]), from_iso(fact["at"])
        need(published_at <= at <= published_at + LAG, "archive.notice", **_number(notice))
        for attachment in notice["attachments"]:
            need_object(told, attachment["sha256"])
    for part in told.questions.values():
        need_list(part, "questions.json")
    section = f"section:{told.project['section']['code']}"
    published = [e["index"] for e in told.ledger["entries"] if e["kind"].startswith("notice.")]
    listed = sorted(notice["leaf_index"] for notice in told.notices)
    need(listed == published, "archive.untold", what="notices", found=len(listed), expected=len(published))
    asked = [{name: q[name] for name in ("number", "text")} for q in told.questions["questions"]]
    need(asked == told.facts_of("question.ask", section), "archive.untold", what="questions")
    answers = told.facts_of("clarification.publish", section)
    stated_ones = [{name: c[name] for name in ANSWER} for c in told.questions["clarifications"]]
    need(stated_ones == [{name: fact[name] for name in ANSWER} for fact in answers], "archive.untold", what="answers")
    check_objections(told, section)
    _check_instants(told, section)
    _check_documents(told, section)
    return {"notices": len(told.notices), "documents": len(told.documents)}


def _check_instants(told: Told, section: str) -> None:
    """Questions, answers and objections came when the log says so."""
    for part, kind, name in INSTANTS:
        rows = told.questions.get(part, [])
        entries = [e for e in told.ledger["entries"] if e["kind"] == kind and e["subject"] == section]
        for row, entry in zip(rows, entries, strict=True):
            said, at = from_iso(row[name]), from_iso(entry["at"])
            need(said <= at <= said + LAG, "archive.untold", what=f"{part}: {row['number']}")


def _check_documents(told: Told, section: str) -> None:
    """Every version is here; the newest in each slot are those the newest call attached."""
    newest: dict[str, dict[str, Any]] = {}
    for document in told.documents:
        need_object(told, document["sha256"])
        known = newest.get(document["slot"])
        need(known is None or known["version"] < document["version"], "archive.untold", what="documents")
        newest[document["slot"]] = document
    calls = [e for e in told.ledger["entries"] if e["subject"] == section and e["kind"] in CALLS]
    attached = [[one[name] for name in ATTACHED] for one in calls[-1]["facts"]["attachments"]] if calls else []
    missing = [one["name"] for one in newest.values() if [one[name] for name in ATTACHED] not in attached]
    need(not missing, "archive.untold", what="documents")


def _number(notice: dict[str, Any]) -> dict[str, Any]:
    return {"number": notice["number"]}
