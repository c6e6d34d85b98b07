"""Whether the section's file is complete, before it is sealed and when it is: the list in force, and what lacks."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from awards.rules.completeness import LACKS, Required, edition_at, judge
from awards.rules.evidence import evidence_of
from bidding.models import Section
from core.act import Act
from core.clock import iso
from core.errors import Conflict
from core.store import ObjectStore


@dataclass(frozen=True)
class Judged:
    """The list in force, a row for each of its items, and the files that are named but not held (hash to name)."""

    edition: dict[str, Any]
    rows: list[dict[str, Any]]
    missing: dict[str, str]

    @property
    def lacking(self) -> list[str]:
        """The codes of what must be there and is not."""
        return [row["code"] for row in self.rows if row["state"] == LACKS]


def judged(
    store: ObjectStore,
    section: Section,
    members: dict[str, Any],
    told: list[str],
    at: str,
    made: Collection[str] = (),
) -> Judged:
    """Judge the members; `made`: hashes of files that the sealing itself puts into the store."""
    wanted = objects_of(members)
    missing = sorted(sha256 for sha256 in wanted if sha256 not in made and not store.has(sha256))
    edition = edition_at(at)
    rows = judge(
        edition,
        regime=section.project.regime,
        procedure=section.project.procedure,
        told=told,
        member=lambda path: members[path.removesuffix(".json")],
        objects=len(wanted) - len(missing),
        missing=len(missing),
    )
    names = dict(_named(members))
    return Judged(edition, rows, {sha256: names.get(sha256, sha256[:16]) for sha256 in missing})


def completeness(act: Act, section: Section, members: dict[str, Any]) -> dict[str, Any]:
    """The list in force with its rows; Conflict("archive.incomplete", codes, files) where something is lacking."""
    told = [entry["kind"] for entry in members["ledger"]["entries"]]
    found = judged(act.store, section, members, told, iso(act.now))
    if found.lacking:
        raise Conflict(
            "archive.incomplete",
            section=section.code,
            codes=[Required(code) for code in found.lacking],
            files=list(found.missing.values()),
        )
    return {"edition": found.edition, "rows": found.rows}


def _named(value: Any) -> Iterator[tuple[str, str]]:
    """Every (hash, name) that stands side by side anywhere."""
    if isinstance(value, dict):
        if isinstance(value.get("sha256"), str) and isinstance(value.get("name") or value.get("kind"), str):
            yield value["sha256"], value.get("name") or value["kind"]
        value = list(value.values())
    if isinstance(value, list):
        for one in value:
            yield from _named(one)


def objects_of(members: dict[str, Any]) -> set[str]:
    """The hash of every stored object the members name; a prober's log of an outage is an attachment of its notice."""
    wanted = _objects_of_round(members)
    if "first_round" in members:
        wanted |= _objects_of_round(members["first_round"])
    answers = (row["answer"] for row in members["bid_clarifications"] if row["answer"])
    wanted |= {file["sha256"] for answer in answers for file in answer["files"]}
    for inspected in members["selection"]["inspections"]:
        wanted |= {file["sha256"] for file in inspected["files"]}
    for signed in members["contracts"]:
        wanted.add(signed["pdf_sha256"])
        wanted |= {file["sha256"] for event in signed["events"] for file in event["files"]}
    for held in members["complaints"]:
        for files in (held["files"], *(step["files"] for step in held["steps"])):
            wanted |= {file["sha256"] for file in files}
    # What a scan was made from: the bids' own files are in their sealed originals already.
    scans = [*members["warnings"].get("earlier_scans", []), members["warnings"]["scan"] or {}]
    plain = {
        file["sha256"]
        for bid in members["bids"]
        for part in (bid["envelopes"] or {}).values()
        for file in part.get("files", [])
    }
    for held in filter(None, (one.get("material") for one in scans)):
        wanted |= {*held["files"].values(), *filter(None, [held["archive"]])} - plain
    return wanted


def _objects_of_round(members: dict[str, Any]) -> set[str]:
    """The objects of one round of sealed bids: of its notices, documents, reports, hall, bids and submissions."""
    wanted = {attachment["sha256"] for notice in members["notices"] for attachment in notice["attachments"]}
    wanted |= {document["sha256"] for document in members["documents"]}
    wanted |= {report["sha256"] for report in members["reports"] if report["sha256"]}
    wanted |= set(evidence_of(members["opening"]))
    for bid in members["bids"]:
        wanted |= {part["backup"] for part in (bid["envelopes"] or {}).values() if part.get("backup")}
    for row in members["submissions"]:
        wanted |= set(row["identity"].values())
        for envelope in row["submission"].get("envelopes", {}).values():
            wanted.add(envelope["bulk"]["sha256"])
            wanted |= {key["sha256"] for key in envelope["keys"].values()}
    return wanted
