"""Checks of the course: every move starts where the last one ended, deadlines move by order only, nothing is too early.

Whoever holds the ledger's key can write any history; this is what a history must keep to be the one of a lawful tender
(archive.md, course).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from datetime import datetime
from itertools import pairwise
from typing import Any

import rfc8785

from awards.lifecycle import PUBLICITY
from awards.rules.verdict.log import CALLS, LAG
from awards.rules.verdict.told import Told, need
from bidding.lifecycle import SECTION
from core.calendar import DAY, day_of
from core.clock import from_iso
from core.draw.record import LIFECYCLE as DRAW
from core.errors import Invalid
from core.machine import Lifecycle
from experts.lifecycle import COMMITTEE, SHEET
from opening.lifecycle import BID, OPENING

LIVES: Mapping[str, Lifecycle] = {
    life.name: life for life in (SECTION, OPENING, BID, COMMITTEE, SHEET, DRAW, PUBLICITY)
}
SHARED = {"refund": "refund", "document_objection": "number", "publication": "number"}
"""Things that are told on another's subject, and the fact that tells them apart."""
STATED = ("estimate_fen", "control_price_fen", "bond_fen")
HALL = ("publish_names", "open_decryption", "close_decryption", "sign_record", "hand_over")
LAW_HASHED_FROM = "2027-01-01"
"""From this day on the publication of a section must tell the hash of the law frozen for it.

Since 0.8 it does, and orders tell their own instant; what an older platform published before the day is told apart by
the hash it lacks, and the verdict says what of it cannot be checked.
"""


def check_course(told: Told) -> dict[str, Any]:
    """The section's life as a whole: its round, then evaluation, award and the sealing of the file, in turn."""
    found = check_round(told)
    code = told.project["section"]["code"]
    about, committee = f"section:{code}", f"committee:{code}"
    end = _only(told, "section.archive", about)
    last = told.ledger["entries"][-1]
    built_at, sealed_at = from_iso(told.container.json("manifest.json")["built_at"]), from_iso(end["at"])
    timely = built_at <= sealed_at <= built_at + LAG and from_iso(last["at"]) <= built_at + LAG
    need(timely, "archive.course", what="built_at", where="manifest.json")
    steps = [
        told.places("opening.hand_over", f"opening:{code}")[:1],
        *(told.places(f"committee.{verb}", committee)[-1:] for verb in ("begin_scoring", "lock", "report", "deliver")),
        told.places("section.deliver_report", about)[-1:],
        told.places("publicity.award", f"publicity:{code}")[-1:],
        [end["index"]],
    ]
    need(all(steps) and all(a < b for (a,), (b,) in pairwise(steps)), "archive.course", what="order", where=about)
    return found


def check_round(told: Told) -> dict[str, Any]:
    """One round: moves, deadlines, the closing and what was published of it."""
    moves = _check_moves(told)
    deadline, undated = _check_deadlines(told)
    _check_closing(told, deadline)
    _check_terms(told, deadline)
    is_hashed = _check_law(told)
    return {"moves": moves} if is_hashed else {"moves": moves, "how": "older", "undated": undated}


def _check_moves(told: Told) -> int:
    """Each thing's first move starts where its life does, each next one where the last left it, as its table says."""
    stands: dict[tuple[Any, ...], str] = {}
    count = 0
    for entry in told.ledger["entries"]:
        facts = entry["facts"]
        if not isinstance(facts, dict) or not {"from", "to"} <= set(facts):
            continue
        noun, _, verb = entry["kind"].partition(".")
        if noun == "warning":  # before 0.8 its `to` was who took it on
            continue
        # An opening's later sittings have subjects of their own, and are the one opening's life all the same.
        subject = ":".join(entry["subject"].split(":")[:2]) if noun == OPENING.name else entry["subject"]
        thing, life = (subject, noun, facts.get(SHARED.get(noun, ""))), LIVES.get(noun)
        lawful = facts["from"] == stands.get(thing, life.start if life else facts["from"])
        if life is not None:
            move = life.moves.get(verb)
            lawful = lawful and move is not None and facts["from"] in move.sources
            lawful = lawful and move is not None and move.target in (None, facts["to"])
        need(lawful, "archive.course", what="move", where=f"{entry['index']} {entry['kind']}")
        stands[thing] = facts["to"]
        count += 1
    return count


