"""Shared pools: what platforms ask and answer each other, field by field (docs/spec/shared-pools.md)."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from core import canonical
from core.clock import from_iso
from core.errors import Invalid, Refusal
from experts.rules.avoidance import Party
from experts.rules.shape import Constraints, Seat

POOLS, POOLS_ANSWER = "sunbid-federation/pools/v1", "sunbid-federation/pools-answer/v1"
CANDIDATES, CANDIDATES_ANSWER = "sunbid-federation/candidates/v2", "sunbid-federation/candidates-answer/v2"
CANDIDATES_ANSWERS = (CANDIDATES_ANSWER, "sunbid-federation/candidates-answer/v1")
"""What archives may hold: whoever signed the older one gave no word of its own on people who will not come."""
SEATS, SEATS_ANSWER = "sunbid-federation/seats/v1", "sunbid-federation/seats-answer/v2"
LEFT = "sunbid-federation/left/v1"
MARK = "/"
"""Parts a partner's code from what is the partner's own: a pool `jx/JX-1`, a candidate `jx/0123456789abcdef`."""
MOST_CANDIDATES = 250_000
LOAN_STATES = ("invited", "accepted", "declined", "barred", "recalled")
GONE = ("declined", "barred", "recalled")
ROLES = ("tenderee", "agent", "authority", "bidder")

_CODE = re.compile(r"[a-z][a-z0-9]{1,11}", re.ASCII)
_NAME = re.compile(r"[0-9a-f]{16}", re.ASCII)
_HEX = re.compile(r"[0-9a-f]{64}", re.ASCII)
_ID = re.compile(r"[0-9a-f]{32}", re.ASCII)


def check_partner_code(code: str) -> str:
    """A partner's short code: a small letter, then small letters or digits; Invalid("partner.code")."""
    if not _CODE.fullmatch(code):
        raise Invalid("partner.code", field="code", found=code[:20])
    return code


def apart(code: str) -> tuple[str, str]:
    """The partner's code and the rest: `jx/JX-1` is `jx` and `JX-1`; one of our own has no partner."""
    partner, mark, rest = code.partition(MARK)
    return (partner, rest) if mark else ("", code)


def by_partner(pools: Sequence[str]) -> dict[str, list[str]]:
    """The partners' pools by partner, both in the order named."""
    found: dict[str, list[str]] = {}
    for pool in pools:
        partner, rest = apart(pool)
        found.setdefault(partner, []).append(rest)
    return found


def is_guest(candidate: str) -> bool:
    """Whether a candidate's name is a partner's."""
    return MARK in candidate


def digest(value: Mapping[str, Any]) -> str:
    """SHA-256 of the value's canonical JSON, hex."""
    return hashlib.sha256(canonical.dumps(dict(value))).hexdigest()


def party_json(party: Party) -> dict[str, Any]:
    """A party as it is told to a partner; each of its people once, in whatever parts they appear."""
    people = list(dict.fromkeys(party.people))
    return {"role": party.role, "name": party.name, "identifier": party.identifier, "people": people}


def parties_of(question: Mapping[str, Any]) -> list[Party]:
    """The parties of a checked question."""
    return [Party(one["role"], one["name"], one["identifier"], tuple(one["people"])) for one in question["parties"]]


def seats_of_question(question: Mapping[str, Any]) -> tuple[Seat, ...]:
    """The seats of a checked question."""
    return tuple(Seat(one["speciality"], one["count"]) for one in question["seats"])


def limits_of(question: Mapping[str, Any]) -> Constraints:
    """The limits of a checked question."""
    held = question["limits"]
    return Constraints(tuple(held["regions"]), held["most_seats"])


def checked(check: Callable[[], object]) -> None:
    """Run the check of a stranger's document: whatever breaks is Invalid("partner.malformed")."""
    try:
        check()
    except Refusal:
        raise
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise Invalid("partner.malformed", what=str(error)[:80]) from None


def check_question(document: Mapping[str, Any]) -> None:
    """A question for candidates has every field, in its shape and within bounds; Invalid("partner.malformed")."""

    def check() -> None:
        _exactly(
            document,
            "type id at from to as label section pools seats meets_at hours limits parties avoid commitments earlier",
        )
        _need(document["type"] == CANDIDATES, "type")
        _head(document)
        _need(bool(_ID.fullmatch(document["id"])), "id")
        _need(bool(_CODE.fullmatch(document["as"])), "as")
        _labels(document["section"], [document["label"], *document["earlier"]])
        _texts(document["pools"], 50)
        _need(bool(document["pools"]), "pools")
        _need(0 < len(document["seats"]) <= 50, "seats")
        for seat in document["seats"]:
            _exactly(seat, "speciality count")
            _text(seat["speciality"], 60)
            _whole(seat["count"], 1, 99)
        _need(from_iso(document["meets_at"]).tzinfo is not None, "meets_at")
        _whole(document["hours"], 1, 240)
        _exactly(document["limits"], "regions most_seats")
        _texts(document["limits"]["regions"], 50)
        if document["limits"]["most_seats"] is not None:
            _whole(document["limits"]["most_seats"], 1, 365)
        _parties(document)
        _need(0 < len(document["commitments"]) <= 9, "commitments")
        for party, commitment in document["commitments"].items():
            _text(party, 40)
            _need(bool(_HEX.fullmatch(commitment)), "commitments")

    checked(check)


