"""Lies that a holder of the ledger's key tells through a whole file: every one must be named, by both verifiers.

Each is whole in itself: its entries are in the tree, its heads, receipts and manifest signed. The word beside it is the
line of the verdict that names it.
"""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Callable, Collection
from datetime import timedelta
from pathlib import Path
from typing import Any

import rfc8785

from awards.rules.verdict import verify_archive
from core.clock import from_iso, iso
from core.draw import mechanism
from core.ledger.notes import Signer
from tests.awards.reforged import History, copy_of, rewritten
from verifier.__main__ import CLAIMS
from verifier.container import Archive
from verifier.verdict import Case, Findings

Lie = Callable[[History], None]
INSTANT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}\.[0-9]{6}Z")
DEADLINES = {"deadline", "deadline_at", "opening_at", "old_deadline_at", "new_deadline_at"}


def digest(value: Any) -> str:
    """SHA-256 of canonical JSON."""
    return hashlib.sha256(rfc8785.dumps(value)).hexdigest()


def deadline_of(history: History) -> str:
    """The deadline under which the section was closed."""
    return str(history.one("section.close")["facts"]["deadline"])


def moved(history: History, since: str, by: timedelta) -> None:
    """Every instant from `since` on is that much later, but deadlines and what bidders sealed."""

    def change(value: Any, name: str = "") -> Any:
        if isinstance(value, dict):
            return {key: change(held, key) for key, held in value.items()}
        if isinstance(value, list):
            return [change(held, name) for held in value]
        late = isinstance(value, str) and INSTANT.fullmatch(value) and value >= since and name not in DEADLINES
        return iso(from_iso(value) + by) if late else value

    keep = ("submissions.json", "policies.json", "project.json", "disclosure.json", "completeness.json")
    for path in history.members:
        if path not in keep:
            history.members[path] = change(history.members[path])
    history.ledger = history.members["ledger.json"]
    history.entries = history.ledger["entries"]
    history.built_at = iso(from_iso(history.built_at) + by)
    record(history)


def record(history: History) -> None:
    """The opening record was signed as it stands, and nothing was cut from the evidence."""
    history.one("opening.sign_record")["facts"]["facts_sha256"] = digest(history.members["opening.json"]["record"])
    for row in history.members["credit.json"]:
        row["evidence_sha256"] = digest(row["evidence"])
    rows = zip(history.of("credit.check"), history.members["credit.json"], strict=True)
    for entry, row in rows:
        entry["facts"]["evidence_sha256"] = row["evidence_sha256"]


def policy(history: History, version: int, deadline: str) -> None:
    """A further policy with this deadline, filed; what was convened stood under it."""
    content = copy_of(history.members["policies.json"][0]["content"])
    content |= {"version": version, "deadline": deadline}
    row = {"version": version, "content": content, "digest": digest(content), "published_at": ""}
    history.members["policies.json"].append(row)
    history.one("opening.convene")["facts"] |= {"policy_digest": row["digest"], "deadline": deadline}


def _extended(history: History, at: Callable[[str], str], ordered_at: str | None = None) -> None:
    old = deadline_of(history)
    new = iso(from_iso(old) + timedelta(hours=1))
    moved(history, old, timedelta(hours=1))
    policy(history, 2, new)
    history.one("section.close")["facts"]["deadline"] = new
    notice = history.of("notice.tender")[-1]
    place = history.one("section.close")["index"] - 1
    about, when = notice["subject"], at(old)
    filed = history.members["policies.json"][1]
    filed["published_at"] = when
    facts = {"number": 1, "cause": "platform", "old_deadline_at": old, "new_deadline_at": new}
    history.put(place, "extension.publish", about, facts | ({"ordered_at": ordered_at} if ordered_at else {}), when)
    history.put(place + 1, "policy.publish", about, {"version": 2, "digest": filed["digest"]}, when)
    call = copy_of(notice["facts"])
    call["content"] |= {"deadline_at": new, "policy_sha256": filed["digest"], "policy_version": 2}
    call["number"] = "GG2026-09999"
    entry = history.put(place + 2, "notice.correction", about, call, when)
    rows = history.members["notices.json"]
    place = next(n for n, row in enumerate(rows) if row["leaf_index"] > entry["index"])
    told = {name: call[name] for name in ("number", "title", "content", "attachments")}
    rows.insert(place, {"kind": "correction", "published_at": when, "leaf_index": entry["index"], **told})


def extended_late(history: History) -> None:
    """The deadline was moved ten minutes after it had come."""
    _extended(history, lambda old: iso(from_iso(old) + timedelta(minutes=10)))


def extended_backdated(history: History) -> None:
    """So it was, and the order says it had been given before."""
    before = iso(from_iso(deadline_of(history)) - timedelta(seconds=1))
    _extended(history, lambda old: iso(from_iso(old) + timedelta(minutes=10)), before)