def _check_deadlines(told: Told) -> tuple[datetime, int]:
    """The deadline that stood in the end: moved only by orders given before it had come, each with its policy.

    And how many orders of an older platform were written after it, so that when they were given cannot be checked.
    """
    about = f"section:{told.project['section']['code']}"
    policies = {policy["version"]: from_iso(policy["content"]["deadline"]) for policy in told.policies}
    law = {rule["key"]: rule for rule in told.project["law"]["rules"]}
    deadline: datetime | None = None
    suspended = closed = is_dated = False
    undated = 0
    for entry in told.ledger["entries"]:
        if entry["subject"] != about:
            continue
        kind, facts, place = entry["kind"], entry["facts"], f"{entry['index']} {entry['kind']}"
        if kind == "section.publish":
            deadline, is_dated = from_iso(facts["deadline"]), "law_sha256" in facts
            need(policies[1] == deadline, "archive.course", what="policy", where=place)
            if "first_round" not in facts:
                _check_time_given(law, from_iso(entry["at"]) - LAG, deadline, place)
        elif kind == "policy.publish" and facts["version"] > 1:
            fits = not closed and deadline == policies.get(facts["version"])
            need(fits, "archive.course", what="policy", where=place)
        elif kind in ("clarification.publish", "extension.publish"):
            at, new = _ordered_at(entry, place, is_dated=is_dated), from_iso(facts["new_deadline_at"])
            fits = deadline == from_iso(facts["old_deadline_at"]) and new >= deadline
            need(fits, "archive.course", what="deadline", where=place)
            in_time = not closed and (suspended or (deadline is not None and at < deadline))
            need(in_time, "archive.course", what="late_order", where=place)
            undated += not suspended and _is_undated(entry, deadline)
            if facts.get("affects_preparation") and not suspended and "clarify_before_deadline" in law:
                least = day_of(at) + int(law["clarify_before_deadline"]["value"]) * DAY
                need(day_of(new) >= least, "archive.course", what="time_given", where=place)
            deadline = new
        elif kind == "section.suspend":
            at = _ordered_at(entry, place, is_dated=is_dated)
            fits = deadline == from_iso(facts["deadline"]) and at < deadline
            need(fits and not closed, "archive.course", what="late_order", where=place)
            undated += _is_undated(entry, deadline)
            suspended = True
        elif kind == "section.resume":
            fits = suspended and deadline is not None and from_iso(facts["deadline"]) >= deadline
            need(fits, "archive.course", what="deadline", where=place)
            deadline, suspended = from_iso(facts["deadline"]), False
        elif kind == "section.close":
            fits = not suspended and deadline == from_iso(facts["deadline"])
            need(fits, "archive.course", what="deadline", where=place)
            closed = True
    need(closed, "archive.course", what="close", where=about)
    if deadline is None:
        raise Invalid("archive.course", what="publish", where=about)
    need(from_iso(told.policies[-1]["content"]["deadline"]) == deadline, "archive.course", what="policy", where=about)
    return deadline, undated


def _check_time_given(law: Mapping[str, Any], at: datetime, deadline: datetime, place: str) -> None:
    """From the publication to the deadline at least the law's days; working days are never fewer than these."""
    if "issue_to_deadline_min" in law and law.get("deadline_level", {}).get("value") != "warn":
        least = day_of(at) + int(law["issue_to_deadline_min"]["value"]) * DAY
        need(day_of(deadline) >= least, "archive.course", what="time_given", where=place)


def _ordered_at(entry: Mapping[str, Any], place: str, *, is_dated: bool) -> datetime:
    """When an order was given: it may have waited a moment for its place in the log.

    Where none tells its own instant (`is_dated` is false), the earliest at which it can have been given.
    """
    written, stated = from_iso(entry["at"]), entry["facts"].get("ordered_at")
    need(stated is not None or not is_dated, "archive.course", what="late_order", where=place)
    at = written - LAG if stated is None else from_iso(stated)
    need(at <= written <= at + LAG, "archive.course", what="late_order", where=place)
    return at


def _is_undated(entry: Mapping[str, Any], deadline: datetime | None) -> bool:
    """Whether nothing tells that the order was given before the deadline it met."""
    return "ordered_at" not in entry["facts"] and deadline is not None and from_iso(entry["at"]) >= deadline


