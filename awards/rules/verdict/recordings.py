"""The claim that the index of recordings is the ledger's: every entry as it was told, none left out, none changed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from awards.rules.recordings import EVALUATION, MEDIA, NO_SITE, ROOMS, STANDING, WITHDRAWN
from awards.rules.renewal import rule_at
from awards.rules.verdict.filing import SALT as DIGEST
from awards.rules.verdict.told import Told, need
from core.clock import from_iso

KINDS = ("recording.register", "recording.miss")
LAG = timedelta(seconds=60)


def check_recordings(told: Told) -> dict[str, Any]:
    """Entries 1, 2, 3 … are those the ledger tells, in its order; withdrawn exactly where it tells a withdrawal."""
    code = told.project["section"]["code"]
    entries = [e for e in told.ledger["entries"] if e["subject"] and e["subject"].startswith(f"recording:{code}:")]
    if "recordings.json" not in told.container.members:
        need(not entries, "archive.missing", path="recordings.json")
        return {"recordings": 0, "missing": 0, "withdrawn": 0}
    held = told.recordings
    need(set(held) == {"places", "rows"}, "archive.json", path="recordings.json")
    sites = told.facts_of("committee.sites", f"committee:{code}")
    places = {room: [NO_SITE] for room in ROOMS}
    if sites:
        places[EVALUATION] = [one["code"] for one in sites[-1]["sites"]]
    need(held["places"] == places, "archive.recording", number=0, what="places")
    known = {site for fact in sites for site in (one["code"] for one in fact["sites"])} or {NO_SITE}
    made = [entry for entry in entries if entry["kind"] in KINDS]
    need(len(made) == len(held["rows"]), "archive.recording", number=len(made), what="index")
    for number, (row, entry) in enumerate(zip(held["rows"], made, strict=True), 1):
        said = {name: value for name, value in row.items() if name not in ("registered_at", "state", "withdrawn")}
        numbered = row["number"] == number and entry["subject"] == f"recording:{code}:{number}"
        need(numbered and said == entry["facts"], "archive.recording", number=number, what="ledger")
        lag = from_iso(entry["at"]) - from_iso(row["registered_at"])
        need(timedelta(0) <= lag <= LAG, "archive.recording", number=number, what="instant")
        _check_withdrawal(row, [e for e in entries if e["subject"] == entry["subject"] and e is not entry])
        need(row["room"] in ROOMS, "archive.recording", number=number, what="room")
        need(row["site"] in (known if row["room"] == EVALUATION else {NO_SITE}), "archive.recording", number=number,
             what="site")  # fmt: skip
        _check_row(row, entry["kind"])
    standing = [row for row in held["rows"] if row["state"] == STANDING]
    kept = [row["sha256"] for row in standing if row["sha256"] is not None]
    need(len(set(kept)) == len(kept), "archive.recording", number=0, what="twice")
    return {
        "recordings": len(kept),
        "missing": len(standing) - len(kept),
        "withdrawn": len(held["rows"]) - len(standing),
    }


def _check_withdrawal(row: dict[str, Any], later: list[dict[str, Any]]) -> None:
    told = [entry["facts"]["reason"] for entry in later if entry["kind"] == "recording.withdraw"]
    state = WITHDRAWN if told else STANDING
    whole = len(told) == len(later) <= 1 and (row["state"], [row["withdrawn"]]) == (state, told or [None])
    need(whole, "archive.recording", number=row["number"], what="withdrawal")


def _check_row(row: dict[str, Any], kind: str) -> None:
    """A recording has a hash, a length and a place; a note that there is none has a reason and nothing else."""
    number, at = row["number"], from_iso(row["registered_at"])
    years = int(row["keep"]["years"]) >= int(rule_at(at)["years"]) and row["keep"]["rule"] == rule_at(at)["rule"]
    need(years, "archive.recording", number=number, what="keep")
    if kind == "recording.miss":
        empty = [row[name] for name in ("media", "began_at", "ended_at", "sha256", "size")] == [None] * 5
        need(empty and row["reason"] != "", "archive.recording", number=number, what="reason")
        return
    need(row["media"] in MEDIA and not row["reason"], "archive.recording", number=number, what="media")
    times = from_iso(row["began_at"]) < from_iso(row["ended_at"]) <= at
    need(times, "archive.recording", number=number, what="times")
    sized = type(row["size"]) is int and row["size"] > 0 and DIGEST.fullmatch(row["sha256"]) is not None
    need(sized and "" not in (row["location"], row["custody"]), "archive.recording", number=number, what="file")
