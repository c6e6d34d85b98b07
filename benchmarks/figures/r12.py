"""R12: every k trustees open a bid, no fewer do, with any n - k gone; a holder who lies is named and holds nobody up.

The first part takes every number of trustees and every threshold the policy allows, seals a bid and lets every coalition
of trustees (and of the bidder with trustees) peel whatever it can, in any order. The second part plays opening days in
which each holder lies at each layer.
"""

from __future__ import annotations

import argparse
import itertools
import tempfile
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.figures.scene import SEED
from core import seal as sealing
from core.act import Platform
from core.chance import seeded
from core.clock import StoppedClock
from core.db import Base, Database
from core.errors import Invalid
from core.ledger.log import entries_of, platform_signer
from core.seal import Enclosure, Sealed
from core.store import ObjectStore
from opening import queries, services
from opening.models import PeelFault
from tests.cluster import load_tables
from tests.core.seal.scene import make_bidder, make_facts, make_policy
from tests.opening.stage import Stage

ROLES = ("notary", "officer", "owner", "registrar", "supervisor", "tenderee", "witness")


@dataclass
class Tally:
    """Coalitions tried, and those that did what they should not or did not what they should."""

    coalitions: int = 0
    wrong: int = 0


def peeled(package: bytes, identities: Collection[str]) -> bytes | None:
    """What a coalition gets out of a package, trying every key on every layer; None while a layer stays shut."""
    inside = package
    while inside.startswith(b"age-encryption.org/v1"):
        for identity in identities:
            try:
                inside = sealing.peel(inside, identity)
                break
            except Invalid:
                continue
        else:
            return None
    return inside


def opens(sealed: Sealed, identities: Collection[str]) -> tuple[bool, bool]:
    """Whether the coalition gets a secret that is the committed one, and whether it reads who bids."""
    parts = sealed.submission["envelopes"]["schedule"]
    secret = False
    for path in sealed.keys["schedule"].values():
        inside = peeled(path.read_bytes(), identities)
        if inside is not None:
            sealing.release(inside, parts["bid_recipient"])
            secret = True
    names = any(peeled(package, identities) is not None for package in sealed.identity.values())
    return secret, names


def coalitions(most: int, folder: Path) -> Tally:
    """Every number of trustees up to `most`, every threshold, every coalition."""
    tally = Tally()
    (folder / "schedule.json").write_text('{"price_fen": 1}')
    for count in range(3, most + 1):
        others = [role for role in ROLES if role != "tenderee"][: count - 1]
        trustees = {role: sealing.new_identity() for role in sorted([*others, "tenderee"])}
        for threshold in range(2, count):
            policy = make_policy(trustees, threshold=threshold, envelopes=["schedule"])
            bidder = make_bidder("甲")
            files = {"schedule": [Enclosure("schedule", folder / "schedule.json")]}
            sealed = sealing.seal(policy, bidder, make_facts(), files, folder / f"bid-{count}-{threshold}")
            for size in range(count + 1):
                for roles in itertools.combinations(sorted(trustees), size):
                    keys = [trustees[role] for role in roles]
                    enough = size >= threshold
                    tally.coalitions += 2
                    tally.wrong += opens(sealed, keys) != (enough, enough)
                    with_bidder = (enough or "tenderee" in roles, enough)
                    tally.wrong += opens(sealed, [*keys, bidder.identity]) != with_bidder
    return tally


def liars(folder: Path) -> Tally:
    """Opening days in which each holder lies once, in each way the platform can tell; names are published all the same."""
    tally = Tally()
    load_tables()
    ways: dict[str, Any] = {"garbage": lambda text: b"garbage", "another text": lambda text: bytes(len(text))}
    for number, (liar, way) in enumerate(itertools.product(("officer", "supervisor", "tenderee"), ways)):
        place = folder / f"day-{number}"
        place.mkdir()
        database = Database(f"sqlite:///{place / 'sunbid.db'}", folder=place)
        platform = Platform(
            database,
            ObjectStore(place / "objects"),
            StoppedClock(datetime(2026, 10, 8, 1, 0, tzinfo=UTC)),
            platform_signer("sunbid.figure", SEED),
            seeded(f"r12-{number}".encode()),
        )
        with database.writing() as session:
            Base.metadata.create_all(session.connection())
        stage = Stage(platform, place)
        for letter in "abc":
            stage.submit(letter)
        stage.commit_draw()
        stage.close()
        if liar != "officer":
            stage.peel("officer")  # who holds the outer layer of the others' sets
        task = stage.tasks(liar)[0]
        answer = stage.hand_in(task, ways[way](sealing.peel(task.content, stage.keys[liar])))
        named = isinstance(answer, PeelFault) and answer.by == liar
        stage.peel(*(role for role in stage.keys if role != liar))
        stage.act(stage.tenderee, services.publish_names)
        with platform.reading() as session:
            names = [bid.name for bid in queries.bids(session, stage.opening)]
            told = [e.facts["by"] for e in entries_of(session, stage.opening.subject) if e.kind == "opening.peel_fault"]
        database.close()
        tally.coalitions += 1
        tally.wrong += not (named and told == [liar] and names == [stage.bidders[letter].name for letter in "abc"])
    return tally


def main(argv: list[str]) -> int:
    """Up to 4 trustees; `--long` up to the 7 a policy allows."""
    parser = argparse.ArgumentParser(prog="R12", description=__doc__)
    parser.add_argument("--long", action="store_true")
    options = parser.parse_args(argv)
    with tempfile.TemporaryDirectory(prefix="sunbid-r12-") as name:
        tried = coalitions(7 if options.long else 4, Path(name))
        lied = liars(Path(name))
    print(f"R12: {tried.coalitions} coalitions, {tried.wrong} wrong; {lied.coalitions} liars, {lied.wrong} not named")
    return 0 if not tried.wrong and not lied.wrong else 1
