"""`sunbid witness`: watch the log from outside, cosign what only grew, keep the proof where it did not. For anyone."""

from __future__ import annotations

import json
import os
import secrets
import sys
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import rfc8785

from accounts.cli import Connection, checked, write_private
from core.clock import from_iso, iso
from core.errors import Conflict, Forbidden, Invalid, Missing, Refusal
from core.ledger import merkle
from core.ledger.cosignatures import Witness
from core.ledger.notes import Head, Verifier, open_head, parse_head
from core.ledger.vouching import body_of

SETTINGS, KEY, HEAD, LEAVES, EVIDENCE = "witness.json", "witness.key", "head.note", "leaves.jsonl", "evidence"
CLOCK = "SUNBID_TEST_CLOCK"
PAGE = 1000


@dataclass
class WitnessFolder:
    """A witness's folder: whose log it watches, its key, the last head it cosigned, every leaf it has seen."""

    path: Path
    stack: list[tuple[int, bytes]] = field(default_factory=list)
    """Complete subtrees from the left, as (leaves, root): enough to compute the next root."""
    size: int = 0

    @classmethod
    def create(cls, path: Path, *, name: str, server: str, log_key: str) -> WitnessFolder:
        """A new witness with a fresh key; Conflict("witness.exists") where there is one."""
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        if (path / SETTINGS).exists():
            raise Conflict("witness.exists", folder=str(path))
        settings = {"name": name, "server": server, "log_key": str(Verifier.parse(log_key))}
        write_private(path / KEY, secrets.token_hex(32).encode() + b"\n")
        write_private(path / SETTINGS, json.dumps(settings, ensure_ascii=False, indent=1).encode() + b"\n")
        return cls(path)

    @property
    def settings(self) -> dict[str, str]:
        """Name, server and log key; Missing("witness.folder") where the folder is no witness's."""
        try:
            told: dict[str, str] = json.loads((self.path / SETTINGS).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            raise Missing("witness.folder", folder=str(self.path)) from None
        return told

    @property
    def witness(self) -> Witness:
        """The witness with its key."""
        return Witness(self.settings["name"], bytes.fromhex((self.path / KEY).read_text().strip()))

    @property
    def verifier(self) -> Verifier:
        """The key of the log it watches, as given when the folder was made."""
        return Verifier.parse(self.settings["log_key"])

    @property
    def last_note(self) -> str | None:
        """The last head it cosigned, with its cosignature; None before the first."""
        file = self.path / HEAD
        return file.read_text(encoding="utf-8") if file.exists() else None

    def replay(self) -> None:
        """Read the leaves seen so far once more and compute their root."""
        self.stack, self.size = [], 0
        if (self.path / LEAVES).exists():
            with (self.path / LEAVES).open("rb") as file:
                for line in file:
                    self.add(line.rstrip(b"\n"))

    def add(self, leaf: bytes) -> None:
        """Count one more leaf, given as its canonical bytes."""
        value, count = merkle.leaf_hash(leaf), 1
        while self.stack and self.stack[-1][0] == count:
            value, count = merkle.node_hash(self.stack.pop()[1], value), 2 * count
        self.stack.append((count, value))
        self.size += 1

    def root(self) -> bytes:
        """The root of the leaves counted so far."""
        if not self.stack:
            return merkle.EMPTY_ROOT
        value = self.stack[-1][1]
        for _, left in reversed(self.stack[:-1]):
            value = merkle.node_hash(left, value)
        return value

    def keep_leaves(self, leaves: list[bytes]) -> None:
        """Append leaves to the file; they survive power loss."""
        with (self.path / LEAVES).open("ab") as file:
            file.writelines(leaf + b"\n" for leaf in leaves)
            file.flush()
            os.fsync(file.fileno())

    def keep_head(self, note: str) -> None:
        """Remember the head as the last one, before anybody sees the cosignature: no smaller one is signed again."""
        temp = self.path / f".{HEAD}.new"
        write_private(temp, note.encode())
        with temp.open("rb") as file:
            os.fsync(file.fileno())
        os.replace(temp, self.path / HEAD)

    def accuse(self, reason: str, first: str, second: str, now: datetime, more: dict[str, Any]) -> Path:
        """Save what shows that the log is not one: two heads the platform signed, and why they cannot both be."""
        (self.path / EVIDENCE).mkdir(exist_ok=True)
        file = self.path / EVIDENCE / f"{reason}-{now:%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}.json"
        evidence = {
            "type": "sunbid-fork/v1",
            "reason": reason,
            "found_at": iso(now),
            "log_key": str(self.verifier),
            "first": first,
            "second": second,
            **more,
        }
        write_private(file, json.dumps(evidence, ensure_ascii=False, indent=1).encode() + b"\n")
        return file


def own_now() -> datetime:
    """This machine's clock, which the platform cannot set; demonstrations play in their own time."""
    return from_iso(os.environ[CLOCK]) if os.environ.get(CLOCK) else datetime.now(UTC)


def look(folder: WitnessFolder, server: str = "") -> dict[str, Any]:
    """Fetch the newest head, check that the log only grew, cosign, hand the cosignature in; what was done, as facts.

    Raises Conflict("witness.fork") with the evidence saved where the log has shrunk, changed, or cannot prove that it
    has not; such a head is never cosigned.
    """
    connection = Connection(server or folder.settings["server"])
    verifier, now = folder.verifier, own_now()
    note = checked(connection.get("/ledger/checkpoint")).text
    head = open_head(note, verifier)
    if folder.size == 0:
        folder.replay()
    last = folder.last_note
    if last is not None:
        _compare(folder, connection, last, note, now)
    _mirror(folder, connection, head, note, last or note, now)
    body = body_of(note)
    line = folder.witness.cosign(body, now)
    cosigned = f"{verifier_note(note, verifier)}{line}"
    if last is None or parse_head(body_of(last)).size < head.size:
        folder.keep_head(cosigned)
    facts: dict[str, Any] = {"size": head.size, "root": head.root.hex(), "cosigned_at": iso(now), "kept": True}
    try:
        checked(connection.post("/ledger/cosignatures", data=cosigned.encode(), headers={"Content-Type": "text/plain"}))
    except Forbidden as refusal:
        if refusal.code != "cosignature.unknown":
            raise
        facts["kept"] = False  # a witness of one's own: the platform need not know it
    return facts


def verifier_note(note: str, verifier: Verifier) -> str:
    """The note with the platform's signature line only."""
    body = body_of(note)
    lines = [line for line in note.removeprefix(body).splitlines() if line.split(" ")[1:2] == [verifier.name]]
    return f"{body}\n{lines[0]}\n"


def _compare(folder: WitnessFolder, connection: Connection, last: str, note: str, now: datetime) -> None:
    """Refuse a head that does not continue the last one."""
    before, head = parse_head(body_of(last)), parse_head(body_of(note))
    if head.size < before.size:
        raise _forked(folder, "shrunk", last, note, now, {"missing": _missing(folder, head.size)})
    if head.size == before.size:
        if head.root != before.root:
            raise _forked(folder, "changed", last, note, now, {})
        return
    path = f"/ledger/consistency?old={before.size}&new={head.size}"
    proof = checked(connection.get(path)).json()["consistency"]
    try:
        steps = [bytes.fromhex(step) for step in proof]
    except (TypeError, ValueError):
        steps = []
    if before.size and not merkle.verify_consistency(before.size, head.size, before.root, head.root, steps):
        raise _forked(folder, "inconsistent", last, note, now, {"consistency": proof})


def _missing(folder: WitnessFolder, size: int) -> list[dict[str, Any]]:
    """The leaves a shrunk log has lost, as they were seen."""
    with (folder.path / LEAVES).open("rb") as file:
        return [json.loads(line) for place, line in enumerate(file) if place >= size]


def _mirror(folder: WitnessFolder, connection: Connection, head: Head, note: str, last: str, now: datetime) -> None:
    """Fetch the leaves up to the head and compute its root from them: no proof by the platform has to be believed."""
    fresh: list[bytes] = []
    while folder.size < head.size:
        path = f"/ledger/entries?from={folder.size}&limit={min(PAGE, head.size - folder.size)}"
        entries = checked(connection.get(path)).json()["entries"]
        if not entries or [entry["index"] for entry in entries] != [*range(folder.size, folder.size + len(entries))]:
            folder.replay()
            raise _forked(folder, "withheld", last, note, now, {"from": folder.size})
        for entry in entries:
            leaf = rfc8785.dumps(entry)
            folder.add(leaf)
            fresh.append(leaf)
    if folder.root() != head.root:
        folder.replay()
        raise _forked(folder, "unlike", last, note, now, {"leaves": [json.loads(leaf) for leaf in fresh][:1000]})
    if fresh:
        folder.keep_leaves(fresh)


def _forked(folder: WitnessFolder, reason: str, last: str, note: str, now: datetime, more: dict[str, Any]) -> Conflict:
    file = folder.accuse(reason, last, note, now, more)
    sizes = [parse_head(body_of(text)).size for text in (last, note)]
    return Conflict("witness.fork", reason=reason, old=sizes[0], new=sizes[1], file=str(file))


@click.group()
def witness() -> None:
    """Watch a platform's log from outside: anyone may, a supervisor, a bidder, a newspaper."""


FOLDER = click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
JSON = click.option("--json", "as_json", is_flag=True, help="one JSON object on stdout")
SERVER = click.option("--server", default="", help="the platform's address, when it has moved")


@witness.command()
@FOLDER
@click.option("--name", required=True, help="your name as a witness, best a domain name of yours")
@click.option("--server", required=True, help="the platform's address")
@click.option("--key", required=True, help="the platform's log key, from a notice or a receipt (name+id+key)")
@JSON
def init(folder: Path, name: str, server: str, key: str, as_json: bool) -> None:
    """Make FOLDER with a key of your own and print its public half for the platform to know."""
    made = WitnessFolder.create(folder, name=name, server=server, log_key=key)
    spelled = str(made.witness.cosigner)
    click.echo(json.dumps({"folder": str(folder), "key": spelled}) if as_json else spelled)


@witness.command()
@FOLDER
@SERVER
@JSON
def once(folder: Path, server: str, as_json: bool) -> None:
    """Look once: cosign the newest head if the log only grew. Exit 1 where it forked; the evidence is in FOLDER."""
    facts = look(WitnessFolder(folder), server)
    click.echo(json.dumps(facts) if as_json else _line(facts))


@witness.command()
@FOLDER
@SERVER
@click.option("--every", default=10.0, show_default=True, help="seconds between two looks")
def run(folder: Path, server: str, every: float) -> None:
    """Look again and again until stopped. A fork ends it with exit 1; a server that is away does not."""
    held, seen = WitnessFolder(folder), -1
    while True:
        try:
            facts = look(held, server)
            if facts["size"] != seen:
                click.echo(_line(facts))
            seen = facts["size"]
        except Refusal as refusal:
            if refusal.code == "witness.fork":
                raise
            click.echo(f"! {refusal.code}", err=True)
        time.sleep(every)


@witness.command()
@FOLDER
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True, dir_okay=False))
@JSON
def compare(folder: Path, files: tuple[Path, ...], as_json: bool) -> None:
    """Compare heads others have (a receipt, another witness's head.note) with the log you have seen. Needs no network.

    Exit 1 where one of them is signed by the platform and is not a beginning of your log: then there are two logs.
    """
    held = WitnessFolder(folder)
    verdicts = {str(file): held_against(held, _note_in(file)) for file in files}
    if as_json:
        click.echo(json.dumps(verdicts))
    else:
        marks = {"same log": "✓", "newer": "–"}
        click.echo("\n".join(f"{marks.get(verdict, '✗')} {file}: {verdict}" for file, verdict in verdicts.items()))
    sys.exit(1 if "another log" in verdicts.values() else 0)


def held_against(folder: WitnessFolder, note: str) -> str:
    """Say "same log", "newer" than anything seen, or "another log" (the evidence is saved then)."""
    head = open_head(note, folder.verifier)
    leaves = (folder.path / LEAVES).read_bytes().splitlines() if (folder.path / LEAVES).exists() else []
    if head.size > len(leaves):
        return "newer"
    grown = WitnessFolder(folder.path)
    for leaf in leaves[: head.size]:
        grown.add(leaf)
    if grown.root() == head.root:
        return "same log"
    folder.accuse("two_logs", folder.last_note or "", note, own_now(), {})
    return "another log"


def _note_in(file: Path) -> str:
    text = file.read_text(encoding="utf-8")
    try:
        return str(json.loads(text)["checkpoint"])
    except (ValueError, KeyError, TypeError):
        if "\n\n" not in text:
            raise Invalid("note.head") from None
        return text


def _line(facts: dict[str, Any]) -> str:
    return f"✓ {facts['size']} · {facts['root'][:16]} · {facts['cosigned_at']}" + ("" if facts["kept"] else " · local")