def _check_closing(told: Told, deadline: datetime) -> None:
    """Closed and convened after the deadline, the closing head signed with the convening, before anything was covered.

    Every commitment told is of a submission and stands before the closing.
    """
    code = told.project["section"]["code"]
    close = _only(told, "section.close", f"section:{code}")
    convene = _only(told, "opening.convene", f"opening:{code}")
    cover = _only(told, "opening.cover", f"opening:{code}")
    need(from_iso(close["at"]) >= deadline, "archive.course", what="early", where="section.close")
    facts = convene["facts"]
    same = facts["policy_digest"] == told.policies[-1]["digest"] and from_iso(facts["deadline"]) == deadline
    need(same, "archive.course", what="policy", where="opening.convene")
    in_turn = close["index"] < convene["index"] < told.closing.size <= cover["index"]
    size = told.closing.size
    in_turn = in_turn and size == convene["index"] + 1 == told.opening["closing_size"]
    need(in_turn, "archive.course", what="closing_head", where=code)
    commitments = [entry["index"] for entry in told.ledger["entries"] if entry["kind"] == "commitment"]
    received = sorted(row["leaf_index"] for row in told.submissions)
    need(commitments == received, "archive.course", what="commitments", where="submissions.json")
    need(not received or received[-1] < close["index"], "archive.course", what="late", where="submissions.json")
    places = [told.places(f"opening.{verb}", f"opening:{code}")[:1] for verb in HALL]
    in_turn = all(places) and all(a < b for (a,), (b,) in pairwise([[cover["index"]], *places]))
    need(in_turn, "archive.course", what="order", where=f"opening:{code}")


def _check_terms(told: Told, deadline: datetime) -> None:
    """What the newest notice of the call says of section, law's regime, money, method and policy is what is filed."""
    project = told.project
    about = f"section:{project['section']['code']}"
    call = [e for e in told.ledger["entries"] if e["subject"] == about and e["kind"] in CALLS]
    need(bool(call), "archive.course", what="terms", where=about)
    kind, content = call[-1]["kind"].removeprefix("notice."), call[-1]["facts"]["content"]
    method = hashlib.sha256(rfc8785.dumps(project["section"]["method"])).hexdigest()
    meant = {
        "project_code": project["code"], "section_code": project["section"]["code"],
        "section_name": project["section"]["name"],
        "policy_sha256": told.policies[-1]["digest"], "policy_version": told.policies[-1]["version"],
    }  # fmt: skip
    if kind != "final_offers":
        meant |= {
            "project_name": project["name"], "regime": project["regime"], "procedure": project["procedure"],
            "tenderee": project["tenderee"]["name"], "tenderee_identifier": project["tenderee"]["identifier"],
            "agent_identifier": project["agent"]["identifier"] if project["agent"] else None,
            "method_sha256": method, **{name: project["section"][name] for name in STATED},
        }  # fmt: skip
    for name, value in meant.items():
        need(content[name] == value, "archive.course", what="terms", where=name)
    for said in (content["deadline_at"], project["section"]["deadline_at"]):
        need(from_iso(said) == deadline, "archive.course", what="terms", where="deadline_at")


def _check_law(told: Told) -> bool:
    """The law filed is the law frozen: as its publication hashed it, and as every decision since has cited it.

    Whether it was hashed.
    """
    about, law = f"section:{told.project['section']['code']}", told.project["law"]
    published = _only(told, "section.publish", about)
    facts = published["facts"]
    need(facts.get("law", law["on"]) == law["on"], "archive.course", what="law", where="on")
    stated, meant = facts.get("law_sha256"), hashlib.sha256(rfc8785.dumps(law)).hexdigest()
    due = published["at"] >= LAW_HASHED_FROM
    need(stated == meant or (stated is None and not due), "archive.course", what="law", where="law_sha256")
    rules = {rule["key"]: rule for rule in law["rules"]}
    for entry in told.ledger["entries"]:
        if entry["index"] < published["index"] or entry["subject"] is None:
            continue
        for cited in _citations(entry["facts"]):
            rule = rules.get(str(cited["key"]))
            same = rule is None or (cited["value"], cited["rule"]) == (rule["value"], rule["id"])
            need(same, "archive.course", what="law", where=f"{entry['index']} {cited['key']}")
    return stated is not None


def _citations(value: Any) -> Iterator[Mapping[str, Any]]:
    """Every rule cited somewhere in a value."""
    if isinstance(value, dict):
        if {"rule", "key", "value", "source"} <= set(value):
            yield value
        for held in value.values():
            yield from _citations(held)
    elif isinstance(value, list):
        for held in value:
            yield from _citations(held)


def _only(told: Told, kind: str, subject: str) -> dict[str, Any]:
    """The one told entry of a kind on a subject."""
    found: list[dict[str, Any]] = [e for e in told.ledger["entries"] if e["kind"] == kind and e["subject"] == subject]
    need(len(found) == 1, "archive.entry_missing", kind=kind, found=len(found))
    return found[0]
