"""Checks of anonymous envelopes (暗标): labels nobody chose, scored before names, carried to the right bid."""

from __future__ import annotations

import base64
from typing import Any

from awards.rules.verdict.told import Told, need
from bidding.rules.masks import mask_label, masks_message, masks_of, masks_secret
from core.draw import mechanism
from experts.rules.blind import MARKS

Locked = dict[tuple[str, str], dict[str, Any]]
"""The counting masked sheets' entries by (seat, submission digest)."""


def check_masks(told: Told) -> dict[str, Any]:
    """Each round's labels follow from what was committed and drawn; sheets and votes are those locked under them.

    Nothing by name was locked before the labels were told. A section without an anonymous envelope has no such entry.
    """
    code = told.project["section"]["code"]
    committed = told.facts_of("masks.commit", f"section:{code}")
    rounds = [e for e in told.ledger["entries"] if e["kind"] == "committee.lock_blind"]
    if not told.anonymous:
        sheets = [e for e in told.ledger["entries"] if e["kind"] == "masked_sheet.lock"]
        need(not committed and not rounds and not sheets, "archive.masks", what="no anonymous envelope")
        return {"labels": 0}
    need(len(committed) == 1, "archive.masks", what="masks.commit")
    at = told.places("masks.commit", f"section:{code}")[0]
    revealed = told.places("draw.reveal", f"draw:experts:{code}")
    need(at < told.closing.size and at < min(revealed), "archive.masks", what="committed late")
    need(bool(rounds), "archive.masks", what="never locked")
    for number, entry in enumerate(rounds, 1):
        _check_round(told, number, entry["facts"]["masks"], committed[0]["commitments"])
    locked = _locked_sheets(told, rounds)
    _check_order(told, rounds)
    _check_carried(told, locked)
    _check_votes(told, locked)
    return {"labels": len(rounds[0]["facts"]["masks"]["labels"]), "rounds": len(rounds)}


def _check_round(told: Told, number: int, masks: dict[str, Any], commitments: list[str]) -> None:
    """The signature is the platform's and was committed; seed, order and bids follow."""
    code = told.project["section"]["code"]
    signature = base64.b64decode(masks["signature"], validate=True)
    signed = told.verifier.signed(masks_message(code, number), signature)
    need(masks["round"] == number and signed, "archive.masks", what=f"round {number}: signature")
    opened = mechanism.nonce_commitment(masks_secret(signature)) == commitments[number - 1]
    need(opened, "archive.masks", what=f"round {number}: commitment")
    drawn = next(draw["seed"] for draw in told.draws if draw["label"] == f"experts:{code}")
    numbers = {bid["submission"]: bid["number"] for bid in told.evaluation["bids"]}
    meant = masks_of(signature, code, number, bytes.fromhex(drawn), numbers)
    need(masks["seed"] == meant.seed.hex(), "archive.masks", what=f"round {number}: seed")
    rows = [
        {"label": mask_label(place), "submission_digest": digest, "number": numbers[digest]}
        for place, digest in enumerate(meant.order, 1)
    ]
    need(masks["labels"] == rows, "archive.masks", what=f"round {number}: labels")


def _locked_sheets(told: Told, rounds: list[dict[str, Any]]) -> Locked:
    """Each member's last locked masked sheet for each bid, all of one round and before that round was told."""
    code = told.project["section"]["code"]
    digests = {
        (entry["facts"]["masks"]["round"], row["label"]): row["submission_digest"]
        for entry in rounds
        for row in entry["facts"]["masks"]["labels"]
    }
    found: Locked = {}
    for member in told.evaluation["members"]:
        seat = f"masked:{code}:{member['label']}:"
        own = [e for e in told.ledger["entries"] if e["kind"] == "masked_sheet.lock" and e["subject"].startswith(seat)]
        need(len({e["facts"]["round"] for e in own}) == 1, "archive.masks", what=f"{member['label']}: rounds")
        for entry in own:
            facts = entry["facts"]
            place = (facts["round"], facts["label"])
            need(entry["subject"] == f"{seat}{place[0]}:{place[1]}", "archive.masks", what=entry["subject"])
            before = entry["index"] < rounds[place[0] - 1]["index"]
            need(before, "archive.masks", what=f"{entry['subject']}: after its labels were told")
            found[member["label"], digests[place]] = entry
        held = sum(seat_ == member["label"] for seat_, _ in found)
        need(held == len(told.evaluation["bids"]), "archive.masks", what=f"{member['label']}: sheets")
    return found


def _check_order(told: Told, rounds: list[dict[str, Any]]) -> None:
    """No named sheet and no question to a bidder before the first blind lock; scoring by name began after the last."""
    code = told.project["section"]["code"]
    sheets = [e["index"] for e in told.ledger["entries"] if e["kind"] == "sheet.lock"]
    need(bool(sheets) and min(sheets) > rounds[0]["index"], "archive.masks", what="a named sheet before the blind lock")
    asked = [e["index"] for e in told.ledger["entries"] if e["kind"] == "bid_clarification.ask"]
    need(not asked or min(asked) > rounds[0]["index"], "archive.masks", what="a question before the blind lock")
    begun = told.places("committee.begin_scoring", f"committee:{code}")
    need(min(begun) > rounds[0]["index"], "archive.masks", what="scoring before the blind lock")
    need(max(begun) > rounds[-1]["index"], "archive.masks", what="scoring before the last blind lock")


def _check_carried(told: Told, locked: Locked) -> None:
    """The blind criteria of every named sheet are those of the member's masked sheet for that bid."""
    digests = {bid["number"]: bid["submission"] for bid in told.evaluation["bids"]}
    criteria = told.evaluation["method"]["criteria"]
    blind = [criterion["code"] for criterion in criteria if criterion["group"] in told.anonymous]
    need(bool(blind), "archive.masks", what="no blind criterion")
    for sheet in told.evaluation["sheets"]:
        items = locked[sheet["member"], digests[sheet["number"]]]["facts"]["items"]
        same = sorted(items) == sorted(blind) and all(items[code][0] == sheet["items"][code] for code in blind)
        need(same, "archive.masks", what=f"sheet {sheet['member']}/{sheet['number']}")


def _check_votes(told: Told, locked: Locked) -> None:
    """The votes on marks are the findings of the masked sheets."""
    digests = {bid["number"]: bid["submission"] for bid in told.evaluation["bids"]}
    members = told.evaluation["conformity"]["members"]
    for bid in told.evaluation["conformity"]["bids"]:
        findings = [locked[member, digests[bid["number"]]]["facts"]["finding"] for member in members]
        votes = next(clause for clause in bid["clauses"] if clause["clause"] == MARKS["code"])
        stated = {finding: votes[finding] for finding in ("pass", "fail", "doubt")}
        meant = {finding: findings.count(finding) for finding in stated}
        need(stated == meant, "archive.masks", what=f"votes on bid {bid['number']}")
