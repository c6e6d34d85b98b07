"""Sealed records of machines, taken away to be compared on the regulator's own machine, and the answer brought back.

The bundle tells who bid where and holds each bid's record as it is sealed to the regulator's key; the key never leaves
the machine `sunbid collusion link` runs on. A token sealed to the same key proves the answer: its HMAC over the answer
can be made by nobody who could not open the records. Equal bundles give equal answers: another officer can repeat it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Collection, Mapping
from typing import Any

import rfc8785

from collusion.rules.machines import Told, shared
from core.errors import Invalid
from opening.rules.devices import PLACES

BUNDLE = "sunbid-machine-records/v1"
ANSWER = "sunbid-machine-answer/v1"
MOST_ANSWER = 4 * 1024 * 1024
COUNTS = ("bids", "bidders", "own", "ring", "ring_size", "left_out")
Open = Callable[[bytes], bytes]
"""Opens what is sealed to the regulator's key, or raises Invalid."""


def digest_of(content: bytes) -> str:
    """The bundle's digest, by which the ledger and the answer name it."""
    return hashlib.sha256(content).hexdigest()


def proof_of(token: bytes, bundle_sha256: str, answer: Mapping[str, Any]) -> str:
    """HMAC-SHA256 of the bundle's digest and the answer in canonical JSON."""
    return hmac.new(token, bundle_sha256.encode() + b"\n" + rfc8785.dumps(dict(answer)), hashlib.sha256).hexdigest()


def compare(content: bytes, open_sealed: Open) -> dict[str, Any]:
    """Open a bundle's records and give the answer file; Invalid("link.bundle") for what is no bundle.

    Invalid("link.torn") where a record belongs to another submission than the bundle says.
    """
    try:
        bundle = json.loads(content)
        if bundle["format"] != BUNDLE:
            raise ValueError(bundle["format"])
        ring = {(bundle["section"], number) for number in bundle["ring"]}
        token = open_sealed(base64.b64decode(bundle["token"], validate=True))
        told = [_told(record, open_sealed) for record in bundle["records"]]
        counts = {"ring_size": len(bundle["ring"]), "left_out": int(bundle["left_out"])}
        warning = str(bundle["warning"])
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise Invalid("link.bundle", field="file", reason=type(error).__name__) from None
    answer = {**shared(told, ring), "ring": sum((one.section, one.number) in ring for one in told), **counts}
    sha256 = digest_of(content)
    proof = proof_of(token, sha256, answer)
    return {"format": ANSWER, "warning": warning, "bundle_sha256": sha256, "answer": answer, "proof": proof}


def _told(record: Mapping[str, Any], open_sealed: Open) -> Told:
    opened = json.loads(open_sealed(base64.b64decode(record["sealed"], validate=True)))
    if opened["submission"] != record["submission"]:
        raise Invalid("link.torn", section=str(record["section"]), number=str(record["number"]))
    who = record["identifier"] or f"{record['section']}#{record['number']}"
    return Told(record["project"], record["section"], record["number"], who, record["name"], opened["device"])


def read_answer(content: bytes) -> dict[str, Any]:
    """Give an answer file whose every place is of its kind; Invalid("link.answer") naming the first that is not."""
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        raise _unlike("json") from None
    keys = {"format", "warning", "bundle_sha256", "answer", "proof"}
    if not isinstance(found, dict) or set(found) != keys or found["format"] != ANSWER:
        raise _unlike("format")
    if not all(isinstance(found[name], str) and len(found[name]) <= 80 for name in keys - {"answer"}):
        raise _unlike("proof")
    answer = found["answer"]
    if not isinstance(answer, dict) or set(answer) != {*COUNTS, "matches"}:
        raise _unlike("answer")
    for name in COUNTS:
        _check_count(answer[name], name)
    if not isinstance(answer["matches"], list):
        raise _unlike("matches")
    for match in answer["matches"]:
        _check_match(match)
    return found


def _check_match(match: Any) -> None:
    if not isinstance(match, dict) or set(match) != {"bid", "other", "equal"}:
        raise _unlike("matches")
    for side in (match["bid"], match["other"]):
        if not isinstance(side, dict) or set(side) != {"section", "number", "name", "identifier"}:
            raise _unlike("matches.bid")
        _check_count(side["number"], "matches.number")
        if not all(isinstance(side[name], str) for name in ("section", "name", "identifier")):
            raise _unlike("matches.bid")
    equal = match["equal"]
    if not isinstance(equal, list) or not 1 <= len(equal) <= len(PLACES):
        raise _unlike("matches.equal")
    for one in equal:
        if not isinstance(one, dict) or set(one) != {"kind", "holders"} or one["kind"] not in PLACES:
            raise _unlike("matches.kind")
        _check_count(one["holders"], "matches.holders")


def _check_count(value: Any, place: str) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= 10**9:
        raise _unlike(place)


def check_proof(found: Mapping[str, Any], token: bytes) -> None:
    """Refuse an answer that the holder of the key did not make, or that was changed since; Invalid("link.proof")."""
    if not hmac.compare_digest(found["proof"], proof_of(token, found["bundle_sha256"], found["answer"])):
        raise Invalid("link.proof", field="file")


def check_bids(
    answer: Mapping[str, Any], known: Mapping[tuple[str, int], str], ring: Collection[tuple[str, int]]
) -> None:
    """Refuse an answer that names a bid nobody handed out, or by another name; Invalid("link.bid")."""
    sections = {section for section, _ in ring}
    others = {place for place in known if place[0] not in sections}
    for match in answer["matches"]:
        for side, allowed in ((match["bid"], set(ring)), (match["other"], others)):
            place = (side["section"], side["number"])
            if place not in allowed or known.get(place) != side["name"]:
                raise Invalid("link.bid", field="file", section=side["section"][:60], number=side["number"])


def sealed_text(content: bytes) -> str:
    """Sealed bytes as a bundle holds them."""
    return base64.b64encode(content).decode("ascii")


def _unlike(place: str) -> Invalid:
    return Invalid("link.answer", field="file", place=place)


__all__ = [
    "ANSWER", "BUNDLE", "MOST_ANSWER", "check_bids", "check_proof", "compare", "digest_of", "proof_of", "read_answer",
    "sealed_text",
]  # fmt: skip
