"""Claims about 评定分离: the plan of the tender, the committee by rule, every ballot as sealed, the winner replayed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from awards.rules.selection import ballot_digest, drawn_seats, replayed
from awards.rules.verdict.told import Told, need, need_object
from bidding.rules.selection import roll_digest


def check_selection(told: Told) -> dict[str, Any]:
    """Where the method names an award committee, its last sitting made the winner; elsewhere none ever sat."""
    code, plan = told.project["section"]["code"], told.project["section"]["method"].get("selection")
    held: Mapping[str, Any] = {"sittings": [], "inspections": []}
    if "selection.json" in told.container.members:
        held = told.selection
    convened = [e["subject"] for e in told.ledger["entries"] if e["kind"] == "selection.convene"]
    subjects = [f"selection:{code}:{one['number']}" for one in held["sittings"]]
    need(convened == subjects and (plan is not None or not subjects), "archive.untold", what="selection")
    _check_inspections(told, held["inspections"], f"publicity:{code}")
    if plan is None:
        return {"how": "none", "rounds": 0}
    for sitting, subject in zip(held["sittings"], subjects, strict=True):
        _check_sitting(told, sitting, subject, plan)
    last = held["sittings"][-1]
    need(last["state"] == "concluded", "archive.untold", what="selection")
    need(last["result"]["winner"] == told.award["winner"], "archive.winner", found=told.award["winner"],
         expected=last["result"]["winner"])  # fmt: skip
    return {"how": plan["method"], "rounds": len(last["result"]["rounds"])}


def _check_sitting(told: Told, sitting: dict[str, Any], subject: str, plan: dict[str, Any]) -> None:
    fact = told.one_fact("selection.convene", subject)
    members = [{name: one[name] for name in ("seat", "login", "name")} for one in sitting["members"]]
    stated = [members, sitting["draw"], sitting["candidates"]]
    need([fact["members"], fact["draw"], fact["candidates"]] == stated, "archive.untold", what="selection")
    need(set(sitting["candidates"]) <= set(told.evaluation["candidates"]), "archive.candidates")
    need(len(members) == plan["size"] and len({one["login"] for one in members}) == plan["size"],
         "archive.selection", what="size")  # fmt: skip
    if plan["forming"] == "drawn":
        draw = sitting["draw"]
        need(roll_digest(draw["roll"], draw["salt"]) == plan["roll"]["sha256"], "archive.selection", what="roll")
        source = next((one for one in told.draws if one["label"] == draw["from"]), None)
        need(source is not None and draw["from"].startswith("experts:"), "archive.selection", what="draw")
        fit = [login for login in draw["roll"] if login not in draw["unfit"]]
        seed = bytes.fromhex((source or {"seed": ""})["seed"])
        seats = drawn_seats(seed, told.project["section"]["code"], fit, plan["size"])
        need(seats == [one["login"] for one in members], "archive.selection", what="draw")
    if sitting["result"] is None:
        return
    result = sitting["result"]
    need(result["plan"] == plan and result["candidates"] == sitting["candidates"], "archive.selection", what="plan")
    named = [{"seat": one["seat"], "name": one["name"]} for one in members]
    need(result["members"] == named, "archive.selection", what="seats")
    need(told.one_fact("selection.conclude", subject)["result"] == result, "archive.untold", what="selection")
    declared = {fact["seat"] for fact in told.facts_of("selection.declare", subject)}
    need(declared == {one["seat"] for one in members}, "archive.selection", what="declaration")
    need(told.facts_of("selection.round", subject) == result["rounds"], "archive.untold", what="selection")
    sealed = [[one["round"], one["seat"], one["sha256"]] for one in told.facts_of("selection.ballot", subject)]
    ballots = [ballot for held in result["rounds"] for ballot in held["ballots"]]
    shown = [[one["round"], one["seat"], ballot_digest(one)] for one in ballots]
    need(sorted(sealed) == sorted(shown), "archive.selection", what="ballots")
    _check_report(told, sitting, subject)
    prices = {bid["number"]: bid["price_fen"] for bid in told.bids}
    need(replayed(result, prices) == result["winner"], "archive.selection", what="winner")


def _check_report(told: Told, sitting: dict[str, Any], subject: str) -> None:
    """The report is in the file as told, signed by every seat unless dissolved; older sittings wrote none."""
    written = [fact["report_sha256"] for fact in told.facts_of("selection.report", subject)]
    sha256 = sitting.get("report_sha256")
    need(written == ([sha256] if sha256 else []), "archive.selection", what="report")
    if sha256 is None:
        return
    need_object(told, sha256)
    listed = [report["sha256"] for report in told.reports if report["kind"] == "selection_report"]
    need(sha256 in listed, "archive.report_missing", kinds=["selection_report"])
    parts = ("seat", "report_sha256", "dissent")
    said = [{part: one[part] for part in parts} for one in sitting["signatures"]]
    tells = [{part: one[part] for part in parts} for one in told.facts_of("selection.sign", subject)]
    need(said == tells and all(one["report_sha256"] == sha256 for one in said), "archive.untold", what="selection")
    signed, seats = sorted(one["seat"] for one in said), sorted(one["seat"] for one in sitting["members"])
    need(signed == seats or sitting["state"] == "dissolved", "archive.selection", what="signature")


def _check_inspections(told: Told, rows: list[dict[str, Any]], about: str) -> None:
    names = ("number", "place", "people", "findings")
    said = [[*(row[name] for name in names), [file["sha256"] for file in row["files"]]] for row in rows]
    tells = [[*(one[name] for name in names), one["files"]] for one in told.facts_of("selection.inspect", about)]
    need(said == tells, "archive.untold", what="inspections")
    for row in rows:
        for file in row["files"]:
            need_object(told, file["sha256"])
