"""Who may see which part of a closed file: every part a salted leaf, so that what is hidden can still be proved.

The parts follow from the file and the dated list of classes alone; a part that shows a phone or an identity number
never stands in the public class.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import rfc8785

from core.ledger import merkle
from core.ledger.notes import Signer

PUBLIC, PARTY, SUPERVISOR = "public", "party", "supervisor"
CLASSES = (PUBLIC, PARTY, SUPERVISOR)
"""Each sees what those before it see, and more."""
OWN = "bid:"
"""Before the number of the bid whose bidder alone, of all parties, may see the part (R-506)."""
OPENS = {name: frozenset(CLASSES[: place + 1]) for place, name in enumerate(CLASSES)}
NOTE = "sunbid-disclosure/v1"
MEMBER = "disclosure.json"
PERSONAL = re.compile(
    r"(?<![0-9A-Za-z.])1[3-9][0-9][- ]?[0-9]{4}[- ]?[0-9]{4}(?![0-9A-Za-z])"
    r"|(?<![0-9A-Za-z])0[0-9]{2,3}-[0-9]{7,8}(?![0-9A-Za-z])"
    r"|(?<![0-9A-Za-z])[1-8][0-9]{5}(?:19|20)[0-9]{9}[0-9Xx](?![0-9A-Za-z])"
)
"""Mobile and landline numbers, and identity numbers of eighteen places."""


@dataclass(frozen=True)
class Part:
    """One leaf to be: where it stands, who may see it, what it says."""

    place: str
    klass: str
    value: Any


@lru_cache(1)
def editions() -> list[dict[str, Any]]:
    """Every edition of the list of classes, oldest first."""
    held = json.loads((Path(__file__).parents[1] / "archive.json").read_bytes())
    return sorted(held["classes"], key=lambda one: str(one["from"]))


def edition_at(built_at: str) -> dict[str, Any]:
    """The edition in force at an instant (ISO, UTC); before the first one, the first."""
    return [one for one in editions() if one["from"] <= built_at[:10] or one is editions()[0]][-1]


def is_personal(value: Any) -> bool:
    """Whether a phone or an identity number stands anywhere in the text of it."""
    if isinstance(value, str):
        return PERSONAL.search(value) is not None
    if isinstance(value, dict):
        return any(is_personal(key) or is_personal(one) for key, one in value.items())
    return isinstance(value, list) and any(is_personal(one) for one in value)


def parts(
    edition: Mapping[str, Any], paths: Iterable[str], member: Callable[[str], Any], objects: Mapping[str, int]
) -> list[Part]:
    """Every part of the file in order: JSON members by path, then objects by hash; nothing is in no part."""
    found: list[Part] = []
    ranked = "selection" not in (member("project.json")["section"].get("method") or {})
    for path in sorted(paths):
        rules = [rule if ranked else _unranked(rule) for rule in edition["members"] if rule["path"] == path]
        found += _of_member(path, member(path), rules)
    open_to = _files(member)
    for place, (sha256, size) in enumerate(sorted(objects.items())):
        found.append(Part(f"objects#{place}", open_to.get(sha256, SUPERVISOR), {"sha256": sha256, "size": size}))
    return [
        Part(one.place, PARTY, one.value) if one.klass == PUBLIC and is_personal(one.value) else one for one in found
    ]


def _unranked(rule: Mapping[str, Any]) -> Mapping[str, Any]:
    """The rule where candidates have no order (评定分离): what would tell one is the supervisors'."""
    if "unranked" not in rule:
        return rule
    return {**rule, "public": [key for key in rule.get("public", []) if key not in rule["unranked"]], "own": []}


def _files(member: Callable[[str], Any]) -> dict[str, str]:
    """Attachments of notices are public, as they were; tender documents are the parties'."""
    held = {row["sha256"]: PARTY for row in member("documents.json")}
    return held | {file["sha256"]: PUBLIC for row in member("notices.json") for file in row["attachments"]}