def passed_over(
    order: Sequence[str], specialities: Mapping[str, Sequence[str]], held: Mapping[str, str], gone: Collection[str]
) -> str | None:
    """The first of a lender's own candidates whom the host's seats pass over; None where the drawn order was kept.

    `order`: the lender's candidates in the order of the draw, `held`: the speciality of each seat that is held, `gone`:
    who has left. Whoever holds a speciality of a seat that somebody later in the order has been given would have been
    seated when the walk came by: whatever other platforms' candidates there are, the walk's matching then had room.
    """
    for place, candidate in enumerate(order):
        if candidate in held or candidate in gone:
            continue
        if any(held[later] in specialities[candidate] for later in order[place + 1 :] if later in held):
            return candidate
    return None


def check_answer(document: Mapping[str, Any], request: Mapping[str, Any], request_sha256: str) -> None:
    """An answer speaks of this very request and its lists hold together; Invalid partner.malformed or partner.other."""

    def check() -> None:
        _exactly(document, "type id request_sha256 at from to label candidates excluded health table_sha256")
        _need(document["type"] == CANDIDATES_ANSWER, "type")
        _head(document)
        names = ("id", "label")
        if any(document[name] != request[name] for name in names) or document["request_sha256"] != request_sha256:
            raise Invalid("partner.other", label=str(request["label"]))
        wanted = {seat["speciality"] for seat in request["seats"]}
        found = document["candidates"]
        _need(len(found) + len(document["excluded"]) <= MOST_CANDIDATES, "candidates")
        for name, held in found.items():
            _need(bool(_NAME.fullmatch(name)), "candidates")
            _texts(held, 100)
            _need(bool(wanted.intersection(held)), "candidates")
        seen = set(found)
        for row in document["excluded"]:
            _exactly(row, "candidate reasons")
            _need(bool(_NAME.fullmatch(row["candidate"])) and row["candidate"] not in seen, "excluded")
            _texts(row["reasons"], 20)
            seen.add(row["candidate"])
        _exactly(document["health"], "bits by_speciality eligible is_thin needed top_ten_percent")
        _need(document["health"]["eligible"] == len(found), "health")
        _need(bool(_HEX.fullmatch(document["table_sha256"])), "table_sha256")

    checked(check)


def check_seats(document: Mapping[str, Any]) -> None:
    """The host's word on who is seated has every field; Invalid("partner.malformed")."""

    def check() -> None:
        _exactly(
            document, "type id at from to label section seed reveals meets_at hours place recipient parties avoid seats"
        )
        _need(document["type"] == SEATS, "type")
        _head(document)
        _need(bool(_ID.fullmatch(document["id"])), "id")
        _labels(document["section"], [document["label"]])
        _need(bool(_HEX.fullmatch(document["seed"])), "seed")
        _need(0 < len(document["reveals"]) <= 9, "reveals")
        _need(all(_HEX.fullmatch(nonce) for nonce in document["reveals"].values()), "reveals")
        _need(from_iso(document["meets_at"]).tzinfo is not None, "meets_at")
        _whole(document["hours"], 1, 240)
        _need(isinstance(document["place"], str) and len(document["place"]) <= 400, "place")
        _text(document["recipient"], 100)
        _parties(document)
        _need(len(document["seats"]) <= 999, "seats")
        for seat in document["seats"]:
            _exactly(seat, "candidate speciality state")
            _need(bool(_NAME.fullmatch(seat["candidate"])), "candidate")
            _text(seat["speciality"], 60)
            _need(seat["state"] in ("held", "left"), "state")
        names = [seat["candidate"] for seat in document["seats"]]
        _need(len(set(names)) == len(names), "candidate")

    checked(check)


