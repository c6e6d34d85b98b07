"""The verdict on an archive: every claim re-computed from the one file, line by line, with the platform gone."""

from __future__ import annotations

import base64
import hashlib
import json
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any, BinaryIO

import rfc8785

from accounts.rules import verify_signature
from awards.rules.container import Container, Progress, check_manifest, open_container
from bidding.rules import verify_receipt
from core.clock import from_iso
from core.draw import mechanism
from core.errors import Invalid, Refusal
from core.ledger import merkle
from core.ledger.log import facts_digest
from core.ledger.notes import Head, Verifier, open_head
from core.seal import (
    expected,
    leaf_commitment,
    open_sealed,
    policy_digest,
    release,
    submission_digest,
    validate_policy,
    validate_submission,
)
from experts.rules import Seat, aggregate, price_scores, published, rank, walk
from experts.rules.ranking import Standing

IDENTITY_DOMAIN = b"sunbid-identity/v1\n"
OPENED = frozenset({"opened_by_bidder", "opened_by_trustees", "rejected"})


@dataclass(frozen=True)
class Line:
    """One line of the verdict: which check, of what, whether it holds, and what was counted or found wrong."""

    check: str
    holds: bool
    facts: dict[str, Any] = field(default_factory=dict)


def verify_archive(file: BinaryIO, *, key: Verifier | None = None, progress: Progress | None = None) -> Iterator[Line]:
    """Yield the verdict line by line; the archive is good only if every line holds.

    A line that does not hold names the member, entry, submission or bid that is wrong. The first two lines decide
    whether the file is whole; without them the rest is not read. `key`: the platform's key from elsewhere (a receipt, a
    notice); without it the archive's own is used, which shows wholeness but not origin. Never raises on bad archives.
    """
    try:
        container = open_container(file, progress)
        yield Line("container", True, {"members": len(container.members)})
        manifest = check_manifest(container, key)
        yield Line("manifest", True, {"section": manifest["section"], "key": manifest["platform_key"]})
    except Refusal as refusal:
        yield _wrong("container" if refusal.code in ("archive.bytes", "archive.truncated") else "manifest", refusal)
        return
    told = Told(container, Verifier.parse(manifest["platform_key"]))
    for name, check in CHECKS:
        try:
            yield Line(name, True, check(told))
        except Refusal as refusal:
            yield _wrong(name, refusal)
        except (KeyError, TypeError, ValueError, IndexError, StopIteration, ZeroDivisionError) as error:
            yield Line(name, False, {"code": "archive.malformed", "found": f"{type(error).__name__}: {error}"[:200]})


def _wrong(name: str, refusal: Refusal) -> Line:
    return Line(name, False, {"code": refusal.code, **refusal.facts})


def need(holds: bool, code: str, **facts: Any) -> None:
    """Raise Invalid(code) unless the claim holds."""
    if not holds:
        raise Invalid(code, **facts)


class Told:
    """What the archive tells, member by member, read when a check asks for it."""

    def __init__(self, container: Container, verifier: Verifier) -> None:
        self.container = container
        self.verifier = verifier

    def __getattr__(self, name: str) -> Any:
        """`told.bids` is the content of bids.json."""
        value = self.container.json(f"{name}.json")
        setattr(self, name, value)
        return value

    @cached_property
    def final(self) -> Head:
        """The head under which every told entry stands."""
        return open_head(self.ledger["checkpoint"], self.verifier)

    @cached_property
    def closing(self) -> Head:
        """The head signed at the closing barrier."""
        return open_head(self.ledger["closing"], self.verifier)

    @cached_property
    def entries(self) -> dict[int, dict[str, Any]]:
        """Every told entry by index."""
        return {entry["index"]: entry for entry in self.ledger["entries"]}

    def facts_of(self, kind: str, subject: str | None = None) -> list[Any]:
        """The facts of every told entry of a kind (and subject), oldest first."""
        return [
            entry["facts"]
            for entry in self.ledger["entries"]
            if entry["kind"] == kind and subject in (None, entry["subject"])
        ]

    def one_fact(self, kind: str, subject: str | None = None) -> Any:
        """The facts of the one entry of that kind; archive.entry_missing when there is none or more than one."""
        found = self.facts_of(kind, subject)
        need(len(found) == 1, "archive.entry_missing", kind=kind, found=len(found))
        return found[0]


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
            _need_object(told, attachment["sha256"])
    for document in told.documents:
        _need_object(told, document["sha256"])
    return {"notices": len(told.notices), "documents": len(told.documents)}


