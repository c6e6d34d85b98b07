"""Opening the sealed files, once every envelope's secret is there: slow work outside any transaction, then one act."""

from __future__ import annotations

import base64
import os
import secrets
import shutil
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any

from sqlalchemy.orm import Session

from bidding.models import Submission
from core.act import Act
from core.errors import Conflict, Invalid
from core.ledger.log import append, entries_of
from core.machine import advance
from core.seal import Released, expected, open_sealed, release
from core.seal.streams import Progress
from core.store import ObjectStore, Stored
from opening import queries
from opening.models import Bid, Opening
from opening.rules import BIDDER_SET, SCHEDULE, check_state, read_schedule
from opening.services.bonds import present_bond

DAMAGED = "seal.bulk_mismatch"
_SCHEDULE_FILE = "schedule.json"

Took = Callable[[int], None]


@dataclass(frozen=True)
class Unsealing:
    """A bid whose every envelope of this sitting is ready to be opened: its submission and their secrets."""

    digest: str
    content: dict[str, Any]
    released: dict[str, Released]
    by_bidder: bool


@dataclass(frozen=True)
class Unsealed:
    """What came out: every envelope's plaintext as kept in the store, and the schedule; or why it did not."""

    digest: str
    by_bidder: bool
    envelopes: dict[str, Any] | None
    schedule: dict[str, Any] | None
    refusal: Invalid | None


def ready_to_unseal(session: Session, opening: Opening) -> list[Unsealing]:
    """The sealed bids of which the innermost layer of every envelope of this sitting has been handed in."""
    return [
        _unsealing(session, opening, bid.submission)
        for bid in queries.bids(session, opening)
        if queries.is_ready(session, bid)
    ]


def _unsealing(session: Session, opening: Opening, submission: Submission) -> Unsealing:
    released = {}
    sets = set()
    for envelope in opening.due(submission):
        parts = submission.content["envelopes"][envelope]
        layer = queries.final_layer(session, submission, envelope)
        if layer is None:
            raise Conflict("opening.sealed_left", numbers=[envelope])
        released[envelope] = release(base64.b64decode(layer.content), parts["bid_recipient"])
        sets.add(layer.set_name)
    return Unsealing(submission.digest, submission.content, released, sets == {BIDDER_SET})


def unseal(store: ObjectStore, unsealing: Unsealing, took: Took = lambda size: None) -> Unsealed:
    """Open every sealed file of a bid and keep each enclosed file in the store; touches no database.

    The plaintext passes through a private folder inside the store, which is gone afterwards. What a stored file that
    is exactly as committed turns out to be wrong with is the bidder's doing; a stored file that is not as committed is
    ours (seal.bulk_mismatch). Both come back as `refusal`. `took` is told how many bytes of
    sealed files have been read since it was told last.
    """
    folder = store.temp / f"unseal-{secrets.token_hex(16)}"
    envelopes: dict[str, Any] = {}
    schedule = None
    kept: list[tuple[Path, Stored]] = []
    try:
        for envelope, released in sorted(unsealing.released.items()):
            wanted = expected(unsealing.content, envelope)
            opened = open_sealed(store.path(wanted.sha256), released, wanted, folder / envelope, _steps(took))
            files = []
            for entry in opened.entries:
                path = opened.folder / entry.path
                if envelope == SCHEDULE and entry.name == _SCHEDULE_FILE:
                    schedule = read_schedule(path.read_bytes())
                kept.append((path, Stored(entry.sha256, entry.size)))
                files.append({"slot": entry.slot, "name": entry.name, "sha256": entry.sha256, "size": entry.size})
            envelopes[envelope] = {
                "archive": opened.archive_sha256,
                "size": wanted.size,
                "nonce": opened.nonce.hex(),
                "salt": released.salt.hex() if released.salt else None,
                "commit_checked": opened.commit_checked,
                "secret": released.secret,
                "files": files,
            }
        if schedule is None and SCHEDULE in unsealing.released:
            raise Invalid("schedule.missing", field=SCHEDULE)
        store.adopt_hashed(kept)
    except Invalid as refusal:
        return Unsealed(unsealing.digest, unsealing.by_bidder, None, None, refusal)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return Unsealed(unsealing.digest, unsealing.by_bidder, envelopes, schedule, None)


