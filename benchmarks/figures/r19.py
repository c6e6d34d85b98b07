"""R19: copied, replayed, re-labelled and truncated bids are refused, each with its reason, at the commit or at the opening.

Two sections, each with two versions of its policy, and several bidders in each. At the commit: every bid in the place of
every other (whole, or one of its parts, signed by the thief's own handle), for every other section and version, and with
every file cut. At the opening: every envelope against what every other envelope's submission says, and every file cut or
with a bit flipped.
"""

from __future__ import annotations

import argparse
import copy
import itertools
import random
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from accounts.rules import Role
from benchmarks.figures.scene import SEED
from bidding import queries
from bidding.services.publication import add_policy
from core import seal as sealing
from core.act import Platform
from core.chance import seeded
from core.clock import StoppedClock
from core.db import Base, Database
from core.errors import Refusal
from core.ledger.log import platform_signer
from core.seal import Sealed
from core.store import ObjectStore
from tests.bidding.stage import Bidder, Stage, request_of, resigned
from tests.cluster import load_tables

PARTS = ("bulk", "bid_recipient", "plain_commit", "keys")


@dataclass
class Tally:
    """Attempts by the reason they were refused with; what was taken in."""

    refused: Counter[str] = field(default_factory=Counter)
    accepted: list[str] = field(default_factory=list)

    @property
    def tried(self) -> int:
        return sum(self.refused.values()) + len(self.accepted)

    def attempt(self, what: str, run: Callable[[], object]) -> None:
        """Try it; it must be refused."""
        try:
            run()
        except Refusal as refusal:
            self.refused[refusal.code] += 1
        else:
            self.accepted.append(what)


def build(folder: Path) -> Platform:
    """An empty platform in the folder."""
    load_tables()
    database = Database(f"sqlite:///{folder / 'sunbid.db'}", folder=folder)
    clock = StoppedClock(datetime(2026, 10, 8, 1, 0, tzinfo=UTC))
    signer = platform_signer("sunbid.figure", SEED)
    platform = Platform(database, ObjectStore(folder / "objects"), clock, signer, seeded(b"r19"))
    with database.writing() as session:
        Base.metadata.create_all(session.connection())
    return platform


@dataclass
class Cast:
    """A section, its older policy, and who bids in it: what was committed and what is still in hand."""

    stage: Stage
    old_policy: dict[str, Any]
    bidders: list[Bidder]
    committed: list[Sealed]
    fresh: list[Sealed]
    outdated: list[Sealed]


def cast(platform: Platform, folder: Path, name: str, count: int) -> Cast:
    """A section with two policy versions and `count` bidders; each has one bid committed and others in hand."""
    stage = Stage(platform).publish()
    old = stage.policy()
    bidders = [Bidder(f"{name}{number}", folder / f"{name}{number}") for number in range(count)]
    outdated = [bidder.seal(old) for bidder in bidders]
    with stage.act(Role.TENDEREE) as act:
        section = queries.own_section(act.session, stage.code, act.actor)
        section.deadline_at = section.closing_at + timedelta(days=1)
        add_policy(act, section)
    committed, fresh = [], []
    for bidder in bidders:
        committed.append(bidder.seal(stage.policy()))
        fresh.append(bidder.seal(stage.policy(), after=committed[-1]))
    for sealed in committed:
        stage.commit(sealed)
    for sealed in (*fresh, *outdated):
        stage.deposit(sealed)
    return Cast(stage, old, bidders, committed, fresh, outdated)


def commits(casts: list[Cast], tally: Tally) -> None:
    """Every bid in every other's place."""
    every = [(one, number) for one in casts for number in range(len(one.bidders))]
    for (mine, me), (theirs, they) in itertools.product(every, every):
        label = f"{mine.stage.code}/{me} takes {theirs.stage.code}/{they}"
        other = theirs.committed[they]
        if (mine, me) != (theirs, they):
            _replays(mine, me, other, label, tally)
            for part in PARTS:
                _steals(mine, me, other, part, label, tally)
        if mine is not theirs:
            tally.attempt(
                f"{label}: elsewhere", lambda m=mine, o=other: m.stage.commit(o, deposited=True, key="e" * 20)
            )
    for one, number in every:
        sealed = one.outdated[number]
        tally.attempt(
            f"{one.stage.code}/{number} old policy", lambda o=one, s=sealed: o.stage.commit(s, deposited=True)
        )
        tally.attempt(
            f"{one.stage.code}/{number} twice",
            lambda o=one, n=number: o.stage.commit(o.committed[n], deposited=True, key="t" * 20),
        )


def _replays(mine: Cast, me: int, other: Sealed, label: str, tally: Tally) -> None:
    """The other's submission as it is, and as if it were one's own."""
    bidder, own = mine.bidders[me], mine.fresh[me]

    def take(content: dict[str, Any]) -> None:
        content["envelopes"] = copy.deepcopy(other.submission["envelopes"])

    def disguise(content: dict[str, Any]) -> None:
        content["handle"] = other.submission["handle"]

    ways = {
        "replayed": other.submission,
        "all envelopes": resigned(bidder, own, take),
        "handle": {**resigned(bidder, own, disguise)},
    }
    for way, content in ways.items():
        key = f"{way}-{other.digest[:24]}-{me}".replace(" ", "-")
        tally.attempt(
            f"{label}: {way}", lambda c=content, k=key: mine.stage.commit(own, deposited=True, submission=c, key=k)
        )
    identity = {**request_of(own)["identity"], **dict([next(iter(request_of(other)["identity"].items()))])}
    tally.attempt(
        f"{label}: identity",
        lambda: mine.stage.commit(own, deposited=True, identity=identity, key=f"i-{other.digest[:24]}-{me}"),
    )


