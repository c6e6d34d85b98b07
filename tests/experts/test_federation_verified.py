"""Shared pools: both verifiers hold the frozen list to what the partner signed."""

from __future__ import annotations

import copy
import json
from typing import Any

from accounts.rules import Role
from awards.rules.verdict.partners import check_partners as ours
from awards.services.archive import _draw
from awards.services.proofs import told_entries
from core import partners as wire
from core.draw import record
from core.errors import Invalid
from core.ledger.notes import Verifier
from experts.rules import federation as rules
from experts.services import lending
from opening import queries as opening
from tests.experts.neighbours import (
    Neighbours,
    drawn,
    tell,
)
from verifier.canonical import Wrong
from verifier.claims_partners import check_partners as theirs


def test_both_verifiers_hold_the_frozen_list_to_what_the_partner_signed(pair: Neighbours) -> None:
    """Every change below is found by both.

    Seen red: with the platform's check that candidates and specialities are the same people left out; in either
    verifier without the signature under a guest's declining.
    """
    drawn(pair)
    story = pair.host
    tell(pair)
    first = pair.guests()[0]
    with pair.lender.act(pair.lent_actor(first)) as act:
        lending.decline_loan(act, pair.loan_of(act.session, first), "出差")
    tell(pair)
    with story.platform.act(story.actor(Role.OFFICER)) as act:
        section, committee = story.section(act.session), story.committee(act.session)
        held = opening.opening(act.session, section)
        row = _draw(act.session, record.draw(act.session, str(committee.draw_label)), committee, held)
        entries = [
            {"index": one.leaf_index, "kind": one.kind, "subject": one.subject, "facts": one.facts}
            for one in told_entries(act.session, section, held, set())
        ]
    row, entries = json.loads(json.dumps([row, sorted(entries, key=lambda one: int(one["index"]))]))
    key = story.platform.signer.verifier

    def verdicts(row: dict[str, Any], entries: list[dict[str, Any]]) -> list[bool]:
        held = []
        for check, wrong in ((lambda: ours(Told(story.code, key, entries), [row]), Invalid),
                             (lambda: theirs(Case(story.code, str(key), entries), [row]), Wrong)):  # fmt: skip
            try:
                check()
                held.append(True)
            except (wrong, KeyError, IndexError, ValueError):
                held.append(False)
        return held

    assert verdicts(row, entries) == [True, True]
    other = pair.host.platform.signer

    def candidates(entries: list[dict[str, Any]]) -> dict[str, Any]:
        return next(one["facts"] for one in entries if one["kind"] == "committee.candidates")

    def drop(row: Any, entries: Any) -> None:
        name = next(one for one in row["specialities"] if "/" in one)
        del row["specialities"][name], candidates(entries)["specialities"][name]
        row["candidates"].remove(name)

    def add(row: Any, entries: Any) -> None:
        for held in (row["specialities"], candidates(entries)["specialities"]):
            held["jx/" + "0" * 16] = ["A08"]
        row["candidates"].append("jx/" + "0" * 16)

    def smuggle(row: Any, entries: Any) -> None:
        document = row["round"]["partners"][0]["answer"]["document"]
        document["candidates"]["0" * 16] = ["A08"]
        add(row, entries)
        _rehash(row, entries)

    def own_key(row: Any, entries: Any) -> None:
        smuggle(row, entries)
        one = row["round"]["partners"][0]
        one["answer"] = wire.sign(other, one["answer"]["document"]).told()
        _rehash(row, entries)

    def other_draw(row: Any, entries: Any) -> None:
        row["label"] += ":2"

    def unasked(row: Any, entries: Any) -> None:
        entries[:] = [one for one in entries if one["kind"] != "consultation.ask"]

    def hidden(row: Any, entries: Any) -> None:
        for name in [one for one in row["specialities"] if "/" in one]:
            del row["specialities"][name], candidates(entries)["specialities"][name]
            row["candidates"].remove(name)
        del row["round"]["partners"], candidates(entries)["partners"]

    def left_out(row: Any, entries: Any) -> None:
        said = {"code": "jx", "name": row["round"]["partners"][0]["name"], "key": row["round"]["partners"][0]["key"]}
        hidden(row, entries)
        row["round"]["partners"] = candidates(entries)["partners"] = [{**said, "without": "对方平台没有答复询问"}]

    def uncommitted(row: Any, entries: Any) -> None:
        next(one for one in entries if one["kind"] == "draw.commit")["index"] = 10**6

    def pardoned(row: Any, entries: Any) -> None:
        candidates(entries)["excluded"].append({"candidate": "jx/" + "1" * 16, "reasons": ["term"]})

    def gave_up(entries: Any) -> Any:
        return next(one["facts"] for one in entries if one["kind"] == "member.decline")

    def wordless(row: Any, entries: Any) -> None:
        del gave_up(entries)["word"]

    def put_in_its_mouth(row: Any, entries: Any) -> None:
        gave_up(entries)["word"] = wire.sign(other, gave_up(entries)["word"]["document"]).told()

    def another_declined(row: Any, entries: Any) -> None:
        word = copy.deepcopy(gave_up(entries)["word"])
        seats = [one for one in entries if one["kind"] == "member.invite" and "/" in one["facts"]["candidate"]]
        subject = next(
            one["subject"] for one in seats if word["document"]["candidate"] not in one["facts"]["candidate"]
        )
        entries.append({"index": 10**6, "kind": "member.decline", "subject": subject, "facts": {"word": word}})

    changes = (
        drop, add, smuggle, own_key, other_draw, unasked, hidden, left_out, uncommitted, pardoned, wordless,
        put_in_its_mouth, another_declined,
    )  # fmt: skip
    for change in changes:
        touched = copy.deepcopy((row, entries))
        change(*touched)
        assert verdicts(*touched) == [False, False], change.__name__


def _rehash(row: dict[str, Any], entries: list[dict[str, Any]]) -> None:
    """An insider who holds the platform's own key writes the new hash wherever it stands."""
    digest = rules.digest(row["round"]["partners"][0]["answer"])
    for one in entries:
        if one["kind"] == "consultation.answer":
            one["facts"]["answer_sha256"] = digest
        if one["kind"] == "committee.candidates":
            one["facts"]["partners"][0]["answer_sha256"] = digest


class Told:
    """As much of an archive as the check reads, for our verifier."""

    def __init__(self, code: str, verifier: Verifier, entries: list[dict[str, Any]]) -> None:
        self.project, self.verifier, self.ledger = {"section": {"code": code}}, verifier, {"entries": entries}

    def facts_of(self, kind: str, subject: str) -> list[Any]:
        return [one["facts"] for one in self.ledger["entries"] if (one["kind"], one["subject"]) == (kind, subject)]

    def one_fact(self, kind: str, subject: str) -> Any:
        (found,) = self.facts_of(kind, subject)
        return found

    def places(self, kind: str, subject: str) -> list[int]:
        return [one["index"] for one in self.ledger["entries"] if (one["kind"], one["subject"]) == (kind, subject)]


class Case:
    """The same for the independent one."""

    def __init__(self, section: str, spelled: str, entries: list[dict[str, Any]]) -> None:
        self.section, self.spelled, self.entries = section, spelled, entries

    def platform(self) -> Any:
        return self

    def told(self, kind: str, subject: str) -> list[dict[str, Any]]:
        return [one for one in self.entries if (one["kind"], one["subject"]) == (kind, subject)]

    def only(self, kind: str, subject: str) -> dict[str, Any]:
        (found,) = self.told(kind, subject)
        return found
