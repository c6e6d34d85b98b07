"""One section played to its archive through the services with real keys: seal, hall, committee, award, two verdicts."""

from __future__ import annotations

import copy
import io
import json
import tarfile
from collections.abc import Callable, Mapping
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import rfc8785
from flask import Flask

import collusion.services
from accounts.access import door
from accounts.queries import person_by_id
from accounts.services import open_sign_in
from awards import services as awards
from awards.models import Publicity
from awards.queries import publicity
from awards.rules.verdict import verify_archive
from bidding import queries as bidding
from bidding import services as bidding_services
from core.act import SYSTEM, Actor, Platform
from core.board import notices
from core.ledger.notes import Verifier
from experts import queries, services
from experts.rules import CONTROL_PRICE, scored_criteria
from opening import queries as opening
from opening import services as opening_services
from tests import factories
from tests.awards.refiled import packed
from tests.experts.story import Story
from tests.opening.stage import Stage
from verifier.__main__ import check
from verifier.notes import Key


class Room(Story):
    """The committee of a section that was really opened; scores and findings follow the section's own method."""

    def review(self, failing: Mapping[int, str] | None = None, *labels: str) -> None:
        failing = failing or {}
        for member in self.members():
            with self.platform.act(self.person_actor(member)) as act:
                held = self.seat_of(act, member.label)
                section = self.section(act.session)
                clauses = [one["code"] for one in queries.clauses_of(section)]
                for bid in queries.bids_in_evaluation(act.session, section):
                    over = (bid.price_fen or 0) > section.control_price_fen
                    wrong = {failing.get(bid.number), CONTROL_PRICE["code"] if over else None}
                    found = {code: ("fail", f"不符合{code}") if code in wrong else ("pass", "") for code in clauses}
                    services.save_findings(act, held, bid, found)

    def score(self, *labels: str, lock: bool = True, change: Any = None) -> None:
        """Subjective scores fall with the bid's number and differ by seat; objective ones are the same for all."""
        for place, member in enumerate(self.members()):
            with self.platform.act(self.person_actor(member)) as act:
                for sheet in queries.own_sheets(act.session, self.seat_of(act, member.label)):
                    if sheet.state != "draft":
                        continue
                    scores = {}
                    for code, one in scored_criteria(self.section(act.session).method).items():
                        if "computed" in one:
                            continue
                        if one["group"] == "policy":
                            scores[code] = Decimal(sheet.bid.number % 2)
                            continue
                        worth = Decimal(one["points"]) * (Decimal(95) - 5 * (sheet.bid.number % 17)) / 100
                        lean = Decimal(0) if one["objective"] else Decimal(place) / 10
                        scores[code] = (worth - lean).quantize(Decimal("0.01"))
                    services.save_scores(act, sheet, scores)
                    services.lock_sheet(act, sheet)

    def to_scored(self, failing: Mapping[int, str] | None = None, *, size: int = 5) -> None:
        """From the request to the locked sheets."""
        self.add_experts()
        self.request(seats=(("A08", size - 1),))
        self.draw()
        self.name_representative()
        self.arrive()
        leader = next(member.label for member in self.members() if member.seat != "representative")
        self.elect(leader)
        self.review(failing)
        self.begin_scoring(competition_reason="经评审，其余投标仍有竞争性")
        self.score()

    def to_report(self) -> None:
        """From the locked sheets to the delivered report."""
        self.lock()
        self.report()
        self.sign()
        self.deliver()


