"""Checks of the sealed bids: submissions and receipts, the closed set, names, originals opened again."""

from __future__ import annotations

import base64
import hashlib
import json
import shutil
import tempfile
from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import rfc8785

from accounts.rules import verify_signature
from accounts.rules.certificates import facts_of
from awards.rules.verdict.log import LAG
from awards.rules.verdict.told import OPENED, Told, need, need_object
from bidding.rules import verify_receipt
from core.clock import from_iso
from core.ledger import merkle
from core.seal import (
    expected,
    leaf_commitment,
    message_of,
    open_archive,
    open_sealed,
    release,
    submission_digest,
    validate_submission,
)

LISTED = ("number", "name", "identifier", "submission_digest", "faults")


UNREAD = "identity.unreadable"
MOST_WAIT = timedelta(minutes=10)
"""How long a commit may have waited, from its last byte to its place in the log."""


def _state(told: Told, digest: str) -> Any:
    """Where the last move the ledger tells has left the bid."""
    entries = [e["facts"] for e in told.ledger["entries"] if e["subject"] == f"bid:{digest[:16]}"]
    moves = [facts["to"] for facts in entries if isinstance(facts, dict) and {"from", "to"} <= set(facts)]
    return moves[-1] if moves else "sealed"


def _check_story(told: Told, bid: dict[str, Any]) -> None:
    """When the bid was opened, for which cause, and what was found in it are what the ledger tells of it."""
    own = [e for e in told.ledger["entries"] if e["subject"] == f"bid:{bid['submission_digest'][:16]}"]
    opens = [e["at"] for e in own if e["kind"].startswith("bid.open_")]
    same = (bid["opened_at"] is None) == (not opens)
    if opens and same:
        said, at = from_iso(bid["opened_at"]), from_iso(opens[-1])
        same = said <= at <= said + LAG
    comes = [from_iso(e["at"]) for e in own if e["kind"] == "bid.sign_in"]
    came = bid["signed_in_at"] and from_iso(bid["signed_in_at"])
    same = same and (came is None or any(came <= at <= came + LAG for at in comes))
    need(same, "archive.untold", what=f"bid {bid['number']}: instants")
    again = max((e["index"] for e in own if e["kind"] in ("bid.admit_second", "bid.restore")), default=-1)
    facts = [e["facts"] for e in own if e["index"] > again and (e["kind"] == "bid.decide_cause" or "to" in e["facts"])]
    causes = [fact["cause"] for fact in facts if "cause" in fact]
    reasons = [fact["evidence"] for fact in facts if "evidence" in fact]
    unread = causes[-1:] == [UNREAD] and bid["cause"] is None
    same = unread or bid["cause"] == (causes[-1] if causes else None)
    same = same and bid["cause_evidence"] == (reasons[-1] if reasons else None)
    need(same, "archive.untold", what=f"bid {bid['number']}: cause")
    looks = [e["facts"]["contents_sha256"] for e in own if e["kind"] == "bid.look"]
    held = bid.get("contents")
    found = None if held is None else hashlib.sha256(rfc8785.dumps(held)).hexdigest()
    need(found == (looks[-1] if looks else None), "archive.untold", what=f"bid {bid['number']}: contents")


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
            need_object(told, part["sha256"])
        for sha256 in row["identity"].values():
            need_object(told, sha256)
        entry = told.entries.get(row["leaf_index"])
        ours = entry is not None and entry["kind"] == "commitment" and entry["digest"] == row["leaf_commitment"]
        need(ours and row["leaf_index"] < told.closing.size, "archive.leaf", digest=short, index=row["leaf_index"])
        waited = from_iso(told.entries[row["leaf_index"]]["at"]) - from_iso(row["received_at"])
        need(timedelta(0) <= waited <= MOST_WAIT, "archive.receipt", digest=short)
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
        if _is_read(bid):
            _check_leaf(row, identity["leaf_salt"], number)
        need(_state(told, row["digest"]) == bid["state"], "archive.untold", what=f"bid {number}: state")
        _check_story(told, bid)
        if bid["faults"]:
            continue
        signature = base64.b64decode(identity["signature"], validate=True)
        signed = identity["submission_digest"] == row["digest"]
        signed = signed and verify_signature(identity["certificate"], signature, message_of(identity))
        need(signed, "archive.identity_signature", number=number)
        certified = facts_of(identity["certificate"])
        stated = bid["name"], bid["identifier"]
        same = stated == (identity["bidder"]["name"], identity["bidder"]["uscc"])
        same = same and stated == (certified.subject_name, certified.identifier)
        need(same, "archive.identity_name", number=number)
    section = f"section:{told.project['section']['code']}"
    (listed,) = told.facts_of("notice.bidders", section)
    rows_told = [{name: row[name] for name in LISTED} for row in listed["content"]["bidders"]]
    need(rows_told == [{name: bid[name] for name in LISTED} for bid in told.bids], "archive.untold", what="bidders")
    joint = [row.get("consortium") for row in listed["content"]["bidders"]]
    need(joint == [_consortium(bid) for bid in told.bids], "archive.untold", what="consortia")
    need(listed["content"]["decoys"] == told.opening["decoys"], "archive.untold", what="decoys")
    counted = {item["submission_digest"] for item in told.opening["closed_set"]}
    named = {person["submission_digest"] for person in [*told.bids, *told.opening["decoys"]]}
    need(named == counted, "archive.unnamed", found=len(named), expected=len(counted))
    return {"bidders": len(told.bids), "decoys": len(told.opening["decoys"])}