def extended_in_silence(history: History) -> None:
    """A later policy moves the deadline by itself; nobody ordered it."""
    _extended(history, lambda old: iso(from_iso(old) - timedelta(hours=1)))
    history.drop(history.one("extension.publish"))


def closed_early(history: History) -> None:
    """Closed and opened half a minute before the deadline."""
    moved(history, deadline_of(history), timedelta(seconds=-30))


def kept_open(history: History) -> None:
    """The closing head was signed when all was over."""
    history.closing = history.size


def a_move_left_out(history: History) -> None:
    """Nothing tells how the names became public."""
    history.drop(history.one("opening.open_decryption"))


def a_move_invented(history: History) -> None:
    """The committee locked what it had never begun to score."""
    history.one("committee.begin_scoring")["facts"]["from"] = "drawn"


def backwards(history: History) -> None:
    """An entry is dated a day before the one in front of it."""
    entry = history.one("section.award")
    entry["at"] = iso(from_iso(entry["at"]) - timedelta(days=1))


def another_limit(history: History) -> None:
    """The control price is raised after the fact, everywhere but in the notice."""
    for result in results(history):
        result["control_price_fen"] += 100
    history.members["project.json"]["section"]["control_price_fen"] += 100


def another_regime(history: History) -> None:
    """The procedure is another one than was published."""
    history.members["project.json"]["procedure"] = "invited"


def another_law(history: History) -> None:
    """A rule is weaker than when it was frozen, and cited so ever since."""
    rules = history.members["project.json"]["law"]["rules"]
    rule = next(rule for rule in rules if rule["key"] == "objection_answer")
    rule["value"] = "30"

    def recite(value: Any) -> None:
        if isinstance(value, dict):
            if value.get("key") == rule["key"] and "value" in value:
                value["value"] = rule["value"]
            for held in value.values():
                recite(held)
        elif isinstance(value, list):
            for held in value:
                recite(held)

    for member in history.members.values():
        recite(member)
    del history.one("section.publish")["facts"]["law"]


def hidden_submission(history: History) -> None:
    """A commitment that the ledger tells belongs to nobody any more."""
    entry = history.put(history.one("section.publish")["index"] + 1, "commitment", "", None)
    entry.update(subject=None, salt=None, digest="ab" * 32)


def another_report(history: History) -> None:
    """The evaluation report is another paper."""
    rows = history.members["reports.json"]
    record_row = next(row for row in rows if row["kind"] == "opening_record")
    next(row for row in rows if row["kind"] == "evaluation_report")["sha256"] = record_row["sha256"]


def another_record(history: History) -> None:
    """The opening record's facts say something else than was signed."""
    history.members["opening.json"]["record"]["section"] = "别的标段"


def hidden_warning(history: History) -> None:
    """A lead was raised, and is not filed."""
    code = f"{history.section}-W1"
    history.put(history.one("section.award")["index"], "warning.raise", f"warning:{code}", {"code": code})


def hidden_objection(history: History) -> None:
    """An objection was filed in the publicity, and is not told."""
    about = f"objection:{history.section}:1"
    place = history.one("publicity.award")["index"] - 1
    history.put(place, "objection.file", about, {"text": "评分有误", "bid": 2})


def published_earlier(history: History) -> None:
    """The notice is said to have stood five days longer."""
    row = history.members["notices.json"][0]
    row["published_at"] = iso(from_iso(row["published_at"]) - timedelta(days=5))


def sealed_before(history: History) -> None:
    """The file is dated before there was a list of what must be in it."""
    history.built_at = "2026-09-30T00:00:00.000000Z"
    del history.members["completeness.json"], history.members["disclosure.json"]


def begun_earlier(history: History) -> None:
    """The publicity is said to have begun, or the result to have been announced, two days before."""
    award = history.members["award.json"]
    award["began_at"] = iso(from_iso(award["began_at"]) - timedelta(days=2))


def results(history: History) -> list[Any]:
    """The evaluation's result, filed and locked."""
    return [history.members["evaluation.json"], history.one("committee.lock")["facts"]["result"]]


def _judged(history: History, change: Callable[[Any], None]) -> None:
    for held in (*results(history), history.one("committee.begin_scoring")["facts"]):
        change(held["conformity"])


def pushed_out(history: History) -> None:
    """A bid is rejected on clauses that it passed."""

    def change(conformity: Any) -> None:
        conformity["bids"][-1]["rejected"] = True

    _judged(history, change)


def too_many_votes(history: History) -> None:
    """More votes than members."""

    def change(conformity: Any) -> None:
        conformity["bids"][0]["clauses"][0]["pass"] += 4

    _judged(history, change)


