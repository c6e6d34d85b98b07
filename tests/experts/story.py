"""A section as it stands after its opening, a pool of experts, and the committee's way from request to report."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import docx
from sqlalchemy.orm import Session

from accounts.models import Organisation, Person
from accounts.queries import actor_for
from accounts.rules import Role
from bidding.models import Project, Section, Submission
from bidding.rules import default_slots, law_on, layout
from bidding.rules.masks import masks_commitments
from bidding.rules.notice import PARTICULARS
from core.act import SYSTEM, Act, Actor, Platform
from core.clock import StoppedClock
from core.draw import mechanism
from core.ledger.log import append
from experts import queries, services
from experts.models import Committee, Expert, Member, Sheet
from opening.models import Bid, Opening
from tests import factories

PARTY_ROLES = {"tenderee": Role.TENDEREE, "officer": Role.OFFICER, "supervisor": Role.SUPERVISOR}
CONTROL = 1_000_000_00
PRICES = (920_000_00, 935_000_00, 940_000_00, 948_000_00, 950_000_00)
METHOD: dict[str, Any] = {
    "type": "comprehensive/v1",
    "criteria": [
        {"code": "T1", "name": "施工组织设计", "group": "technical", "points": "20", "objective": False,
         "text": "施工方案完整、针对本工程的重点难点：16—20 分；一般：10—15.99 分；差：0—9.99 分。"},
        {"code": "T2", "name": "质量与安全措施", "group": "technical", "points": "15", "objective": False,
         "text": "体系健全、措施具体：12—15 分；一般：8—11.99 分；差：0—7.99 分。"},
        {"code": "Q1", "name": "类似业绩", "group": "qualification", "points": "10", "objective": True,
         "text": "近五年每完成一项同类工程得 2 分，满分 10 分，以合同和竣工验收证明为准。"},
        {"code": "Q2", "name": "信用评价", "group": "qualification", "points": "5", "objective": True,
         "text": "信用等级 A 得 5 分，B 得 3 分，其他不得分。"},
    ],
    "price": {
        "formula": "mean-deviation/v1", "points": "50", "k_range": ["0.95", "0.98"], "step": "0.005",
        "above": "1.0", "below": "0.5", "trim_from": 5,
    },
    "review": [
        {"code": "R1", "text": "投标函经投标单位盖章或单位负责人签字", "source": "实施条例第五十一条第（一）项"},
        {"code": "R2", "text": "资质证书满足招标文件要求", "source": "实施条例第五十一条第（三）项"},
    ],
}  # fmt: skip
BIDDERS = (
    "宏远市政建设有限公司", "江城建工集团有限公司", "东海水利工程有限公司", "永固路桥建设有限公司",
    "新时代建设有限公司", "南山市政工程有限公司", "北辰建设有限公司",
)  # fmt: skip
SCORES: dict[str, tuple[str, ...]] = {
    "T1": ("18", "17.5", "16", "15", "14", "13", "12"),
    "T2": ("13.5", "13", "12", "12.5", "10", "9", "9"),
    "Q1": ("8", "10", "6", "8", "4", "4", "4"),
    "Q2": ("5", "5", "3", "5", "3", "3", "3"),
}


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass
class Story:
    """One section's tale; every step is a service called by the person who may."""

    platform: Platform
    clock: StoppedClock
    code: str = "BJ-2026-001-01"
    prices: Sequence[int] = PRICES
    meets_at: datetime | None = None
    anonymous: bool = False
    """Whether the technical envelope is anonymous (暗标), with its secrets committed and a document in each bid."""

    # People -----------------------------------------------------------------------------------------------------------

    def actor(self, role: Role, which: str = "a") -> Actor:
        return factories.actor(self.platform, role, which)

    def bidder_actor(self, number: int) -> Actor:
        with self.platform.reading() as session:
            return actor_for(session, f"bid{number}-{self.code.lower()}")

    def person_actor(self, member: Member) -> Actor:
        with self.platform.reading() as session:
            return actor_for(session, member.person.login)

    # The section ------------------------------------------------------------------------------------------------------

    def open_section(self) -> None:
        """The section as the opening hands it over: opened bids, read prices, drawn K = 0.97."""
        tenderee, agent = self.actor(Role.TENDEREE), self.actor(Role.AGENT)
        for role in (Role.OFFICER, Role.SUPERVISOR):
            self.actor(role)
        now = self.clock.now()
        with self.platform.act(SYSTEM) as act:
            project = Project(
                code=self.code.rsplit("-", 1)[0], name="滨江市第二水厂取水泵站工程",
                tenderee_id=tenderee.organisation_id,
                agent_id=agent.organisation_id, regime="T", category="works", procedure="open", is_mandatory=True,
                region="330100", funding="财政资金", description="取水泵站土建与安装", created_at=now,
                law=law_on("T", date(2026, 10, 1)).as_json(),
            )  # fmt: skip
            act.session.add(project)
            act.session.flush()
            section = Section(
                code=self.code, project_id=project.id, name="一标段", estimate_fen=CONTROL, control_price_fen=CONTROL,
                bond_fen=0, duration_days=300, validity_days=90, decrypt_minutes=60, qualification="市政二级",
                accepts_consortium=False, credit_rule="严重失信主体不得投标", method=METHOD, state="opened",
                envelopes=layout(is_anonymous=True) if self.anonymous else [], slots=default_slots(layout()),
                state_at=now,
                particulars=dict.fromkeys(PARTICULARS, "见招标文件"), published_at=now - timedelta(days=30),
                deadline_at=now - timedelta(hours=2),
                closed_at=now - timedelta(hours=2),
            )  # fmt: skip
            act.session.add(section)
            act.session.flush()
            if self.anonymous:
                told = {"commitments": masks_commitments(act.signer.sign, section.code)}
                append(act, "masks.commit", section.subject, told)
            seed = digest(f"seed {self.code}")
            opening = Opening(
                section_id=section.id, state="handed_over", state_at=now, closed_set=[], closing_size=0,
                closing_note="",
                pauses=[], record_sha256=digest("record"), record_signatures=[],
                coefficients={
                    "type": "sunbid-draw/v1", "label": f"coefficients:{self.code}", "seed": seed, "k": "0.97",
                    "steps": [],
                    "parties": [], "bid_nonces": [], "candidates": ["0.97"], "list_digest": digest("grid"),
                },
            )  # fmt: skip
            act.session.add(opening)
            act.session.flush()
            for number, price in enumerate(self.prices, 1):
                self._bid(act, section, opening, number, price)

    def _bid(self, act: Act, section: Section, opening: Opening, number: int, price: int) -> None:
        unit = factories.organisation(act, 700 + number, BIDDERS[number - 1])
        factories.person(
            act, Role.BIDDER, login=f"bid{number}-{self.code.lower()}", name=f"投标员{number}", organisation=unit
        )
        submission = Submission(
            section_id=section.id, digest=digest(f"{self.code} {number}"), handle=digest(f"h {self.code} {number}"),
            kind="submit", sequence=1, previous=None, content={"envelopes": {}}, identity={},
            leaf_commitment=digest("leaf"),
            leaf_index=10_000 + int(digest(self.code)[:6], 16) * 10 + number, received_at=act.now,
            idempotency_key=f"key-{number}", receipt={}, state="sealed", state_at=act.now,
        )  # fmt: skip
        act.session.add(submission)
        act.session.flush()
        bid = Bid(
            opening_id=opening.id,
                submission_id=submission.id,
                number=number,
                organisation_id=unit.id,
            name=unit.name,
                identifier=unit.identifier,
                identity={"bidder": {"contact": f"联系人{number}"}},
            identity_faults=[],
                state="opened_by_bidder",
                state_at=act.now,
                opened_at=act.now,
                envelopes=self._documents(act, number) if self.anonymous else {},
            schedule={
                "type": "sunbid-schedule/v1",
                    "price_fen": price,
                    "duration_days": 280 + number,
                    "quality": "合格",
                "manager": f"项目经理{number}",
                    "manager_certificate": f"浙1330800{number}",
            },
            price_fen=price,
        )  # fmt: skip
        act.session.add(bid)
        act.session.flush()

    def _documents(self, act: Act, number: int) -> dict[str, Any]:
        """A technical proposal under the bidder's own file name, whose properties name the bidder."""
        document: Any = docx.Document()
        document.add_paragraph(f"第 {number} 种施工组织设计：基坑支护采用方案{number}")
        document.core_properties.author = BIDDERS[number - 1]
        written = io.BytesIO()
        document.save(written)
        stored = act.store.put(written.getvalue())
        name = f"{BIDDERS[number - 1]}技术标.docx"
        file = {"slot": "proposal", "name": name, "sha256": stored.sha256, "size": stored.size}
        return {"technical": {"files": [file]}}

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

    def section(self, session: Session) -> Section:
        from bidding import queries as bidding

        return bidding.section(session, self.code)

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
        self.to_drawn()
        self.arrive()
        self.elect()
        return self

    def to_scoring(self, failing: Mapping[int, str] | None = None) -> Story:
        self.to_seated()
        self.review(failing)
        self.begin_scoring()
        return self

    def to_locked(self, failing: Mapping[int, str] | None = None) -> Story:
        self.to_scoring(failing)
        self.score()
        self.lock()
        return self

    def to_delivered(self, failing: Mapping[int, str] | None = None) -> Story:
        self.to_locked(failing)
        self.report()
        self.sign()
        self.deliver()
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
