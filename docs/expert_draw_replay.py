"""Replay a section's expert draws: python3 expert_draw_replay.py draws.json (standard library only)."""

import hashlib
import json
import sys


def sha256(*parts: bytes) -> bytes:
    return hashlib.sha256(b"".join(parts)).digest()


def need(holds: bool, said: str) -> None:
    if not holds:
        raise SystemExit(said)


def replay(draw: dict, earlier: tuple = ()) -> list:
    """[candidate, outcome, speciality or reason] down all orders so far; SystemExit says what does not hold."""
    told = draw["outcome"].get("standing", []) + draw["outcome"]["steps"]
    label, stated = draw["label"].encode(), {step["candidate"]: step for step in told}
    for party in draw["parties"]:
        need(sha256(bytes.fromhex(party["nonce"])).hex() == party["commitment"], f"{party['party']}: another nonce")
    listed = json.dumps(sorted(draw["candidates"]), separators=(",", ":"), ensure_ascii=False).encode()
    need(sha256(listed).hex() == draw["list_digest"], "the candidates are not those that were frozen")
    seed = sha256(b"sunbid-draw/v1\n", label, b"\n", *sorted(bytes.fromhex(row["nonce"]) for row in draw["parties"]))
    need(seed.hex() == draw["seed"], "the seed is another")
    units = [row["speciality"] for row in draw["parameters"]["shape"]["seats"] for _ in range(row["count"])]
    held, holder, found = dict(draw["specialities"]), {}, {}
    for one in earlier:
        held.update(one["specialities"])
    order = sorted(draw["candidates"], key=lambda text: (sha256(seed, label, b"\n", text.encode()), text))

    def seat(name: str, tried: set) -> bool:
        for unit in (place for place, speciality in enumerate(units) if speciality in held[name]):
            if unit not in tried and (tried.add(unit) or unit not in holder or seat(holder[unit], tried)):
                holder[unit] = name
                return True
        return False

    for name in [name for one in earlier for name in one["outcome"]["order"]] + order:
        if stated.get(name, {}).get("outcome") == "skipped":  # a reason that arose after the freeze is taken as stated
            found[name] = ["skipped", stated[name]["detail"]]
        else:
            found[name] = ["seated" if len(holder) < len(units) and seat(name, set()) else "standby", ""]
    found.update({name: ["seated", units[unit]] for unit, name in holder.items()})
    return [[name, *what] for name, what in found.items()]


if __name__ == "__main__":
    with open(sys.argv[1], encoding="utf-8") as file:
        draws = [draw for draw in json.load(file)["draws"] if draw["outcome"]]
    for number, draw in enumerate(draws):
        steps = replay(draw, tuple(draws[:number]))  # a supplementary draw fills what the earlier ones left open
        outcome = draw["outcome"]
        need([row[0] for row in steps[-len(outcome["order"]) :]] == outcome["order"], "the order is another")
        told = [[s["candidate"], s["outcome"], s["detail"]] for s in outcome.get("standing", []) + outcome["steps"]]
        need(steps == told, "the steps are others")
        sys.stdout.write(f"{draw['label']}: replayed and right\n")
