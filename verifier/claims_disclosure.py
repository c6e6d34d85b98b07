"""The claim that every part of the file is a salted leaf of its class: the parts are derived again from the list."""

from collections.abc import Iterator
from typing import Any

from .canonical import digest, exactly, need, unhex
from .claims_export import EDITIONS, check_root, personal
from .verdict import Case, Findings

APART = ("manifest.json", "disclosure.json")
Part = tuple[str, str, Any]


def disclosure(case: Case, out: Findings) -> tuple[str, str]:
    """Classes follow from the list in force, every salt is its own, the platform signed the root."""
    built = str(case.archive.json("manifest.json")["built_at"])[:10]
    if "disclosure.json" not in case.archive.members:
        need(built < EDITIONS[0][0], "缺少 disclosure.json", "disclosure.json is missing")
        return "早于清单，未载", "older than the list"
    held = exactly(case.archive.json("disclosure.json"), ("edition", "salts", "note"))
    known = [sha for first, sha in EDITIONS if first <= built] or [EDITIONS[0][1]]
    with out.at("disclosure.json edition"):
        need(digest(held["edition"]) == known[-1], "不是归档时有效的清单", "is not the list in force at sealing")
    found, salts = list(split(case, held["edition"])), held["salts"]
    with out.at("disclosure.json salts"):
        need(len(salts) == len(found) == len(set(salts)), "盐的数目不对或有重复", "wrong number of salts, or one twice")
        for salt in salts:
            unhex(salt, 32)
        leaves = [
            {"class": klass, "place": place, "commitment": digest({"salt": salt, "value": value})}
            for (place, klass, value), salt in zip(found, salts, strict=True)
        ]
    with out.at("disclosure.json note"):
        check_root(held["note"], case, case.section, leaves)
    return f"{len(found)} 个部分各有其类别与叶子", f"{len(found)} parts, each with its class and leaf"


def split(case: Case, edition: dict[str, Any]) -> Iterator[Part]:
    """Place, class and value of every part, in the order of archive.md."""
    rules = edition["members"]
    if "selection" in (case.archive.json("project.json")["section"].get("method") or {}):
        rules = [one | {"public": [k for k in one.get("public", ()) if k not in one["unranked"]], "own": []}
                 if "unranked" in one else one for one in rules]  # fmt: skip
    for path in sorted(path for path in case.archive.members if path.endswith(".json") and path not in APART):
        yield from map(lowered, member(path, case.archive.json(path), rules))
    classes = {row["sha256"]: "party" for row in case.archive.rows("documents.json")}
    for row in case.archive.rows("notices.json"):
        classes |= {file["sha256"]: "public" for file in row["attachments"]}
    objects = sorted(path.removeprefix("objects/") for path in case.archive.members if path.startswith("objects/"))
    for place, sha in enumerate(objects):
        size = case.archive.members[f"objects/{sha}"].size
        yield lowered((f"objects#{place}", classes.get(sha, "supervisor"), {"sha256": sha, "size": size}))


def lowered(part: Part) -> Part:
    """A public part with personal data is the parties'."""
    place, klass, value = part
    return (place, "party", value) if klass == "public" and personal(value) else part


def member(path: str, value: Any, rules: list[dict[str, Any]]) -> Iterator[Part]:
    """The parts of one JSON member: its lists row by row, then the rest."""
    mine = [rule for rule in rules if rule["path"] == path]
    taken, whole = set(), False
    for rule in mine:
        if "each" in rule:
            under = rule["each"]
            rows = value[under] if under else value
            taken.add(under)
            whole = whole or not under
            stem = f"{path}#/{under}/" if under else f"{path}#/"
            for place, row in enumerate(rows):
                yield from grouped(f"{stem}{place}", row, rule)
            yield f"{stem}-", "public", {"count": len(rows)}
    if whole:
        return
    if not isinstance(value, dict):
        yield f"{path}#", "supervisor", value
        return
    rest = {key: one for key, one in value.items() if key not in taken}
    yield from grouped(f"{path}#", rest, next((rule for rule in mine if "each" not in rule), {}))


def grouped(place: str, row: dict[str, Any], rule: dict[str, Any]) -> Iterator[Part]:
    """One row's parts: public, parties', those apart, and what is left to the supervisor."""
    shut = any(str(row["subject"] or "").startswith(start) for start in rule.get("hidden", ()))
    left = dict(row)
    for klass in ("public", "party"):
        shown = {} if shut else {key: left.pop(key) for key in rule.get(klass, ()) if key in left}
        if shown:
            yield f"{place}:{klass}", klass, shown
    own = {} if shut else {key: left.pop(key) for key in rule.get("own", ()) if key in left}
    if own:
        yield f"{place}:own", f"bid:{row[rule['of']]}", own
    for key in () if shut else rule.get("apart", ()):
        if key in left:
            yield f"{place}:{key}", "public", {key: left.pop(key)}
    if not shut and any(str(row["kind"]).startswith(start) for start in rule.get("facts", ())):
        yield f"{place}:facts", "public", {"facts": left.pop("facts"), "salt": left.pop("salt")}
    if left:
        yield f"{place}:supervisor", "supervisor", left
