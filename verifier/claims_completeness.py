"""The claim that the file is complete: the list in force when it was sealed, and every row of it counted again."""

from typing import Any

from .canonical import Wrong, digest, exactly, need, same
from .verdict import Case, Findings

EDITIONS = (
    ("2026-10-01", "345740ff61d1cd7f2b5472fd15cfa2766f37aa741d44b9af785c5b623085beab"),
    ("2026-12-02", "c4db0673459d9c86579e487cea2826a9932eac74a230a52bb61825cc9a8a696f"),
)
"""First day and SHA-256 of the canonical JSON of every edition of the list, as archive.md prints them."""


def completeness(case: Case, out: Findings) -> tuple[str, str]:
    """Every item the law and the procedure require is there; what may come later is said to be owed."""
    built = str(case.archive.json("manifest.json")["built_at"])[:10]
    if "completeness.json" not in case.archive.members:
        need(built < EDITIONS[0][0], "缺少 completeness.json", "completeness.json is missing")
        return "早于清单，未载", "older than the list"
    held = exactly(case.archive.json("completeness.json"), ("edition", "rows"))
    known = [sha256 for first, sha256 in EDITIONS if first <= built] or [EDITIONS[0][1]]
    with out.at("completeness.json edition"):
        need(digest(held["edition"]) == known[-1], "不是归档时有效的清单", "is not the list in force at sealing")
    kinds = [str(entry.get("kind")) for entry in case.entries]
    project, rows = case.archive.json("project.json"), []
    for item in held["edition"]["items"]:
        allowed = item.get("procedures", (project["procedure"],))
        if project["regime"] in item["regimes"] and project["procedure"] in allowed:
            found = count(case, item, kinds)
            called = "if" not in item or any(kind in item["if"] for kind in kinds)
            late = "lacks" if item["level"] == "must" else "later"
            late = "excused" if "recorded" in item and recorded(case, item["recorded"])[1] else late
            state = "there" if found else late if called else "not_needed"
            rows.append({"code": item["code"], "found": found, "state": state})
            if state == "lacks":
                why = f"{item['rule']} {item['source']}"
                out.add(str(item["code"]), f"应有而缺（{why}）", f"required and lacking ({why})")
    with out.at("completeness.json rows"):
        need(same(rows, held["rows"]), "所载与档案不符", "the rows do not follow from the file")
    there, later = (sum(row["state"] == state for row in rows) for state in ("there", "later"))
    return f"{there} 项在档，{later} 项待补", f"{there} items there, {later} owed as supplements"


def count(case: Case, item: dict[str, Any], kinds: list[str]) -> int:
    """How often the file holds what the item asks for."""
    if "told" in item:
        return sum(kind in item["told"] for kind in kinds)
    if "recorded" in item:
        return recorded(case, item["recorded"])[0]
    if "rows" in item:
        return sum(len(case.archive.rows(path)) for path in item["rows"])
    if "report" in item:
        rows = case.archive.rows("reports.json")
        return sum(1 for row in rows if row.get("kind") == item["report"] and row.get("sha256"))
    if item.get("objects") is True:
        return sum(path.startswith("objects/") for path in case.archive.members)
    raise Wrong("清单项目不识", "unknown item")


def recorded(case: Case, room: str) -> tuple[int, bool]:
    """How many recordings of a room stand, nought where one of its places has none; whether each is accounted for."""
    index = case.archive.json("recordings.json")
    standing = [row for row in index["rows"] if row["room"] == room and row["state"] == "standing"]
    files = [row for row in standing if row["sha256"] is not None]
    places = set(index["places"][room])
    full, told = (places <= {row["site"] for row in rows} for rows in (files, standing))
    return len(files) if full else 0, full or told
