"""`./run figure R13`, `./run bench seal`: run one; `./run figures`, `./run benches`: list all with their last values.

Each program has `main(arguments) -> int`, prints its figure as its last line and returns 0 only where the target holds.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

FIGURES = {
    "R1": ("benchmarks.figures.r01", "kill points during a submission: 0 acknowledged lost, 0 torn"),
    "R3": ("benchmarks.figures.r03", "the last second over HTTP: what was stamped in time counts, nothing else"),
    "R4": ("benchmarks.figures.r04", "exactly one opening, with many workers, one of them stopped or killed"),
    "R7": (
        "benchmarks.figures.r07",
        "every route by every role at every stage: only who may come, only to what is theirs",
    ),
    "R8": ("benchmarks.figures.r08", "what is another's cannot be told from what does not exist, not by time either"),
    "R9": ("benchmarks.figures.r09", "an insider with disk and memory before the opening finds no canary"),
    "R10": ("benchmarks.figures.r10", "before the opening nobody is shown who bids or how many"),
    "R12": ("benchmarks.figures.r12", "every k trustees open, no fewer do, a liar is named"),
    "R13": ("benchmarks.figures.r13", "flipped bits of a ledger: all found, the entry named, no false alarm"),
    "R15": ("benchmarks.figures.r15", "files of tenders, 30 % sabotaged: both verifiers agree, every sabotage named"),
    "R16": ("benchmarks.figures.r16", "a restored backup is refused at start, every missing receipt named"),
    "R17": (
        "benchmarks.figures.r17",
        "a moved clock: nothing late accepted, nothing on time refused, no early opening",
    ),
    "R18": ("benchmarks.figures.r18", "bids around a deadline that is being moved: all judged as their stamps say"),
    "R19": ("benchmarks.figures.r19", "copied, replayed, re-labelled, truncated bids: none accepted, none opened"),
    "R21": (
        "benchmarks.figures.r21",
        "the programs' interface under schemathesis: nothing undocumented, no server error",
    ),
    "R22": ("benchmarks.figures.r22", "mutated documents: no crash of the host, no reader beyond its limits"),
    "R23": ("benchmarks.figures.r23", "the bomb zoo: every animal refused by name in a second and 256 MB"),
    "R26": (
        "benchmarks.figures.r26",
        "the draw is fair per expert, two of three parties cannot steer it, an independent script replays it",
    ),
    "R27": (
        "benchmarks.figures.r27",
        "random tenders recounted by the verifier and the printed program: 0 differences",
    ),
    "changes": (
        "benchmarks.figures.changes",
        "the change feed under concurrent writers: nothing missed, nothing twice",
    ),
}
BENCHES = {
    "credit-import": (
        "benchmarks.credit_import",
        "a credit list of millions of rows against a plain bulk insert or COPY",
    ),
    "draw": ("benchmarks.draw", "drawing from up to a million experts with constraints against a bare hash ordering"),
    "names": ("benchmarks.names", "a part of a name among a million encrypted ones against LIKE over names in clear"),
    "statistics": (
        "benchmarks.statistics",
        "public figures over a million trades on PostgreSQL against the same SQL by hand",
    ),
    "pre-review": (
        "benchmarks.prereview.measure",
        "reference opinions on labelled bids: precision, recall and abstention per verdict",
    ),
    "commit": ("benchmarks.commit", "commits of bids against a bare group-commit writer on SQLite"),
    "ingest": ("benchmarks.ingest", "uploads with hash and fsync against nginx PUT without either"),
    "opening": ("benchmarks.opening", "opening 50 bids of 50 MB against age -d on all cores"),
    "verify": ("benchmarks.verify", "verifying a closed file of 50 large bids against sha256sum and age -d"),
    "seal": ("benchmarks.seal", "sealing and opening against the age command"),
    "page-seal": ("benchmarks.page_seal", "sealing in the page against bare typage in the same Chromium, and memory"),
    "collusion": (
        "benchmarks.collusion_calibration",
        "false alarms on clean simulated sections, recall on rigged ones",
    ),
    "collusion-clean": (
        "benchmarks.collusion_clean",
        "ten thousand simulated clean tenders: false leads within the budget, calibration of the posterior",
    ),
    "documents": (
        "benchmarks.bidbench.documents",
        "planted copies in bids: recall, passages, honest likenesses, beside the peers",
    ),
    "documents-speed": (
        "benchmarks.bidbench.speed",
        "shared passages among many bids against windows of TF-IDF, datasketch and rensa",
    ),
    "scale": ("benchmarks.scale", "price screens of ten million bids, embedded and on a cluster, beside one SQL query"),
    "screens": ("benchmarks.screens", "price models on published cartel markets beside the published figures"),
}
RECORD = Path(__file__).with_name("record.json")


class Tee(io.TextIOBase):
    """Shows what is printed and keeps it."""

    def __init__(self) -> None:
        self.kept: list[str] = []

    def write(self, text: str) -> int:
        self.kept.append(text)
        sys.__stdout__.write(text)  # type: ignore[union-attr]
        return len(text)


def run(kind: str, name: str, arguments: list[str]) -> int:
    """Run one program, remember its last line with the day and the command, and return its exit code."""
    table = FIGURES if kind == "figure" else BENCHES
    if name not in table:
        print(f"unknown {kind} {name!r}; there are: {', '.join(table)}", file=sys.stderr)
        return 2
    tee = Tee()
    with contextlib.redirect_stdout(tee):
        code = int(importlib.import_module(table[name][0]).main(arguments))
    if "--sabotage" not in arguments:
        lines = [line for line in "".join(tee.kept).splitlines() if line.strip()]
        note(f"{kind} {name}", arguments, lines[-1] if lines else "", code == 0)
    return code


def note(program: str, arguments: list[str], value: str, holds: bool) -> None:
    """Keep the last value of each form of a program: a short run takes nothing from a long one. No path is kept."""
    told = [Path(one).name if one.startswith("/") else one for one in arguments]
    line = {
        "command": " ".join(["./run", program, *told]),
        "value": value,
        "holds": holds,
        "on": datetime.now(UTC).date().isoformat(),
    }
    record = recorded()
    others = [one for one in record.get(program, []) if one["command"] != line["command"]]
    record[program] = [*others, line]
    RECORD.write_text(json.dumps(record, indent=1, ensure_ascii=False, sort_keys=True) + "\n")


def recorded() -> dict[str, list[dict[str, Any]]]:
    """The record: program → its forms with their last values, the newest last."""
    return dict(json.loads(RECORD.read_text())) if RECORD.exists() else {}


def listing(kind: str) -> int:
    """Print every program of the kind with what it shows and the last recorded value of each of its forms."""
    record = recorded()
    for name, (_, what) in (FIGURES if kind == "figure" else BENCHES).items():
        print(f"{name:10} {what}")
        for last in record.get(f"{kind} {name}", []):
            print(f"{'':10} {last['on']} {last['command']}: {last['value']}")
        if f"{kind} {name}" not in record:
            print(f"{'':10} not measured yet")
    return 0


def main() -> int:
    """Dispatch."""
    command, *rest = sys.argv[1:] or ["figures"]
    if command in ("figures", "benches"):
        return listing("figure" if command == "figures" else "bench")
    if not rest:
        return listing(command)
    return run(command, rest[0], rest[1:])


if __name__ == "__main__":
    sys.exit(main())