class Whole(Stage):
    """A stage that goes on after the hall."""

    def final_offers(self, prices: Mapping[str, int]) -> Whole:
        """Call the round of final offers; every bidder of `prices` seals one; returns the round's own stage."""
        with self.platform.act(self.tenderee) as act:
            section = bidding.own_section(act.session, self.code, act.actor)
            invited = [(one.identifier, one.name) for one in opening.opened_bids(act.session, section)]
            until = act.now + timedelta(hours=1)
            final = bidding_services.call_final_offers(act, section, deadline_at=until, invited=invited)
        held = copy.copy(self)
        held.code, held.bidders, held.folder = final.code, {}, self.folder / "final"
        held.learn()
        for letter, price in prices.items():
            held.bidders[letter] = copy.copy(self.bidders[letter])
            held.bidders[letter].sealed, held.bidders[letter].price_fen = [], price
            held.submit(letter)
        return held

    def hand_over(self) -> None:
        """Sign the record and hand over."""
        for verb in (opening_services.sign_record, opening_services.hand_over):
            self.act(self.tenderee, verb)

    def room(self) -> Room:
        """The committee's story on this section."""
        return Room(self.platform, self.clock, code=self.code)

    def publicity(self) -> Publicity:
        """The publicity as it stands."""
        with self.platform.reading() as session:
            return publicity(session, bidding.section(session, self.code))

    def awarded(self) -> None:
        """By the way of the regime: candidates, their days, the award; or the result at once and time to challenge."""
        with self.platform.act(self.tenderee) as act:
            factories.credit_lists(act)
            section = bidding.own_section(act.session, self.code, act.actor)
            verb = awards.announce_result if self.regime == "G" else awards.publish_candidates
            verb(act, section)
        self.challenges_over()
        if self.regime == "T":
            with self.platform.act(self.tenderee) as act:
                awards.award(act, publicity(act.session, bidding.section(act.session, self.code)))

    def challenges_over(self) -> None:
        """The publicity's time is over and it is ended."""
        self.clock.move_to(max(self.clock.now(), self.publicity().ends_at))
        with self.platform.act(SYSTEM) as act:
            awards.end_publicity(act, publicity(act.session, bidding.section(act.session, self.code)))

    def archived(self) -> bytes:
        """The archive's bytes."""
        with self.platform.act(self.officer) as act:
            built = collusion.services.archive_section(act, bidding.section(act.session, self.code))
        return self.platform.store.read(built.sha256)

    def notices(self) -> dict[str, Any]:
        """The newest notice's content of each kind on this section."""
        with self.platform.reading() as session:
            found = notices(session, subject=f"section:{self.code}", limit=100)
        return {one.kind: one.content for one in reversed(found)}


def wrong_lines(stage: Whole, archive: bytes, folder: Path) -> list[str]:
    """What either verifier says does not hold: the platform's own, and the independent one."""
    key = str(stage.platform.signer.verifier)
    found = [
        f"ours {line.check}: {line.facts}"
        for line in verify_archive(io.BytesIO(archive), key=Verifier.parse(key))
        if not line.holds
    ]
    file = folder / "section.archive.tar"
    file.write_bytes(archive)
    theirs = check(file, Key.read(key))
    return found + [f"theirs {line.check}: {line.problems}" for line in theirs if not line.holds]


def tampered(stage: Whole, archive: bytes, path: str, change: Callable[[Any], None] | None) -> bytes:
    """The archive with one JSON member changed, or one member left out, sealed by the platform's own key again."""
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        members = {member.name: tar.extractfile(member).read() for member in tar}  # type: ignore[union-attr]
    built = json.loads(members["manifest.json"])["built_at"]
    if change is None:
        del members[path]
    else:
        value = json.loads(members[path])
        change(value)
        members[path] = rfc8785.dumps(value)
    kept = {name: raw for name, raw in members.items() if not name.startswith("manifest.")}
    return packed(kept, stage.code, built, stage.platform.signer)


def found_wrong(stage: Whole, archive: bytes, folder: Path) -> tuple[set[str], set[str]]:
    """The checks that fail, as the platform's verifier and the independent one say."""
    lines = [line.split(":")[0].split(" ") for line in wrong_lines(stage, archive, folder)]
    return {check for who, check in lines if who == "ours"}, {check for who, check in lines if who == "theirs"}


def signed_in(app: Flask, platform: Platform, actor: Actor) -> Any:
    """A browser of the actor, signed in by certificate."""
    client = app.test_client()
    with platform.act(actor) as act:
        token = open_sign_in(
            act, person_by_id(act.session, actor.person_id or 0), method="certificate", carrier="cookie"
        )
    with app.app_context():
        client.set_cookie(door().cookie, token)
    return client
