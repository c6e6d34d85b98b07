"""Replay a coefficient draw from its published record: python3 draw_replay.py draw.json (standard library only)."""

import hashlib
import json
import sys


def sha256(*parts: bytes) -> bytes:
    return hashlib.sha256(b"".join(parts)).digest()


def replay(draw: dict) -> list[str]:
    """What does not hold, as sentences; an empty list when the drawn K is right."""
    faults = []
    label = draw["label"].encode()
    for party in draw["parties"]:
        if sha256(bytes.fromhex(party["nonce"])).hex() != party["commitment"]:
            faults.append(f"{party['party']}: the revealed nonce does not open the commitment")
    listed = json.dumps(sorted(draw["candidates"]), separators=(",", ":"), ensure_ascii=False).encode()
    if sha256(listed).hex() != draw["list_digest"]:
        faults.append("the list of candidates is not the one that was frozen")
    nonces = [bytes.fromhex(item["nonce"]) for item in draw["parties"] + draw["bid_nonces"]]
    seed = sha256(b"sunbid-draw/v1\n", label, b"\n", *sorted(nonces))
    if seed.hex() != draw["seed"]:
        faults.append(f"the seed should be {seed.hex()}")
    tickets = sorted((sha256(seed, label, b"\n", value.encode()).hex(), value) for value in draw["candidates"])
    if [(step["ticket"], step["value"]) for step in draw["steps"]] != tickets:
        faults.append("the tickets or their order differ")
    if draw["k"] != tickets[0][1]:
        faults.append(f"K should be {tickets[0][1]}, the record says {draw['k']}")
    return faults


if __name__ == "__main__":
    with open(sys.argv[1], encoding="utf-8") as file:
        record = json.load(file)
    found = replay(record)
    sys.stdout.write("\n".join(found) or f"{record['label']}: K = {record['k']}, replayed and right")
    sys.exit(1 if found else 0)
