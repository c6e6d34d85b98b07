"""Checks of what partner platforms brought to a draw: their own signatures, and that nothing was added or dropped."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

from awards.rules.verdict.told import Told, need
from core import canonical
from core.ledger.notes import Verifier
from core.partners import Signed
from experts.rules.federation import CANDIDATES_ANSWER, CANDIDATES_ANSWERS, GONE, by_partner, left_word


def check_partners(told: Told, draws: list[dict[str, Any]]) -> None:
    """Of each expert draw: every partner named has answered, signed, before the freeze and after the commitments.

    Its candidates and excluded stand in the frozen list as it signed them, or the officer's reason to go without stands
    in the ledger. The list has nobody else's.
    """
    code = told.project["section"]["code"]
    shape = told.one_fact("committee.request", f"committee:{code}")["shape"]
    pools = [*shape.get("partners", [])]
    for facts in told.facts_of("committee.pools", f"committee:{code}"):
        pools += [pool for pool in facts["added"] if "/" in pool]
    for draw in draws:
        label = draw["label"]
        need(sorted(draw["candidates"]) == sorted(draw["specialities"]), "archive.partner", label=label, partner="")
        lists = [f for f in told.facts_of("committee.candidates", f"committee:{code}") if f["label"] == label]
        need(len(lists) == 1, "archive.partner", label=label, partner="")
        facts = lists[0]
        held, rows = facts.get("partners", []), draw["round"].get("partners", [])
        codes = [row["code"] for row in rows]
        need(
            codes == list(by_partner(pools)) == [row["code"] for row in held],
            "archive.partner",
            label=label,
            partner="",
        )
        specialities: dict[str, list[str]] = {}
        excluded: list[dict[str, Any]] = []
        for row, said in zip(rows, held, strict=True):
            need(
                all(row[name] == said[name] for name in ("code", "key", "name")),
                "archive.partner",
                label=label,
                partner=row["code"],
            )
            if "answer" in row:
                document = _answer(told, draw, row, said)
                _check_left(told, label, row, document)
                specialities |= {f"{row['code']}/{name}": held for name, held in document["candidates"].items()}
                excluded += [
                    {"candidate": f"{row['code']}/{one['candidate']}", "reasons": one["reasons"]}
                    for one in document["excluded"]
                ]
            else:
                _forgone(told, draw, row, said)
        here = {name: held for name, held in draw["specialities"].items() if "/" in name}
        out = [one for one in facts["excluded"] if "/" in one["candidate"]]
        need(here == specialities and out == excluded, "archive.partner", label=label, partner=", ".join(codes))


def _answer(told: Told, draw: dict[str, Any], row: dict[str, Any], said: dict[str, Any]) -> dict[str, Any]:
    """The document of a partner's answer, once everything about it holds."""
    label, partner, key = draw["label"], row["code"], Verifier.parse(row["key"])
    answer, subject = row["answer"], f"consultation:{draw['label']}:{row['code']}"
    signed = Signed(answer["document"], base64.b64decode(answer["signature"], validate=True))
    document: dict[str, Any] = signed.document
    digest = hashlib.sha256(canonical.dumps(answer)).hexdigest()
    need(signed.is_by(key), "archive.partner_signature", label=label, partner=partner)
    asked = [e for kind in ("ask", "ask_again") for e in _entries(told, f"consultation.{kind}", subject)]
    kept = _entries(told, "consultation.answer", subject)
    need(bool(asked) and bool(kept), "archive.partner", label=label, partner=partner)
    question, last = max(asked, key=lambda e: int(e["index"])), kept[-1]
    holds = (
        document["type"] in CANDIDATES_ANSWERS
        and (document["label"], document["from"], document["to"]) == (label, row["key"], str(told.verifier))
        and digest == said["answer_sha256"] == last["facts"]["answer_sha256"]
        and document["request_sha256"] == question["facts"]["request_sha256"]
    )
    commits = told.places("draw.commit", f"draw:{label}")
    freeze = told.places("draw.freeze", f"draw:{label}")[0]
    in_turn = max(commits) < question["index"] < last["index"] < freeze
    need(holds and in_turn, "archive.partner", label=label, partner=partner)
    return document


def _check_left(told: Told, label: str, row: dict[str, Any], document: dict[str, Any]) -> None:
    """Of each guest that is told to have declined, the lender's own signed word says so (from its v2 on).

    Who left by the host's own act (avoidance, absence, a site cut off) stands in the ledger under that act.
    """
    if document["type"] != CANDIDATES_ANSWER:
        return
    key = Verifier.parse(row["key"])
    for entry in told.ledger["entries"]:
        if entry["kind"] != "member.invite":
            continue
        code, _, name = str(entry["facts"].get("candidate") or "").partition("/")
        if code != row["code"] or name not in document["candidates"]:
            continue
        for declined in _entries(told, "member.decline", entry["subject"]):
            word = declined["facts"].get("word") or {"document": {}, "signature": ""}
            said = word["document"]
            meant = left_word(row["key"], str(told.verifier), label, name, str(said.get("state")))
            signed = Signed(said, base64.b64decode(word["signature"], validate=True))
            holds = said == meant and said["state"] in GONE and signed.is_by(key)
            need(holds, "archive.partner", label=label, partner=row["code"])


def _forgone(told: Told, draw: dict[str, Any], row: dict[str, Any], said: dict[str, Any]) -> None:
    """The draw was held without the partner: it was asked, did not answer, and the officer's reason is told."""
    label, subject = draw["label"], f"consultation:{draw['label']}:{row['code']}"
    decided, failed = _entries(told, "consultation.forgo", subject), _entries(told, "consultation.fail", subject)
    holds = bool(decided) and bool(failed) and failed[0]["index"] < decided[-1]["index"]
    reason = decided[-1]["facts"]["reason"] if decided else None
    same = row["without"] == said["without"] == reason and bool(str(reason or "").strip())
    freeze = told.places("draw.freeze", f"draw:{label}")[0]
    need(holds and same and decided[-1]["index"] < freeze, "archive.partner", label=label, partner=row["code"])


def _entries(told: Told, kind: str, subject: str) -> list[dict[str, Any]]:
    return [e for e in told.ledger["entries"] if e["kind"] == kind and e["subject"] == subject]
