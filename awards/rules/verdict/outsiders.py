"""Check of the outsiders' words: cosignatures and timestamps, named by the notice, given before anything was opened."""

from __future__ import annotations

import base64
import hashlib
from datetime import datetime, timedelta
from typing import Any

from awards.rules.verdict.told import Told, need
from core.clock import from_iso
from core.errors import Invalid
from core.ledger import merkle
from core.ledger.cosignatures import Cosigner, cosigners_of
from core.ledger.notes import open_head
from core.timestamps import Stamped, check_token, read_roots, root_fingerprint

TIMESTAMP = "timestamp"
TOLERANCE = timedelta(seconds=2)
Seen = dict[int, tuple[dict[str, datetime], dict[str, Stamped]]]


def check_trust(told: Told) -> dict[str, Any]:
    """Every cosignature and token holds; the closing was covered before any layer was taken off, or excused aloud."""
    section = told.project["section"]["code"]
    calls = [told.facts_of(f"notice.{kind}", f"section:{section}") for kind in ("tender", "final_offers")]
    content = (calls[0] or calls[1])[0]["content"]
    named = {"witnesses": content.get("witnesses", []), "timestamp_roots": content.get("timestamp_roots", [])}
    cosigners = [Cosigner.parse(spelled) for spelled in named["witnesses"]]
    roots = tuple(root for pem in told.trust["roots"] for root in read_roots(pem.encode()))
    need(sorted(map(root_fingerprint, roots)) == sorted(named["timestamp_roots"]), "archive.trust_roots")
    seen: Seen = {}
    before = 0
    for row in told.trust["heads"]:
        head = open_head(row["checkpoint"], told.verifier)
        need(before < head.size <= told.final.size, "archive.trust_head", size=head.size)
        before = head.size
        steps = [bytes.fromhex(step) for step in row["consistency"]]
        grew = merkle.verify_consistency(head.size, told.final.size, head.root, told.final.root, steps)
        need(grew, "archive.trust_head", size=head.size)
        body = told.verifier.check(row["checkpoint"])
        try:
            cosigned = cosigners_of(row["checkpoint"], body, cosigners)
            tokens = [base64.b64decode(stamp["token"], validate=True) for stamp in row["timestamps"]]
            stamps = {hashlib.sha256(raw).hexdigest(): check_token(raw, body.encode(), roots) for raw in tokens}
        except Invalid as refusal:
            raise Invalid("archive.trust_word", size=head.size, reason=str(refusal)[:200]) from refusal
        earlier = [entry for entry in told.ledger["entries"] if entry["index"] < head.size]
        for stamp in stamps.values():
            ahead = earlier and stamp.at + stamp.accuracy + TOLERANCE < from_iso(earlier[-1]["at"])
            need(not ahead, "archive.trust_clock", size=head.size)
        seen[head.size] = cosigned, stamps
    missing = _check_cover(told, f"opening:{section}", named, cosigners, seen)
    if named["timestamp_roots"] and TIMESTAMP not in missing:
        largest = max((size for size, (_, stamps) in seen.items() if stamps), default=0)
        bare = [row["digest"][:12] for row in told.submissions if row["leaf_index"] >= largest]
        need(not bare, "archive.trust_submission", digests=bare)
    return {
        "cosigned": sum(len(cosigned) for cosigned, _ in seen.values()),
        "stamped": sum(len(stamps) for _, stamps in seen.values()),
    }


def _check_cover(told: Told, subject: str, named: dict[str, Any], cosigners: list[Cosigner], seen: Seen) -> list[str]:
    """The cover on record: who is in it has truly signed, who is not is missing, and it stands before every layer."""
    convene = told.one_fact("opening.convene", subject)
    need(convene.get("vouchers") == named, "archive.trust_vouchers")
    cover = told.one_fact("opening.cover", subject)
    places = {kind: told.places(kind, subject) for kind in ("opening.convene", "opening.cover", "opening.peel")}
    place = places["opening.cover"][0]
    in_order = places["opening.convene"][0] < place and all(place < index for index in places["opening.peel"])
    need(in_order, "archive.trust_order")
    given = set()
    for row in [*cover["cosignatures"], *cover["timestamps"]]:
        need(told.closing.size <= row["size"] <= place, "archive.trust_head", size=row["size"])
        cosigned, stamps = seen.get(row["size"], ({}, {}))
        if "witness" in row:
            need(cosigned.get(row["witness"]) == from_iso(row["at"]), "archive.trust_lacks", name=row["witness"])
            given.add(row["witness"])
        else:
            stamp = stamps.get(row["sha256"])
            need(stamp is not None and stamp.at == from_iso(row["at"]), "archive.trust_lacks", name=row["authority"])
            given.add(TIMESTAMP)
    wanted = [cosigner.name for cosigner in cosigners] + ([TIMESTAMP] if named["timestamp_roots"] else [])
    missing = [name for name in wanted if name not in given]
    need(cover["missing"] == missing, "archive.trust_missing", names=missing)
    excused = cover["exception"] is not None and bool(str(cover["exception"]["reason"]).strip())
    need(excused == bool(missing), "archive.trust_missing", names=missing)
    return missing