def another_lot(history: History) -> None:
    """The lot between equal bids is drawn by a seed of one's own."""
    for result in results(history):
        tie = result["tie"]
        tie["seed"] = "07" * 32
        tie["order"] = mechanism.order(bytes.fromhex(tie["seed"]), tie["label"], tie["order"])


def after_the_result(history: History) -> None:
    """A sheet was locked when the result was."""
    sheet, lock = history.one("sheet.lock"), history.one("committee.lock")
    sheet["index"], lock["index"] = lock["index"], sheet["index"]
    history.entries.sort(key=lambda entry: int(entry["index"]))


def a_seat_too_few(history: History) -> None:
    """More was asked for than sat."""
    shape = history.one("committee.request")["facts"]["shape"]
    shape["size"] += 2
    shape["representatives"] = shape.get("representatives", 0) + 2


def another_look(history: History) -> None:
    """What was found in a bill is something else than was told."""
    bid = history.members["bids.json"][0]
    bid["contents"] = {**(bid["contents"] or {}), "program": "another"}


def another_decision(history: History) -> None:
    """Somebody on a list is said to be on none."""
    row = history.members["credit.json"][0]
    row["decision"] = "restricted" if row["decision"] == "clear" else "clear"


def a_check_forgotten(history: History) -> None:
    """One of many checks of credit is not filed."""
    del history.members["credit.json"][-1]


def another_document(history: History) -> None:
    """The tender document filed is another paper than the notice named."""
    row = history.members["documents.json"][0]
    report = history.members["reports.json"][0]["sha256"]
    row |= {"sha256": report, "size": len(history.objects[f"objects/{report}"])}


def another_cause(history: History) -> None:
    """A bidder is said to have been at fault, or to have come at another instant."""
    bid = history.members["bids.json"][0]
    bid["cause"], bid["cause_evidence"] = "bidder_key", "未能提供私钥"


def another_hour(history: History) -> None:
    """A bid is said to have been opened an hour later."""
    bid = history.members["bids.json"][0]
    bid["opened_at"] = iso(from_iso(bid["opened_at"]) + timedelta(hours=1))


def a_false_object(history: History) -> None:
    """An object bears another hash than its own."""
    history.objects[f"objects/{'00' * 32}"] = b"nobody's"


def a_stray_member(history: History) -> None:
    """A member that no claim speaks of."""
    history.objects["zz-note.txt"] = b"read me"


def another_question(history: History) -> None:
    """A question is said to have come at another instant."""
    asked = history.put(history.one("section.publish")["index"] + 1, "question.ask", f"section:{history.section}",
                        {"number": 1, "text": "工期可否调整？"})  # fmt: skip
    late = iso(from_iso(asked["at"]) + timedelta(days=3))
    history.members["questions.json"]["questions"].append({"number": 1, "text": "工期可否调整？", "asked_at": late})


def a_grid_of_one(history: History) -> None:
    """K was drawn from one value; where none is drawn, the experts were under parameters that nobody announced."""
    draw = history.members["draws.json"][0]
    if not draw["label"].startswith("coefficients:"):
        draw["parameters"]["shape"]["size"] += 2
        return
    only = draw["outcome"]["k"]
    draw["candidates"], draw["parameters"]["grid"] = [only], [only]
    draw["list_digest"] = draw["parameters"]["list_digest"] = mechanism.list_digest([only])
    draw["outcome"]["steps"] = [step for step in draw["outcome"]["steps"] if step["value"] == only]
    history.members["opening.json"]["coefficients"] |= {
        "candidates": [only], "list_digest": draw["list_digest"], "steps": draw["outcome"]["steps"],
    }  # fmt: skip
    history.one("draw.announce", f"draw:{draw['label']}")["facts"]["parameters"] = draw["parameters"]
    history.one("draw.freeze", f"draw:{draw['label']}")["facts"] |= {"list_digest": draw["list_digest"], "size": 1}


def an_envelope_hidden(history: History) -> None:
    """One envelope of a bid is not told to have been opened."""
    history.members["bids.json"][0]["envelopes"].popitem()


def another_signer(history: History) -> None:
    """A supervisor is said to have signed the opening record."""
    signatures = history.members["opening.json"]["record_signatures"]
    signatures.append({**signatures[0], "by": "某监督人"})


def another_seat(history: History) -> None:
    """An expert is said to have been skipped for a reason that arose, against what the draw's end told."""
    draw = next(row for row in history.members["draws.json"] if row["label"].startswith("experts:"))
    step = next(step for step in draw["outcome"]["steps"] if step["outcome"] == "standby")
    step |= {"outcome": "skipped", "detail": "employer"}