def unseal_all(
    store: ObjectStore, unsealings: Sequence[Unsealing], progress: Progress | None = None
) -> Iterator[Unsealed]:
    """`unseal` of every bid, several at a time, in their order: a result comes when it and those before it are there.

    One bid more than there are cores is under way, because one waits for the disk meanwhile; each needs about 15 MB of
    memory, however large it is. `progress(done, total)` counts the bytes of all sealed files; the threads call it, one
    at a time. To be taken up after a crash by asking `ready_to_unseal` anew: what was kept is not ready any more.
    Whoever stops asking for results stops the work after the bids under way.
    """
    total = sum(expected(one.content, envelope).size for one in unsealings for envelope in one.released)
    lock, done = Lock(), 0

    def took(size: int) -> None:
        nonlocal done
        with lock:
            done += size
            if progress is not None:
                progress(done, total)

    with ThreadPoolExecutor((os.cpu_count() or 1) + 1, "unseal") as pool:
        futures = [pool.submit(unseal, store, one, took) for one in unsealings]
        try:
            for future in futures:
                yield future.result()
        finally:
            for future in futures:
                future.cancel()


def _steps(took: Took) -> Progress:
    """Progress of one file told as differences."""
    before = 0

    def progress(done: int, total: int) -> None:
        nonlocal before
        took(done - before)
        before = done

    return progress


def keep_opened(act: Act, opening: Opening, unsealed: Unsealed) -> Bid:
    """Record an opened bid, one that is corrupted, or our own damage to it; doing it again changes nothing.

    The ledger tells which files came out, by hash; the price is kept and shown to nobody before the reading (R-257).
    """
    bid = queries.bid(act.session, opening, unsealed.digest)
    if bid.state != "sealed":
        return bid
    check_state(opening, "open_bid", {"decrypt_open", "trustee_fallback"})
    if unsealed.refusal is not None and unsealed.refusal.code == DAMAGED:
        _note_damage(act, bid, unsealed.refusal)
        return bid
    if unsealed.envelopes is None:
        code = unsealed.refusal.code if unsealed.refusal else "seal.torn"
        bid.cause = code
        advance(act, bid, "mark_corrupted", cause=code, rule="R-254")
        return bid
    bid.opened_at = act.now
    bid.envelopes = {**(bid.envelopes or {}), **unsealed.envelopes}
    if unsealed.schedule is not None:
        bid.schedule = unsealed.schedule
        bid.price_fen = unsealed.schedule["price_fen"]
    facts = {
        "number": bid.number,
        "archives": {name: envelope["archive"] for name, envelope in unsealed.envelopes.items()},
    }
    if unsealed.by_bidder:
        advance(act, bid, "open_by_bidder", **facts)
    else:
        advance(act, bid, "open_by_trustees", cause=bid.cause, evidence=bid.cause_evidence, **facts)
    present_bond(act, opening, bid)
    return bid


def _note_damage(act: Act, bid: Bid, refusal: Invalid) -> None:
    """Put the keeper's damage on record, once; the bid stays sealed until the file is restored or a cause decided."""
    if all(entry.kind != "bid.damage" for entry in entries_of(act.session, bid.subject)):
        append(act, "bid.damage", bid.subject, {"number": bid.number, "code": refusal.code, **refusal.facts})


def open_ready(act: Act, opening: Opening) -> list[Bid]:
    """Open every bid that is ready, within this act; routes and tick open beforehand, outside any transaction."""
    ready = ready_to_unseal(act.session, opening)
    return [keep_opened(act, opening, unsealed) for unsealed in unseal_all(act.store, ready)]
