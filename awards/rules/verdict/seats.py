"""Checks of who came to sit: walks of first and supplementary draws, direct selections, the cause of every seat."""

from __future__ import annotations

from collections import Counter
from typing import Any

from awards.rules.verdict.told import Told, need
from experts.rules import Seat, walk

LEFT = {"declined": "member.decline", "avoided": "member.avoid", "absent": "member.miss"}
"""Why a seated candidate of an earlier draw is skipped in a later one, and the entry that says so."""
LEAST_REASON = 20


def expert_draws(told: Told) -> list[dict[str, Any]]:
    """The experts' draws in the order in which they were held."""
    prefix = f"experts:{told.project['section']['code']}"

    def place(draw: dict[str, Any]) -> int:
        number: str = draw["label"].removeprefix(prefix).removeprefix(":")
        need(not number or number.isdigit(), "archive.draw_outcome", label=draw["label"])
        return int(number or 1)

    return sorted((draw for draw in told.draws if draw["label"].startswith(prefix)), key=place)


def approved(told: Told) -> dict[int, dict[str, Any]]:
    """The approved direct selections by number, each proposed by one person and approved by another unit's (R-320)."""
    code = told.project["section"]["code"]
    rules = {rule["key"]: rule for rule in told.project["law"]["rules"]}
    found = {}
    for entry in told.ledger["entries"]:
        if entry["kind"] != "direct.approve":
            continue
        subject, facts = entry["subject"], entry["facts"]
        number = subject.removeprefix(f"direct:{code}:")
        need(number.isdigit(), "archive.direct", number=subject)
        proposals = [e for e in told.ledger["entries"] if e["kind"] == "direct.propose" and e["subject"] == subject]
        need(len(proposals) == 1 and proposals[0]["index"] < entry["index"], "archive.direct", number=number)
        same = {name: facts.get(name) for name in proposals[0]["facts"]} == proposals[0]["facts"]
        one, other = facts["proposer"], facts["approver"]
        two = one["login"] != other["login"] and one["unit"] != other["unit"] and other["unit"] and one["unit"]
        need(bool(same and two and "direct_selection" in rules), "archive.direct", number=number)
        rule = rules["direct_selection"]
        cited = facts["rule"]["key"] == "direct_selection" and facts["rule"]["value"] == rule["value"]
        grounds = facts["ground"] in rule["value"].split()
        said = len(facts["reason"].strip()) >= LEAST_REASON
        papered = told.project["regime"] != "G" or bool(facts["document"].strip())
        need(cited and grounds and said and papered, "archive.direct", number=number)
        found[int(number)] = {**facts, "index": entry["index"]}
    return found


def drawn_seats(told: Told) -> list[dict[str, Any]]:
    """The seats left to be drawn: those of the request without those approved to be filled directly."""
    request = told.one_fact("committee.request", f"committee:{told.project['section']['code']}")
    left = {seat["speciality"]: seat["count"] for seat in request["shape"]["seats"]}
    for number, facts in approved(told).items():
        if facts["replacement"]:
            continue
        for seat in facts["seats"]:
            left[seat["speciality"]] = left.get(seat["speciality"], 0) - seat["count"]
            need(left[seat["speciality"]] >= 0, "archive.direct", number=number)
    return [{"speciality": name, "count": count} for name, count in left.items() if count]


def is_draw_needed(told: Told) -> bool:
    """Whether some expert seat had to be drawn."""
    return bool(drawn_seats(told))


def check_walks(told: Told) -> None:
    """Each draw's steps follow: those of its own candidates, and in a supplementary draw of all before it (R-322)."""
    order: list[str] = []
    held: dict[str, list[str]] = {}
    code = told.project["section"]["code"]
    seats = drawn_seats(told)
    for draw in expert_draws(told):
        label = draw["label"]
        need(draw["seats"] == seats, "archive.untold", what=f"{label}: seats")
        lists = [f for f in told.facts_of("committee.candidates", f"committee:{code}") if f["label"] == label]
        need(
            [f["specialities"] for f in lists] == [draw["specialities"]],
            "archive.untold",
            what=f"{label}: specialities",
        )
        standing = draw["outcome"].get("standing", [])
        need([step["candidate"] for step in standing] == order, "archive.draw_outcome", label=label)
        need(not held.keys() & draw["specialities"].keys(), "archive.draw_outcome", label=label)
        concluded = told.places("draw.conclude", f"draw:{label}")[0]
        _check_left(told, label, standing, order, concluded)
        order += draw["outcome"]["order"]
        held |= draw["specialities"]
        steps = [*standing, *draw["outcome"]["steps"]]
        barred = {
            step["candidate"]: step["detail"]
            for step in steps
            if step["outcome"] == "skipped" and step["detail"] != "speciality"
        }
        wanted = [Seat(seat["speciality"], seat["count"]) for seat in seats]
        need(
            [s.as_json() for s in walk(order, held, wanted, barred).steps] == steps, "archive.draw_outcome", label=label
        )


def _invited(told: Told) -> dict[str, tuple[str, dict[str, Any], int]]:
    """By seat label: what the invitation says and where it stands."""
    prefix = f"member:{told.project['section']['code']}:"
    return {
        entry["subject"].removeprefix(prefix): (entry["subject"], entry["facts"], entry["index"])
        for entry in told.ledger["entries"]
        if entry["kind"] == "member.invite"
    }


def _check_left(told: Told, label: str, standing: list[dict[str, Any]], before: list[str], at: int) -> None:
    """Whoever is skipped for having left has left by then, and whoever had left by then is skipped."""
    gone = {}
    for subject, facts, _ in _invited(told).values():
        for word, kind in LEFT.items():
            if facts.get("candidate") in before and any(place < at for place in told.places(kind, subject)):
                gone[facts["candidate"]] = word
    skipped = {step["candidate"]: step["detail"] for step in standing if step["detail"] in LEFT}
    need(skipped == gone, "archive.draw_left", label=label)


def check_seats(told: Told) -> None:
    """Nobody was invited but from a concluded draw or an approved direct selection, which fills its own seats only.

    Every sheet is by such a member or by a representative who was named (R-320).
    """
    selections, invited = approved(told), _invited(told)
    orders = {
        name: told.places("draw.conclude", f"draw:{draw['label']}")[0]
        for draw in expert_draws(told)
        for name in draw["outcome"]["order"]
    }
    direct: Counter[int] = Counter()
    for label, (_, facts, index) in invited.items():
        if "direct" in facts:
            selection = selections.get(facts["direct"])
            need(selection is not None and selection["index"] < index, "archive.seat", label=label)
            direct[facts["direct"]] += 1
        else:
            need(orders.get(facts["candidate"], index + 1) < index, "archive.seat", label=label)
    for number, count in direct.items():
        need(count == sum(seat["count"] for seat in selections[number]["seats"]), "archive.direct", number=number)
    prefix = f"member:{told.project['section']['code']}:"
    named = {e["subject"].removeprefix(prefix) for e in told.ledger["entries"] if e["kind"] == "member.name"}
    for sheet in told.evaluation["sheets"]:
        need(sheet["member"] in invited.keys() | named, "archive.seat", label=sheet["member"])