def a_receipt_dated_back(history: History) -> None:
    """A bid is said to have come an hour before it was written into the log."""
    row = history.members["submissions.json"][0]
    row["received_at"] = iso(from_iso(row["received_at"]) - timedelta(hours=1))
    told = [history.one("opening.convene")["facts"]["closed_set"], history.members["opening.json"]["closed_set"]]
    for items in told:
        next(one for one in items if one["leaf_index"] == row["leaf_index"])["received_at"] = row["received_at"]


def another_sitting(history: History) -> None:
    """The hall is said to have opened twice."""
    history.members["opening.json"]["sittings"] = 2


def another_recording(history: History) -> None:
    """A recording was exchanged for another after it had been registered."""
    history.members["recordings.json"]["rows"][0]["sha256"] = "ab" * 32


def a_recording_hidden(history: History) -> None:
    """A recording that was registered is no longer in the index."""
    rows = history.members["recordings.json"]["rows"]
    rows.remove(rows[-1])


def a_recording_never_made(history: History) -> None:
    """The first recording is told no more, in ledger and index; the others keep their numbers."""
    history.drop(history.of("recording.register")[0])
    rows = history.members["recordings.json"]["rows"]
    rows.remove(rows[0])


def a_recording_taken_back(history: History) -> None:
    """A recording is said to have been withdrawn, which nobody did."""
    history.members["recordings.json"]["rows"][0] |= {"state": "withdrawn", "withdrawn": "重复登记"}


LIES: dict[str, tuple[Lie, str]] = {
    "a sitting that never was": (another_sitting, "sittings"),
    "a receipt dated back": (a_receipt_dated_back, "submissions"),
    "a grid of one value": (a_grid_of_one, "draws"),
    "an envelope hidden": (an_envelope_hidden, "originals"),
    "another signer of the record": (another_signer, "reports"),
    "an expert skipped": (another_seat, "draws"),
    "a deadline moved after it had come": (extended_late, "course"),
    "an order dated back": (extended_backdated, "course"),
    "a deadline moved in silence": (extended_in_silence, "course"),
    "closed before the deadline": (closed_early, "course"),
    "a closing head signed at the end": (kept_open, "course"),
    "a move left out": (a_move_left_out, "course"),
    "a move invented": (a_move_invented, "course"),
    "time that runs backwards": (backwards, "entries"),
    "another control price": (another_limit, "course"),
    "another procedure": (another_regime, "course"),
    "another law": (another_law, "course"),
    "a commitment of nobody": (hidden_submission, "course"),
    "another report": (another_report, "reports"),
    "another opening record": (another_record, "reports"),
    "a hidden lead": (hidden_warning, "warnings"),
    "a hidden objection": (hidden_objection, "award"),
    "a notice dated back": (published_earlier, "notices"),
    "a file dated back": (sealed_before, "course"),
    "a publicity dated back": (begun_earlier, "award"),
    "a bid pushed out": (pushed_out, "scores"),
    "more votes than members": (too_many_votes, "scores"),
    "a lot of one's own": (another_lot, "scores"),
    "a sheet after the result": (after_the_result, "scores"),
    "fewer members than asked for": (a_seat_too_few, "scores"),
    "another look at a bill": (another_look, "identities"),
    "another credit decision": (another_decision, "credit"),
    "a credit check forgotten": (a_check_forgotten, "credit"),
    "another tender document": (another_document, "notices"),
    "another cause": (another_cause, "identities"),
    "another instant of opening": (another_hour, "identities"),
    "an object under a false name": (a_false_object, "container"),
    "a stray member": (a_stray_member, "container"),
    "a question dated later": (another_question, "notices"),
}
RECORDED: dict[str, tuple[Lie, str]] = {
    "another recording": (another_recording, "recordings"),
    "a recording hidden": (a_recording_hidden, "recordings"),
    "a recording told no more": (a_recording_never_made, "recordings"),
    "a recording taken back": (a_recording_taken_back, "recordings"),
}
"""Lies about the index of recordings, for files in which two were registered."""


def unnamed(raw: bytes, signer: Signer, file: Path, lies: Collection[str] = LIES) -> list[str]:
    """The lies told through this file that one of the verifiers does not name; the file with none must hold."""
    left = []
    for name in lies:
        lie, wanted = (LIES | RECORDED)[name]
        told = rewritten(raw, signer, lie)
        ours = next(line for line in verify_archive(io.BytesIO(told)) if line.check == wanted or not line.holds)
        file.write_bytes(told)
        theirs = Findings()
        with theirs.at(wanted):
            next(claim for line, _, claim in CLAIMS if line == wanted)(Case(Archive(file), None), theirs)
        if (ours.check, ours.holds) != (wanted, False) or not theirs.problems:
            left.append(name)
    return left