def _of_member(path: str, value: Any, rules: Sequence[Mapping[str, Any]]) -> list[Part]:
    found: list[Part] = []
    rest = value
    for rule in rules:
        if "each" not in rule:
            continue
        rows = value[rule["each"]] if rule["each"] else value
        rest = {key: one for key, one in rest.items() if key != rule["each"]} if rule["each"] else None
        stem = f"{path}#/{rule['each']}/" if rule["each"] else f"{path}#/"
        for place, row in enumerate(rows):
            found += _groups(f"{stem}{place}", row, rule)
        found.append(Part(f"{stem}-", PUBLIC, {"count": len(rows)}))
    if rest is not None:
        whole = next((rule for rule in rules if "each" not in rule), {})
        found += _groups(f"{path}#", rest, whole) if isinstance(rest, dict) else [Part(f"{path}#", SUPERVISOR, rest)]
    return found


def _groups(place: str, row: Mapping[str, Any], rule: Mapping[str, Any]) -> list[Part]:
    """The row's members by class, what stands apart by itself; what no rule names is the supervisor's."""
    public = set(rule.get("public", []))
    apart = [key for key in rule.get("apart", []) if key in row]
    party, own = set(rule.get("party", [])), set(rule.get("own", []))
    if "facts" in rule and any(row["kind"].startswith(one) for one in rule["facts"]):
        apart.append("facts")
    if any((row["subject"] or "").startswith(one) for one in rule.get("hidden", [])):
        public, apart, party, own = set(), [], set(), set()
    told = {PUBLIC: {k: v for k, v in row.items() if k in public}, PARTY: {k: v for k, v in row.items() if k in party}}
    mine = {k: v for k, v in row.items() if k in own}
    left = {k: v for k, v in row.items() if k not in public | party | own | set(apart)}
    if "facts" in apart:
        left.pop("salt")
    found = [Part(f"{place}:{klass}", klass, value) for klass, value in told.items() if value]
    if mine:
        found.append(Part(f"{place}:own", f"{OWN}{row[rule['of']]}", mine))
    for key in apart:
        pair = {"facts": row["facts"], "salt": row["salt"]} if key == "facts" else {key: row[key]}
        found.append(Part(f"{place}:{key}", PUBLIC, pair))
    return found + ([Part(f"{place}:{SUPERVISOR}", SUPERVISOR, left)] if left else [])


def may_see(klass: str, bid: int | None, leaf: str) -> bool:
    """Whether a leaf of that class is opened to `klass`; `bid`: whose bidder it is for, among the parties."""
    if leaf.startswith(OWN):
        return klass == SUPERVISOR or (klass == PARTY and leaf == f"{OWN}{bid}")
    return leaf in OPENS[klass]


def commitment(salt: str, value: Any) -> str:
    """What stands for a hidden part: SHA-256 of the canonical `{"salt", "value"}`."""
    return hashlib.sha256(rfc8785.dumps({"salt": salt, "value": value})).hexdigest()


def root_of(leaves: Iterable[Mapping[str, str]]) -> bytes:
    """The Merkle root over the canonical `{"class", "commitment", "place"}` of every leaf."""
    hashes = [
        merkle.leaf_hash(rfc8785.dumps({name: leaf[name] for name in ("class", "commitment", "place")}))
        for leaf in leaves
    ]
    return merkle.root(merkle.nodes_of(hashes), len(hashes))


def note_body(section: str, count: int, root: bytes) -> str:
    """What the platform signs of the leaves: type, section, how many, base64 of the root."""
    return f"{NOTE}\n{section}\n{count}\n{base64.b64encode(root).decode()}\n"


def disclosed(
    section: str,
    edition: Mapping[str, Any],
    found: Sequence[Part],
    salts: Sequence[str],
    signer: Signer,
) -> dict[str, Any]:
    """The member `disclosure.json`: the edition, a salt for every part, the signed root."""
    leaves = leaves_of(found, salts)
    return {
        "edition": dict(edition),
        "salts": list(salts),
        "note": signer.note(note_body(section, len(leaves), root_of(leaves))),
    }


def leaves_of(found: Sequence[Part], salts: Sequence[str]) -> list[dict[str, str]]:
    """Each part as its leaf."""
    return [
        {"class": part.klass, "place": part.place, "commitment": commitment(salt, part.value)}
        for part, salt in zip(found, salts, strict=True)
    ]