def check_seats_answer(document: Mapping[str, Any], request: Mapping[str, Any], request_sha256: str) -> None:
    """The partner's word on its people speaks of this request and of the seats named in it, once each."""

    def check() -> None:
        _exactly(document, "type id request_sha256 at from to label seats")
        _need(document["type"] == SEATS_ANSWER, "type")
        _head(document)
        if document["id"] != request["id"] or document["request_sha256"] != request_sha256:
            raise Invalid("partner.other", label=str(request["label"]))
        named = [seat["candidate"] for seat in request["seats"]]
        _need([seat["candidate"] for seat in document["seats"]] == named, "seats")
        for seat in document["seats"]:
            _exactly(seat, "candidate state reason box word")
            _need(seat["state"] in LOAN_STATES, "state")
            _need(isinstance(seat["reason"], str) and len(seat["reason"]) <= 1000, "reason")
            _need(seat["box"] is None or (isinstance(seat["box"], str) and len(seat["box"]) <= 60_000), "box")
            _need((seat["word"] is not None) == (seat["state"] in GONE), "word")
            if seat["word"] is not None:
                _exactly(seat["word"], "document signature")
                said = left_word(document["from"], document["to"], document["label"], seat["candidate"], seat["state"])
                _need(seat["word"]["document"] == said, "word")

    checked(check)


def left_word(by: str, to: str, label: str, candidate: str, state: str) -> dict[str, str]:
    """What a lender signs of each of its people who will not come: the host keeps it beside the empty seat.

    Nobody can then be passed over as "declined" whom the lender never said so of.
    """
    return {"type": LEFT, "from": by, "to": to, "label": label, "candidate": candidate, "state": state}


def check_guest(record: Any) -> dict[str, Any]:
    """What a partner tells of a seated person, opened from its box: {name, unit, specialities, certificate}."""

    def check() -> None:
        _exactly(record, "name unit specialities certificate")
        _text(record["name"], 100)
        _exactly(record["unit"], "name identifier")
        _text(record["unit"]["name"], 200)
        _text(record["unit"]["identifier"], 40)
        _texts(record["specialities"], 100)
        _text(record["certificate"], 20_000)

    checked(check)
    found: dict[str, Any] = record
    return found


def check_pools(document: Mapping[str, Any], request: Mapping[str, Any], request_sha256: str) -> list[dict[str, str]]:
    """The pools a partner lends to us, by code; Invalid as `check_answer`."""

    def check() -> None:
        _exactly(document, "type id request_sha256 at from to pools")
        _need(document["type"] == POOLS_ANSWER, "type")
        _head(document)
        if document["id"] != request["id"] or document["request_sha256"] != request_sha256:
            raise Invalid("partner.other", label="pools")
        _need(len(document["pools"]) <= 200, "pools")
        for pool in document["pools"]:
            _exactly(pool, "code name region")
            _need(bool(re.fullmatch(r"[A-Z0-9][A-Z0-9-]{1,39}", pool["code"], re.ASCII)), "code")
            _text(pool["name"], 200)
            _need(bool(re.fullmatch(r"\d{6}", pool["region"], re.ASCII)), "region")

    checked(check)
    return [dict(pool) for pool in document["pools"]]


def _exactly(value: Any, names: str) -> None:
    _need(isinstance(value, dict) and value.keys() == set(names.split()), "fields")


def _need(holds: bool, what: str) -> None:
    if not holds:
        raise ValueError(what)


def _text(value: Any, most: int) -> None:
    _need(isinstance(value, str) and 0 < len(value) <= most, "text")


def _texts(value: Any, most: int) -> None:
    _need(isinstance(value, list) and len(value) <= most and len(set(value)) == len(value), "list")
    for one in value:
        _text(one, 200)


def _whole(value: Any, least: int, most: int) -> None:
    _need(type(value) is int and least <= value <= most, "number")


def _head(document: Mapping[str, Any]) -> None:
    _text(document["from"], 300)
    _text(document["to"], 300)
    _text(document["at"], 40)


def _labels(section: Any, labels: Sequence[Any]) -> None:
    _text(section, 100)
    first = f"experts:{section}"
    for label in labels:
        tail = label.removeprefix(first)
        _need(label.startswith(first) and (not tail or (tail[0] == ":" and tail[1:].isdigit())), "label")


def _parties(document: Mapping[str, Any]) -> None:
    _need(0 < len(document["parties"]) <= 5_000, "parties")
    for party in document["parties"]:
        _exactly(party, "role name identifier people")
        _need(party["role"] in ROLES, "role")
        _text(party["name"], 300)
        _need(isinstance(party["identifier"], str) and len(party["identifier"]) <= 60, "identifier")
        _texts(party["people"], 50)
    _need(len(document["avoid"]) <= 1_000, "avoid")
    for row in document["avoid"]:
        _exactly(row, "person unit")
        _text(row["person"], 100)
        _need(isinstance(row["unit"], str) and len(row["unit"]) <= 300, "unit")