def _number(notice: dict[str, Any]) -> dict[str, Any]:
    return {"number": notice["number"]}


def _need_object(told: Told, sha256: str) -> None:
    held = told.container.members.get(f"objects/{sha256}")
    need(held is not None and held.sha256 == sha256, "archive.object", sha256=sha256)


def check_submissions(told: Told) -> dict[str, Any]:
    """Every submission has its digest, a valid handle signature, its sealed bytes, its leaf, and its receipt holds."""
    policies = {policy["digest"]: policy["content"] for policy in told.policies}
    deadline = from_iso(told.policies[-1]["content"]["deadline"])
    for row in told.submissions:
        submission = row["submission"]
        digest = submission_digest(submission)
        short = digest[:12]
        need(digest == row["digest"], "archive.submission", digest=row["digest"][:12])
        need(submission["policy_digest"] in policies, "archive.submission_policy", digest=short)
        validate_submission(submission, policies[submission["policy_digest"]])
        need(from_iso(row["received_at"]) < deadline, "archive.late", digest=short)
        for part in _parts(submission):
            _need_object(told, part["sha256"])
        for sha256 in row["identity"].values():
            _need_object(told, sha256)
        entry = told.entries.get(row["leaf_index"])
        ours = entry is not None and entry["kind"] == "commitment" and entry["digest"] == row["leaf_commitment"]
        need(ours and row["leaf_index"] < told.closing.size, "archive.leaf", digest=short, index=row["leaf_index"])
        verified = verify_receipt(row["receipt"], key=str(told.verifier))
        same = (verified.submission_digest, verified.leaf_index) == (digest, row["leaf_index"])
        need(same and row["receipt"]["received_at"] == row["received_at"], "archive.receipt", digest=short)
    return {"submissions": len(told.submissions)}


