"""Claims about contracts: made from the sealed offer of the winner, unchanged in substance, signed by both parties."""

from __future__ import annotations

import base64
from typing import Any

from accounts.rules import verify_signature
from accounts.rules.certificates import facts_of
from awards.rules.contracts import SUBSTANTIVE, contract_message, member_party
from awards.rules.verdict.told import Told, need, need_list, need_object

ENDS = ("contract.complete", "contract.terminate")


def check_contracts(told: Told) -> dict[str, Any]:
    """Every version the log tells is here as told; what was concluded is the winner's offer under two signatures."""
    code = told.project["section"]["code"]
    rows = told.contracts if "contracts.json" in told.container.members else []
    need_list(rows, "contracts.json")
    proposed = [e["subject"] for e in told.ledger["entries"] if e["kind"] == "contract.propose"]
    subjects = [f"contract:{code}:{row['number']}" for row in rows]
    need(proposed == subjects, "archive.untold", what="contracts")
    signed = 0
    for row, subject in zip(rows, subjects, strict=True):
        fact = told.one_fact("contract.propose", subject)
        stated = [row["bid"], row["offer"], row["terms"], row["pdf_sha256"], row["due_at"]]
        need(stated == [fact[name] for name in ("bid", "offer", "terms", "pdf_sha256", "due_at")],
             "archive.untold", what="contracts")  # fmt: skip
        need_object(told, row["pdf_sha256"])
        need(row["state"] != "signing", "archive.contract", section=code)
        _check_events(told, row, subject)
        if row["state"] != "void":
            signed += 1
            _check_concluded(told, row, subject)
    return {"contracts": len(rows), "signed": signed}


def _check_concluded(told: Told, row: dict[str, Any], subject: str) -> None:
    need(row["bid"] == told.award["winner"], "archive.contract_offer", what="winner")
    bid = next(one for one in told.bids if one["number"] == row["bid"])
    offer, schedule = row["offer"], bid["schedule"] or {}
    need(offer["price_fen"] == bid["price_fen"], "archive.contract_offer", what="price_fen")
    for name in ("duration_days", "quality", "manager"):
        need(name not in schedule or offer[name] == schedule[name], "archive.contract_offer", what=name)
    need(all(row["terms"][name] == offer[name] for name in SUBSTANTIVE), "archive.contract_offer", what="terms")
    parties = {"tenderee": told.project["tenderee"]["identifier"], "winner": bid["identifier"]}
    parties |= {member_party(place): one["uscc"] for place, one in enumerate(told.consortia[row["bid"]][1:], 2)}
    need(sorted(one["party"] for one in row["signatures"]) == sorted(parties), "archive.contract_signature")
    message = contract_message(row["pdf_sha256"])
    for one in row["signatures"]:
        made = verify_signature(one["certificate"], base64.b64decode(one["signature"], validate=True), message)
        named = facts_of(one["certificate"]).identifier
        need(made and named == parties[one["party"]], "archive.contract_signature")
    fact = told.one_fact("contract.conclude", subject)
    said = [{name: one[name] for name in ("party", "signature", "at")} for one in row["signatures"]]
    need([fact["pdf_sha256"], fact["signatures"]] == [row["pdf_sha256"], said], "archive.untold", what="contracts")
    ends = [(end["to"], end["ending"]) for kind in ENDS for end in told.facts_of(kind, subject)]
    need(ends == ([(row["state"], row["ending"])] if row["state"] != "concluded" else []), "archive.untold",
         what="contracts")  # fmt: skip
    need(row["ending"] is None or row["state"] != "concluded", "archive.untold", what="contracts")


def _check_events(told: Told, row: dict[str, Any], subject: str) -> None:
    said = [
        [one["number"], one["kind"], one["text"], one["amount_fen"], [file["sha256"] for file in one["files"]]]
        for one in row["events"]
    ]
    tells = [[one[name] for name in ("number", "event", "text", "amount_fen", "files")]
             for one in told.facts_of("contract.event", subject)]  # fmt: skip
    need(said == tells, "archive.untold", what="contracts")
    for one in row["events"]:
        for file in one["files"]:
            need_object(told, file["sha256"])
