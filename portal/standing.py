"""Whether the database is the one outsiders have seen: compared at every start with the journal and with witnesses."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import urlsplit

import requests

from core.act import Platform
from core.errors import Conflict, Refusal
from core.ledger.journal import Journal, Seen, check_against
from core.ledger.log import LedgerEntry
from core.ledger.notes import Verifier, open_head
from portal import queries

TIMEOUT = 5.0
HERE = frozenset({"localhost", "127.0.0.1", "::1"})


def check_standing(platform: Platform, witness_heads: list[str]) -> list[str]:
    """Refuse to run on a rolled-back or rewritten database (R16); what could not be asked is told, not refused.

    `witness_heads`: folders or head files of witnesses, or addresses of their heads. Conflict("ledger.rolled_back")
    names every missing entry and receipt, Conflict("ledger.rewritten") the first entry that reads otherwise.
    """
    silent = []
    verifier = platform.signer.verifier
    sources = [platform.journal.read(verifier)] if platform.journal else []
    for place in witness_heads:
        try:
            sources.append(seen_by(place, verifier))
        except (OSError, ValueError, requests.RequestException, Refusal) as error:
            silent.append(f"{place}: {type(error).__name__}")
    with platform.reading() as session:
        if not queries.has_table(session, LedgerEntry):
            lost = next((seen for seen in sources if seen.size), None)
            if lost is not None:
                raise Conflict("ledger.rolled_back", source=lost.source, held=0, witnessed=lost.size, first_missing=0,
                               missing=list(range(lost.size)), receipts=[], receipt_count=0)  # fmt: skip
            return silent
        for seen in sources:
            check_against(session, seen)
        if platform.journal:
            platform.journal.catch_up(session, sources[0])
    return silent


def seen_by(place: str, verifier: Verifier) -> Seen:
    """What a witness has seen: its folder (head and leaves), its head file, or an address that gives its head."""
    if urlsplit(place).scheme in ("http", "https"):
        with requests.Session() as session:
            session.trust_env = urlsplit(place).hostname not in HERE
            answer = session.get(place, timeout=TIMEOUT)
        answer.raise_for_status()
        return Seen(place, head=open_head(answer.text, verifier))
    path = Path(place)
    head = path / "head.note" if path.is_dir() else path
    seen = Seen(place, head=open_head(head.read_text(encoding="utf-8"), verifier))
    leaves = head.parent / "leaves.jsonl"
    if leaves.exists():
        with leaves.open("rb") as file:
            for line in file:
                leaf = json.loads(line)
                seen.leaves[leaf["index"]] = leaf
    return seen


def journal_of(file: Path | None, folder: Path) -> Journal:
    """The journal of an installation: where it is set to lie, best on another disk, else in the data folder."""
    place = file or folder / "ledger.journal"
    place.parent.mkdir(parents=True, exist_ok=True)
    return Journal(place)
