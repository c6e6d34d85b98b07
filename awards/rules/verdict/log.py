"""Checks of the log: heads, told entries, policies, notices."""

from __future__ import annotations

from typing import Any

import rfc8785

from awards.rules.verdict.suspensions import check_objections
from awards.rules.verdict.told import Told, need, need_object
from core.ledger import merkle
from core.ledger.log import facts_digest
from core.seal import policy_digest, validate_policy

ANSWER = ("number", "text", "old_deadline_at", "new_deadline_at")


def check_heads(told: Told) -> dict[str, Any]:
    """Both heads are signed by the platform and the log only grew between closing and archiving."""
    steps = [bytes.fromhex(step) for step in told.ledger["consistency"]]
    grew = merkle.verify_consistency(told.closing.size, told.final.size, told.closing.root, told.final.root, steps)
    need(grew, "archive.consistency", old=told.closing.size, new=told.final.size)
    return {"closing": told.closing.size, "size": told.final.size}


def check_entries(told: Told) -> dict[str, Any]:
    """Every told entry stands in the log under the final head, and its facts are those it committed to."""
    previous = -1
    for entry in told.ledger["entries"]:
        index = entry["index"]
        need(index > previous, "archive.entry_order", index=index)
        previous = index
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
    published_ones = told.facts_of("policy.publish")
    for policy, fact in zip(told.policies, published_ones, strict=True):
        validate_policy(policy["content"])
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
        for attachment in notice["attachments"]:
            need_object(told, attachment["sha256"])
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
    for document in told.documents:
        need_object(told, document["sha256"])
    return {"notices": len(told.notices), "documents": len(told.documents)}


def _number(notice: dict[str, Any]) -> dict[str, Any]:
    return {"number": notice["number"]}