def _is_read(bid: dict[str, Any]) -> bool:
    """Whether the identity was read as its bidder sealed it."""
    return not any(fault["code"] == UNREAD or fault["code"].startswith("seal.") for fault in bid["faults"])


def _consortium(bid: dict[str, Any]) -> Any:
    return bid["identity"].get("consortium") if _is_read(bid) else None


def _check_leaf(row: dict[str, Any], salt: str, number: Any) -> None:
    leaf = leaf_commitment(bytes.fromhex(salt), row["digest"], row["identity"])
    need(leaf == row["leaf_commitment"], "archive.identity_leaf", number=number)


def check_originals(told: Told) -> dict[str, Any]:
    """Every opened bid's sealed originals open again with the released secrets to the very files and price read out.

    Of a bid whose second envelope stayed sealed (双信封), what the first sitting opened.
    """
    rows = {row["digest"]: row for row in told.submissions}
    opened = files = 0
    with tempfile.TemporaryDirectory() as folder:
        for bid in told.bids:
            if bid["state"] not in OPENED and not bid["envelopes"]:
                continue
            opened += 1
            submission = rows[bid["submission_digest"]]["submission"]
            later = () if bid["state"] in OPENED else told.later
            due = {envelope for envelope in submission["envelopes"] if envelope not in later}
            need(set(bid["envelopes"]) == due, "archive.untold", what=f"bid {bid['number']}: envelopes")
            for envelope, stated in bid["envelopes"].items():
                want = expected(submission, envelope)
                sealed, out = Path(folder) / "sealed", Path(folder) / "out"
                told.container.copy(f"objects/{want.sha256}", sealed)
                if stated.get("backup"):  # opened from the bidder's backup: the plain archive is the original
                    plain = Path(folder) / "plain"
                    told.container.copy(f"objects/{stated['backup']}", plain)
                    result = open_archive(plain, bytes.fromhex(stated["salt"]), want, out)
                else:
                    lines = f"# sunbid-salt: {stated['salt']}\n" if stated.get("salt") else ""
                    released = release(f"{lines}{stated['secret']}\n".encode(), want.bid_recipient)
                    result = open_sealed(sealed, released, want, out)
                found = [(entry.slot, entry.name, entry.sha256, entry.size) for entry in result.entries]
                named = [(one["slot"], one["name"], one["sha256"], one["size"]) for one in stated["files"]]
                same = found == named and stated["archive"] == result.archive_sha256 and stated["size"] == want.size
                same = same and stated["commit_checked"] is result.commit_checked
                need(same, "archive.original", number=bid["number"], envelope=envelope)
                need(result.nonce.hex() == stated["nonce"], "archive.original", number=bid["number"], envelope=envelope)
                if envelope == "schedule":
                    schedule = json.loads(next(out.rglob("schedule.json")).read_bytes())
                    same = schedule == bid["schedule"] and schedule["price_fen"] == bid["price_fen"]
                    need(same, "archive.price", number=bid["number"])
                files += len(found)
                shutil.rmtree(out)
    return {"opened": opened, "files": files}
