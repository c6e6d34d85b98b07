"""A pool of experts beside an opened section, and the committee's way from request to report."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy.orm import Session

from accounts.models import Organisation, Person
from accounts.rules import Role
from core.act import SYSTEM, Act, Platform
from core.draw import mechanism
from experts import queries, services
from experts.models import Committee, Expert, Member, Sheet
from opening.models import Bid
from tests import factories
from tests.experts import opened
from tests.experts.kept import reached
from tests.experts.opened import BIDDERS, CONTROL, METHOD, PRICES, SCORES, Opened

PARTY_ROLES = {"tenderee": Role.TENDEREE, "officer": Role.OFFICER, "supervisor": Role.SUPERVISOR}


@dataclass
class Story(Opened):
    """One section's tale; every step is a service called by the person who may."""

    # The blind round --------------------------------------------------------------------------------------------------

    def score_blind(
        self, *labels: str, lock: bool = True, marked: Collection[int] = (), change: Mapping[Any, str] | None = None
    ) -> None:
        """Everyone scores the technical criteria as SCORES has them, by label; bids of `marked` fail for marks.

        `change`: another value by (seat, bid number, criterion).
        """
        for place, member in enumerate(self.members()):
            if labels and member.label not in labels:
                continue
            with self.platform.act(self.person_actor(member)) as act:
                held = self.committee(act.session)
                own = self.seat_of(act, member.label)
                for mask, _, _, state in queries.masked_progress(act.session, own):
                    if state != "draft":
                        continue
                    number = queries.masked_bid(act.session, held, act.signer.sign, mask).number
                    sheet = queries.own_masked_sheet(act.session, own, mask)
                    scores = {
                        code: Decimal((change or {}).get((member.label, number, code), SCORES[code][number - 1]))
                        + Decimal(place) / 10
                        for code in ("T1", "T2")
                    }
                    found = ("fail", f"第 3 页页眉有标记，见暗标{mask}") if number in marked else ("pass", "")
                    services.save_masked(act, sheet, scores, {}, finding=found[0], reason=found[1])
                    if lock:
                        services.lock_masked(act, sheet)

    def lock_blind(self) -> dict[str, Any]:
        leader = next(member for member in self.members() if member.is_leader)
        with self.platform.act(self.person_actor(leader)) as act:
            return services.lock_blind(act, self.committee(act.session))

    def clean(self) -> None:
        """The cleaned copies, as the tick makes them."""
        with self.platform.reading() as session:
            section = self.section(session)
            ready = [
                (bid.submission.digest, services.ready_to_clean(section, bid))
                for bid in queries.bids_in_evaluation(session, section)
            ]
        made = {digest: services.clean_files(self.platform.store, files) for digest, files in ready}
        with self.platform.act(SYSTEM) as act:
            for bid in queries.bids_in_evaluation(act.session, self.section(act.session)):
                services.keep_cleaned(act, bid, made[bid.submission.digest])

    # The pool ---------------------------------------------------------------------------------------------------------

    def add_experts(self, count: int = 14, first: int = 1, **details: Any) -> list[str]:
        """`count` experts of A08 (every third of A03 too); returns their codes."""
        codes = []
        with self.platform.act(self.actor(Role.OPERATOR)) as act:
            for number in range(first, first + count):
                person = factories.person(act, Role.EXPERT, login=f"expert{number:03d}", name=f"专家{number:03d}")
                code = f"ZJ-{number:04d}"
                services.add_expert(
                    act, person=person, code=code, region="330100",
                    specialities=["A08", "A03"] if number % 3 == 0 else ["A08"], **details,
                )  # fmt: skip
                codes.append(code)
        return codes

    # The committee ----------------------------------------------------------------------------------------------------

    def request(self, seats: Sequence[tuple[str, int]] = (("A08", 4),), representatives: int = 1) -> None:
        with self.platform.act(self.actor(Role.AGENT)) as act:
            size = sum(count for _, count in seats) + representatives
            services.request_committee(
                act, self.section(act.session), seats=seats, size=size, representatives=representatives,
                meets_at=self.meets_at or self.clock.now() + timedelta(hours=1), place="第三评标室",
            )  # fmt: skip

    def committee(self, session: Session) -> Committee:
        return queries.committee(session, self.section(session))

    def nonce(self, party: str, number: int = 1) -> bytes:
        return hashlib.sha256(f"{party} {number} {self.code}".encode()).digest()

    def announce(self) -> None:
        with self.platform.act(self.actor(Role.OFFICER)) as act:
            services.announce_expert_draw(act, self.committee(act.session))

    def commit(self, number: int = 1) -> None:
        for party, role in PARTY_ROLES.items():
            with self.platform.act(self.actor(role)) as act:
                services.commit_draw_nonce(
                    act, self.committee(act.session), party, mechanism.nonce_commitment(self.nonce(party, number))
                )

    def freeze(self) -> None:
        with self.platform.act(self.actor(Role.OFFICER)) as act:
            services.freeze(act, self.committee(act.session))

    def reveal(self, number: int = 1) -> None:
        for party, role in PARTY_ROLES.items():
            with self.platform.act(self.actor(role)) as act:
                services.reveal_draw_nonce(act, self.committee(act.session), party, self.nonce(party, number))

    def draw(self, number: int = 1) -> None:
        """The whole draw."""
        self.announce()
        self.commit(number)
        self.freeze()
        self.reveal(number)

    def name_representative(self) -> None:
        actor = self.actor(Role.TENDEREE)
        with self.platform.act(actor) as act:
            person = act.session.get(Person, actor.person_id)
            assert person is not None
            services.name_representative(act, self.committee(act.session), person, authorisation="授权书〔2026〕12 号")

    def members(self) -> list[Member]:
        """Who holds a seat now, detached."""
        with self.platform.reading() as session:
            return queries.live_members(session, self.committee(session))

    def as_member(self, label: str) -> Any:
        """`with story.as_member("M1") as act:` one act by the person on that seat."""
        with self.platform.reading() as session:
            held = next(m for m in queries.members(session, self.committee(session)) if m.label == label)
        return self.platform.act(self.person_actor(held))

    def seat_of(self, act: Act, label: str) -> Member:
        return next(m for m in queries.members(act.session, self.committee(act.session)) if m.label == label)

    def arrive(self, *labels: str) -> None:
        """Accept, sign in and declare, for those not there yet."""
        for member in self.members():
            if labels and member.label not in labels:
                continue
            with self.platform.act(self.person_actor(member)) as act:
                held = self.seat_of(act, member.label)
                if held.state == "invited":
                    services.accept(act, held)
                if held.state == "accepted":
                    services.sign_in(act, held)
                if held.state == "signed_in":
                    services.declare(act, held)

    def elect(self, label: str = "M1") -> None:
        for member in self.members():
            with self.platform.act(self.person_actor(member)) as act:
                services.vote_leader(act, self.seat_of(act, member.label), self.seat_of(act, label))

    def review(self, failing: Mapping[int, str] | None = None, *labels: str) -> None:
        """Everyone passes everything, but fails `failing` {bid number: clause}."""
        failing = failing or {}
        for member in self.members():
            if labels and member.label not in labels:
                continue
            with self.platform.act(self.person_actor(member)) as act:
                held = self.seat_of(act, member.label)
                for bid in queries.bids_in_evaluation(act.session, self.section(act.session)):
                    services.save_findings(
                        act, held, bid,
                        {
                            clause: ("fail", f"第 {bid.number} 号不符合{clause}")
                            if failing.get(bid.number) == clause else ("pass", "")
                            for clause in ("R1", "R2", "control_price")
                        },
                    )  # fmt: skip

    def begin_scoring(self, **options: Any) -> None:
        leader = next(member for member in self.members() if member.is_leader)
        with self.platform.act(self.person_actor(leader)) as act:
            services.begin_scoring(act, self.committee(act.session), **options)

    def score(self, *labels: str, lock: bool = True, change: Mapping[tuple[str, int, str], str] | None = None) -> None:
        """Everyone scores SCORES, the subjective ones shifted by a tenth per seat; `change` by (label, bid, code)."""
        change = change or {}
        for place, member in enumerate(self.members()):
            if labels and member.label not in labels:
                continue
            with self.platform.act(self.person_actor(member)) as act:
                for sheet in queries.own_sheets(act.session, self.seat_of(act, member.label)):
                    if sheet.state != "draft":
                        continue
                    number = sheet.bid.number
                    scores = {
                        code: Decimal(values[number - 1]) + (Decimal(place) / 10 if code.startswith("T") else 0)
                        for code, values in SCORES.items()
                        if not (self.anonymous and code.startswith("T"))
                    }
                    for (label, bid, code), value in change.items():
                        if (label, bid) == (member.label, number):
                            scores[code] = Decimal(value)
                    services.save_scores(act, sheet, scores)
                    if lock:
                        services.lock_sheet(act, sheet)

    def lock(self) -> dict[str, Any]:
        leader = next(member for member in self.members() if member.is_leader)
        with self.platform.act(self.person_actor(leader)) as act:
            return services.lock_committee(act, self.committee(act.session))

    def report(self) -> str:
        leader = next(member for member in self.members() if member.is_leader)
        with self.platform.act(self.person_actor(leader)) as act:
            return services.write_report(act, self.committee(act.session))

    def sign(self, dissent: Mapping[str, str] | None = None) -> None:
        with self.platform.reading() as session:
            committee = self.committee(session)
            order = queries.signers(session, committee)
            sha256 = str(committee.report_sha256)
        for member in order:
            with self.platform.act(self.person_actor(member)) as act:
                services.sign_report(
                    act, self.seat_of(act, member.label), report_sha256=sha256,
                    dissent=(dissent or {}).get(member.label, ""),
                )  # fmt: skip

    def deliver(self) -> None:
        leader = next(member for member in self.members() if member.is_leader)
        with self.platform.act(self.person_actor(leader)) as act:
            services.deliver_report(act, self.committee(act.session))

    # Shortcuts --------------------------------------------------------------------------------------------------------

    def to_drawn(self, **request: Any) -> Story:
        self.open_section()
        self.add_experts()
        self.request(**request)
        self.draw()
        if request.get("representatives", 1):
            self.name_representative()
        return self

    def to_seated(self) -> Story:
        def play() -> None:
            self.to_drawn()
            self.arrive()
            self.elect()

        return self._reached("seated", None, play)

    def to_scoring(self, failing: Mapping[int, str] | None = None) -> Story:
        def play() -> None:
            self.to_seated()
            self.review(failing)
            self.begin_scoring()

        return self._reached("scoring", failing, play)

    def to_locked(self, failing: Mapping[int, str] | None = None) -> Story:
        def play() -> None:
            self.to_scoring(failing)
            self.score()
            self.lock()

        return self._reached("locked", failing, play)

    def to_delivered(self, failing: Mapping[int, str] | None = None) -> Story:
        def play() -> None:
            self.to_locked(failing)
            self.report()
            self.sign()
            self.deliver()

        return self._reached("delivered", failing, play)

    def _reached(self, stage: str, failing: Mapping[int, str] | None, play: Callable[[], None]) -> Story:
        if any(callable(one) for one in vars(self).values()):
            play()  # a test plays a part of it in its own way
            return self
        told = (self.code, tuple(self.prices), self.meets_at, self.anonymous, tuple(sorted((failing or {}).items())))
        rules = json.dumps([opened.METHOD, SCORES], sort_keys=True)
        reached(self.platform, self.clock, (type(self), stage, told, rules), play)
        return self


def expert_by_code(session: Session, code: str) -> Expert:
    return queries.expert(session, code)


def tie_to_bidder(platform: Platform, person_id: int, unit: Organisation | Bid) -> None:
    """Write into an expert's declarations that they now work for a bidder."""
    with platform.act(SYSTEM) as act:
        held = act.session.query(Expert).where(Expert.person_id == person_id).one()
        services.update_declarations(
            act, held, employers=[{"name": unit.name, "identifier": unit.identifier}], shareholdings=[], relatives=[]
        )


__all__ = ["BIDDERS", "CONTROL", "METHOD", "PRICES", "SCORES", "Sheet", "Story", "expert_by_code", "tie_to_bidder"]