def _parts(submission: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for envelope in submission.get("envelopes", {}).values():
        yield envelope["bulk"]
        yield from envelope["keys"].values()


def check_closing(told: Told) -> dict[str, Any]:
    """The closed set is exactly the last word of every handle, and the ledger held it before the closing head."""
    chains: dict[str, list[dict[str, Any]]] = {}
    for row in told.submissions:
        chains.setdefault(row["submission"]["handle"], []).append(row)
    counted = []
    for rows in chains.values():
        rows.sort(key=lambda row: row["submission"]["sequence"])
        numbers = [row["submission"]["sequence"] for row in rows]
        need(numbers == list(range(1, len(rows) + 1)), "archive.chain", handle=rows[0]["submission"]["handle"][:12])
        for before, after in pairwise(rows):
            linked = after["submission"]["previous"] == before["digest"]
            need(linked, "archive.chain", handle=rows[0]["submission"]["handle"][:12])
        if rows[-1]["submission"]["kind"] != "withdraw":
            counted.append(rows[-1])
    items = [
        {"submission_digest": row["digest"], "leaf_index": row["leaf_index"], "received_at": row["received_at"]}
        for row in sorted(counted, key=lambda row: row["leaf_index"])
    ]
    leaves = [merkle.leaf_hash(rfc8785.dumps(item)) for item in items]
    root = merkle.root(merkle.nodes_of(leaves), len(leaves)).hex()
    convened = told.one_fact("opening.convene")
    in_order = sorted(convened["closed_set"], key=lambda item: item["leaf_index"])
    need(in_order == items, "archive.closed_set", found=len(convened["closed_set"]), expected=len(items))
    need(convened["closed_root"] == root or convened["closed_set"] != items, "archive.closed_root", root=root)
    stated = told.opening["closed_set"]
    need(stated == convened["closed_set"], "archive.closed_set", found=len(stated), expected=len(items))
    convened_at = next(e["index"] for e in told.ledger["entries"] if e["kind"] == "opening.convene")
    need(convened_at < told.closing.size, "archive.closing_head", size=told.closing.size)
    return {"counted": len(items), "received": len(told.submissions)}


def check_identities(told: Told) -> dict[str, Any]:
    """Each name bound to a submission by the leaf salt it sealed and, for bidders, by its certificate's signature."""
    rows = {row["digest"]: row for row in told.submissions}
    for decoy in told.opening["decoys"]:
        _check_leaf(rows[decoy["submission_digest"]], decoy["leaf_salt"], decoy["submission_digest"][:12])
    for bid in told.bids:
        row, identity, number = rows[bid["submission_digest"]], bid["identity"], bid["number"]
        if bid["faults"]:
            continue
        _check_leaf(row, identity["leaf_salt"], number)
        signature = base64.b64decode(identity["signature"], validate=True)
        signed = verify_signature(identity["certificate"], signature, IDENTITY_DOMAIN + bytes.fromhex(row["digest"]))
        need(signed, "archive.identity_signature", number=number)
        same = (bid["name"], bid["identifier"]) == (identity["bidder"]["name"], identity["bidder"]["uscc"])
        need(same, "archive.identity_name", number=number)
    counted = {item["submission_digest"] for item in told.opening["closed_set"]}
    named = {person["submission_digest"] for person in [*told.bids, *told.opening["decoys"]]}
    need(named == counted, "archive.unnamed", found=len(named), expected=len(counted))
    return {"bidders": len(told.bids), "decoys": len(told.opening["decoys"])}


def _check_leaf(row: dict[str, Any], salt: str, number: Any) -> None:
    leaf = leaf_commitment(bytes.fromhex(salt), row["digest"], row["identity"])
    need(leaf == row["leaf_commitment"], "archive.identity_leaf", number=number)


def check_originals(told: Told) -> dict[str, Any]:
    """Every opened bid's sealed originals open again with the released secrets to the very files and price read out."""
    rows = {row["digest"]: row for row in told.submissions}
    opened = files = 0
    with tempfile.TemporaryDirectory() as folder:
        for bid in told.bids:
            if bid["state"] not in OPENED:
                continue
            opened += 1
            submission = rows[bid["submission_digest"]]["submission"]
            for envelope, stated in bid["envelopes"].items():
                want = expected(submission, envelope)
                sealed, out = Path(folder) / "sealed", Path(folder) / "out"
                told.container.copy(f"objects/{want.sha256}", sealed)
                lines = f"# sunbid-salt: {stated['salt']}\n" if stated.get("salt") else ""
                released = release(f"{lines}{stated['secret']}\n".encode(), want.bid_recipient)
                result = open_sealed(sealed, released, want, out)
                found = [(entry.slot, entry.name, entry.sha256) for entry in result.entries]
                named = [(entry["slot"], entry["name"], entry["sha256"]) for entry in stated["files"]]
                need(found == named, "archive.original", number=bid["number"], envelope=envelope)
                need(result.nonce.hex() == stated["nonce"], "archive.original", number=bid["number"], envelope=envelope)
                if envelope == "schedule":
                    schedule = json.loads(next(out.rglob("schedule.json")).read_bytes())
                    same = schedule == bid["schedule"] and schedule["price_fen"] == bid["price_fen"]
                    need(same, "archive.price", number=bid["number"])
                files += len(found)
                shutil.rmtree(out)
    return {"opened": opened, "files": files}


def check_draws(told: Told) -> dict[str, Any]:
    """Every draw: reveals open their commitments, the list has its digest, seed, order and outcome follow."""
    for draw in told.draws:
        label = draw["label"]
        reveals = {party: bytes.fromhex(nonce) for party, nonce in draw["reveals"].items()}
        need(not mechanism.check_reveals(draw["commitments"], reveals), "archive.draw_reveal", label=label)
        need(sorted(draw["parties"]) == sorted(reveals), "archive.draw_reveal", label=label)
        need(mechanism.list_digest(draw["candidates"]) == draw["list_digest"], "archive.draw_list", label=label)
        seed = mechanism.seed(label, [*reveals.values(), *(bytes.fromhex(nonce) for nonce in draw["extra"])])
        need(seed.hex() == draw["seed"], "archive.draw_seed", label=label)
        order = mechanism.order(seed, label, draw["candidates"])
        _check_draw_told(told, draw)
        if label.startswith("coefficients:"):
            _check_coefficient(told, draw, order)
        else:
            _check_walk(draw, order)
    return {"draws": len(told.draws)}


def _check_draw_told(told: Told, draw: dict[str, Any]) -> None:
    """The ledger held each commitment before the freeze, and the freeze before each reveal."""
    subject = f"draw:{draw['label']}"
    told_entries = [entry for entry in told.ledger["entries"] if entry["subject"] == subject]
    frozen = next(entry["index"] for entry in told_entries if entry["kind"] == "draw.freeze")
    commits = {e["facts"]["party"]: e for e in told_entries if e["kind"] == "draw.commit"}
    reveals = {e["facts"]["party"]: e for e in told_entries if e["kind"] == "draw.reveal"}
    for party, commitment in draw["commitments"].items():
        first = party in commits and commits[party]["index"] < frozen
        need(first and commits[party]["facts"]["commitment"] == commitment, "archive.draw_told", label=draw["label"])
        later = party in reveals and reveals[party]["index"] > frozen
        need(
            later and reveals[party]["facts"]["nonce"] == draw["reveals"][party],
            "archive.draw_told",
            label=draw["label"],
        )
    same = next(e["facts"]["list_digest"] for e in told_entries if e["kind"] == "draw.freeze") == draw["list_digest"]
    need(same, "archive.draw_list", label=draw["label"])


def _check_coefficient(told: Told, draw: dict[str, Any], order: list[str]) -> None:
    """K is the first of the order, and the extra nonces are those sealed in the opened schedules."""
    sealed = [bid["envelopes"]["schedule"]["nonce"] for bid in told.bids if bid["state"] in OPENED]
    need(sorted(sealed) == sorted(draw["extra"]), "archive.draw_nonces", label=draw["label"])
    need(
        order[0] == draw["outcome"]["k"] == told.opening["coefficients"]["k"],
        "archive.draw_outcome",
        label=draw["label"],
    )


def _check_walk(draw: dict[str, Any], order: list[str]) -> None:
    """The walk down the order: seats, standbys and skips follow from specialities and stated reasons."""
    steps = draw["outcome"]["steps"]
    need(draw["outcome"]["order"] == order, "archive.draw_outcome", label=draw["label"])
    seats = [Seat(seat["speciality"], seat["count"]) for seat in draw["seats"]]
    barred = {
        step["candidate"]: step["detail"]
        for step in steps
        if step["outcome"] == "skipped" and step["detail"] != "speciality"
    }
    walked = [step.as_json() for step in walk(order, draw["specialities"], seats, barred).steps]
    need(walked == steps, "archive.draw_outcome", label=draw["label"])


def check_scores(told: Told) -> dict[str, Any]:
    """Every locked sheet is the one in the ledger; price scores, means, totals and ranking follow exactly."""
    result = told.evaluation
    need(told.one_fact("committee.lock")["result"] == result, "archive.result")
    prices = {bid["number"]: bid["price_fen"] for bid in told.bids if bid["state"] in OPENED}
    for bid in result["bids"]:
        need(prices.get(bid["number"]) == bid["price_fen"], "archive.price", number=bid["number"])
    _check_sheets(told, result)
    method, k = result["method"], (told.opening["coefficients"] or {}).get("k")
    need(result["price"]["k"] == k and method == told.project["section"]["method"], "archive.method")
    numbers = [row["number"] for row in result["price"]["scores"]]
    priced = price_scores({number: prices[number] for number in numbers}, method, k)
    for row in result["price"]["scores"]:
        score = str(published(priced.scores[row["number"]]))
        need(score == row["score"], "archive.price_score", number=row["number"], expected=score, found=row["score"])
    standings = []
    for number in numbers:
        totals = [
            {group: _group(method, sheet["items"], group) for group in ("technical", "qualification")}
            for sheet in result["sheets"]
            if sheet["number"] == number
        ]
        means = aggregate(totals)
        digest = next(bid["submission"] for bid in result["bids"] if bid["number"] == number)
        standings.append(
            Standing(
                number,
                means.get("technical", Fraction(0)),
                means.get("qualification", Fraction(0)),
                priced.scores[number],
                prices[number],
                result["tie"]["order"].index(digest),
            )
        )
    _check_ranking(result, standings)
    return {"sheets": len(result["sheets"]), "ranked": len(standings)}


def _check_sheets(told: Told, result: dict[str, Any]) -> None:
    locked: dict[str, Any] = {}
    for entry in told.ledger["entries"]:
        if entry["kind"] == "sheet.lock":
            locked[entry["subject"]] = entry["facts"]["items"]
    digests = {bid["number"]: bid["submission"] for bid in result["bids"]}
    for sheet in result["sheets"]:
        subject = f"sheet:{result['section']}:{sheet['member']}:{digests[sheet['number']][:12]}"
        items = {code: value for code, (value, _) in locked.get(subject, {}).items()}
        need(items == sheet["items"], "archive.sheet", number=sheet["number"], member=sheet["member"])


def _group(method: dict[str, Any], items: dict[str, str], group: str) -> Decimal:
    codes = [criterion["code"] for criterion in method["criteria"] if criterion["group"] == group]
    return sum((Decimal(items[code]) for code in codes), Decimal(0))


def _check_ranking(result: dict[str, Any], standings: list[Standing]) -> None:
    lots = result["tie"]
    order = mechanism.order(bytes.fromhex(lots["seed"]), lots["label"], lots["order"])
    need(order == lots["order"], "archive.draw_outcome", label=lots["label"])
    ranked = rank(standings)
    for found, wanted in zip(result["ranking"], ranked, strict=True):
        standing = wanted.standing
        recomputed = {
            "rank": wanted.rank,
            "number": standing.number,
            "technical": str(published(standing.technical)),
            "qualification": str(published(standing.qualification)),
            "price": str(published(standing.price)),
            "total": str(published(standing.total)),
        }
        stated = {name: found[name] for name in recomputed}
        need(stated == recomputed, "archive.ranking", number=found["number"], rank=found["rank"])
    most = len(result["candidates"])
    top = [bid.standing.number for bid in ranked[:most]]
    need(1 <= most <= 3 and top == result["candidates"], "archive.candidates")


def check_award(told: Told) -> dict[str, Any]:
    """The candidates published are the committee's, the publicity ran its days, and the winner is the first of them."""
    award = told.award
    numbers = award["candidates"]
    need(numbers == told.evaluation["candidates"], "archive.candidates")
    began, ends = from_iso(award["began_at"]), from_iso(award["ends_at"])
    days = int(award["rule"]["cite"]["value"])
    need((ends - began).total_seconds() >= days * 86400, "archive.publicity", days=days)
    fact = told.one_fact("publicity.award")
    awarded = next(e for e in told.ledger["entries"] if e["kind"] == "publicity.award")
    need(from_iso(awarded["at"]) >= ends, "archive.publicity", days=days)
    open_ones = [objection["number"] for objection in award["objections"] if objection["answer"] is None]
    need(not open_ones, "archive.objection_open", numbers=open_ones)
    winner = award["winner"]
    better = numbers[: numbers.index(winner)] if winner in numbers else numbers
    passed = [entry["number"] for entry in fact["passed_over"]]
    need(winner in numbers and passed == better, "archive.winner", found=winner, expected=numbers[0])
    need(fact["winner"] == winner, "archive.winner", found=winner, expected=fact["winner"])
    return {"winner": winner, "name": next(bid["name"] for bid in told.bids if bid["number"] == winner)}


def check_credit(told: Told) -> dict[str, Any]:
    """Every credit check carries the very evidence its digest names, and every bidder was checked."""
    for row in told.credit:
        digest = hashlib.sha256(rfc8785.dumps(row["evidence"])).hexdigest()
        need(digest == row["evidence_sha256"], "archive.credit", identifier=row["identifier"], source=row["source"])
    checked = {row["identifier"] for row in told.credit}
    missing = [bid["identifier"] for bid in told.bids if bid["identifier"] not in checked and not bid["faults"]]
    need(not missing, "archive.credit_missing", identifiers=missing)
    restricted = {row["identifier"] for row in told.credit if row["decision"] == "restricted"}
    return {"checks": len(told.credit), "restricted": len(restricted)}


def check_warnings(told: Told) -> dict[str, Any]:
    """The scan's result has its digest, every warning stands in the ledger and a person has decided it."""
    if told.warnings["scan"] is None:
        return {"warnings": 0}
    digest = hashlib.sha256(rfc8785.dumps(told.warnings["scan"]["result"])).hexdigest()
    need(digest == told.warnings["scan"]["result_sha256"], "archive.scan")
    for warning in told.warnings["warnings"]:
        raised = told.facts_of("warning.raise", f"warning:{warning['code']}")
        need(len(raised) == 1, "archive.warning", number=warning["code"])
        need(warning["decision"] is not None, "archive.warning_open", number=warning["code"])
    return {"warnings": len(told.warnings["warnings"])}


def check_reports(told: Told) -> dict[str, Any]:
    """Opening record, evaluation report and the other papers are in the archive under the hashes the ledger holds."""
    for report in told.reports:
        _need_object(told, report["sha256"])
    kinds = {report["kind"] for report in told.reports}
    lacking = sorted({"opening_record", "evaluation_report"} - kinds)
    need(not lacking, "archive.report_missing", kinds=lacking)
    return {"reports": len(told.reports)}


CHECKS: tuple[tuple[str, Callable[[Told], dict[str, Any]]], ...] = (
    ("heads", check_heads),
    ("entries", check_entries),
    ("policies", check_policies),
    ("notices", check_notices),
    ("submissions", check_submissions),
    ("closing", check_closing),
    ("identities", check_identities),
    ("originals", check_originals),
    ("draws", check_draws),
    ("scores", check_scores),
    ("award", check_award),
    ("credit", check_credit),
    ("warnings", check_warnings),
    ("reports", check_reports),
)