def _steals(mine: Cast, me: int, other: Sealed, part: str, label: str, tally: Tally) -> None:
    """One part of the other's envelope in one's own submission, signed by one's own handle."""
    if part == "plain_commit":
        return  # a hash of random salt and content: who copies it can open nothing by it, see the opening below
    bidder, own = mine.bidders[me], mine.fresh[me]

    def change(content: dict[str, Any]) -> None:
        content["envelopes"]["price"][part] = copy.deepcopy(other.submission["envelopes"]["price"][part])

    content = resigned(bidder, own, change)
    key = f"{part}-{other.digest[:24]}-{me}-padding"
    tally.attempt(f"{label}: {part}", lambda: mine.stage.commit(own, deposited=True, submission=content, key=key))


def openings(casts: list[Cast], folder: Path, cuts: int, tally: Tally) -> None:
    """Every envelope where another is expected; every file cut or flipped."""
    envelopes = [
        (one, number, name)
        for one in casts
        for number in range(len(one.bidders))
        for name in one.committed[number].bulks
    ]
    chance = random.Random(19)
    for (mine, me, name), (theirs, they, other) in itertools.product(envelopes, envelopes):
        sealed, wanted_of = mine.committed[me], theirs.committed[they]
        wanted = sealing.expected(wanted_of.submission, other)
        if (mine, me, name) == (theirs, they, other):
            _damaged(mine, me, sealed, name, folder, cuts, chance, tally)
            continue
        released = _secret(mine, me, sealed, name)
        label = f"{mine.stage.code}/{me}/{name} as {theirs.stage.code}/{they}/{other}"
        tally.attempt(label, lambda s=sealed, n=name, r=released, w=wanted: _open(s.bulks[n], r, w, folder))
        # As a dishonest keeper would: with the hashes, recipient and commitment of the file that is there.
        forged = replace(
            sealing.expected(sealed.submission, name),
            section=wanted.section, policy_digest=wanted.policy_digest, handle=wanted.handle, envelope=wanted.envelope,
        )  # fmt: skip
        tally.attempt(
            f"{label}, relabelled", lambda s=sealed, n=name, r=released, w=forged: _open(s.bulks[n], r, w, folder)
        )


def _damaged(
    mine: Cast, me: int, sealed: Sealed, name: str, folder: Path, cuts: int, chance: random.Random, tally: Tally
) -> None:
    raw = sealed.bulks[name].read_bytes()
    released, wanted = _secret(mine, me, sealed, name), sealing.expected(sealed.submission, name)
    for number in range(cuts):
        cut = chance.randrange(len(raw))
        flipped = bytearray(raw)
        flipped[chance.randrange(len(raw))] ^= 1 << chance.randrange(8)
        for way, content in (("cut", raw[:cut]), ("flipped", bytes(flipped)), ("longer", raw + bytes([number % 256]))):
            path = folder / "damaged.age"
            path.write_bytes(content)
            tally.attempt(f"{name} {way} {number}", lambda p=path: _open(p, released, wanted, folder))


def _secret(mine: Cast, me: int, sealed: Sealed, name: str) -> Any:
    package = sealed.keys[name]["bidder+tenderee"].read_bytes()
    inside = sealing.peel(sealing.peel(package, mine.bidders[me].keys.identity), mine.stage.trustees[Role.TENDEREE])
    return sealing.release(inside, sealed.submission["envelopes"][name]["bid_recipient"])


def _open(bulk: Path, released: Any, wanted: Any, folder: Path) -> None:
    sealing.open_sealed(bulk, released, wanted, folder / f"out-{len(list(folder.iterdir()))}")


def main(argv: list[str]) -> int:
    """2 bidders in each section and 4 cuts of each file; `--long` 5 bidders and 60 cuts."""
    parser = argparse.ArgumentParser(prog="R19", description=__doc__)
    parser.add_argument("--long", action="store_true")
    options = parser.parse_args(argv)
    bidders, cuts = (5, 60) if options.long else (2, 4)
    tally = Tally()
    with tempfile.TemporaryDirectory(prefix="sunbid-r19-") as name:
        folder = Path(name)
        platform = build(folder / "platform")
        casts = [cast(platform, folder / part, part, bidders) for part in ("甲", "乙")]
        commits(casts, tally)
        openings(casts, folder, cuts, tally)
        platform.database.close()
    for what in tally.accepted[:10]:
        print(f"accepted: {what}")
    print("refused: " + ", ".join(f"{code} {count}" for code, count in tally.refused.most_common()))
    print(f"R19: {tally.tried} attempts, {len(tally.accepted)} accepted or opened")
    return 0 if not tally.accepted else 1
