"""A stage for opening day: a published section with trustees' keys, and bids sealed and committed for real."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select

from accounts import services as accounts
from accounts.queries import authorities
from accounts.queries import person as person_of
from accounts.rules import Role, SmallAuthority
from bidding import queries as bidding
from bidding import services as bidding_services
from bidding.models import Section, Submission
from bidding.rules import turnstile
from core.act import SYSTEM, Actor, Platform
from core.clock import StoppedClock, iso
from core.draw.mechanism import nonce_commitment
from core.errors import Refusal
from core.seal import (
    BidderKeys,
    Enclosure,
    Sealed,
    derive_nonce,
    leaf_commitment,
    new_identity,
    package_hashes,
    peel,
    recipient_of,
    seal,
    seal_decoy,
    submission_digest,
)
from core.seal.bidder import identity_text, wrap_identity
from core.seal.keyfile import KeyFile
from core.seal.submission import sign_submission
from opening import queries, services
from opening.models import Bid, Opening, OpeningObjection, PeelFault
from opening.rules import draw_label
from tests import factories
from tests.bidding import two_persons
from tests.bidding.notices import LOWEST_FIRST

CODE = "ZB2026-00001-01"
METHOD = {
    "type": "comprehensive/v1",
    "criteria": [
        {
            "code": "T1",
            "name": "施工组织设计",
            "group": "technical",
            "points": "40",
            "objective": False,
            "text": "方案完整、可行、有针对性",
        },
        {
            "code": "Q1",
            "name": "企业业绩",
            "group": "qualification",
            "points": "10",
            "objective": True,
            "text": "近五年类似工程业绩，每项 2 分，满分 10 分",
        },
    ],
    "price": {
        "formula": "mean-deviation/v1",
        "points": "50",
        "k_range": ["0.95", "0.98"],
        "step": "0.005",
        "above": "1.0",
        "below": "0.5",
        "trim_from": 5,
    },
    "review": [{"code": "R1", "text": "营业执照有效", "source": "招标文件第二章"}],
}
PARTICULARS = {
    "scope": "第三水厂扩建工程施工图范围内的全部内容",
    "scale": "新增供水能力 10 万立方米/日",
    "obtaining": "登录平台免费下载",
    "submission": "通过平台加密递交",
    "address": "滨江市江滨大道 1 号",
    "contact": "0571-00000001",
    "objection_contact": "0571-00000002",
    "media": "中国招标投标公共服务平台",
}
TRUSTEES = ("officer", "supervisor", "tenderee")
NAMES = (
    "长河水务集团有限公司",
    "江南建设集团有限公司",
    "恒基水利水电工程局有限公司",
    "东启建工股份有限公司",
    "北辰市政建设有限公司",
)


@dataclass
class Bidder:
    """A bidder's own machine: keys, facts, and what was sealed on it."""

    letter: str
    actor: Actor
    keys: BidderKeys
    facts: dict[str, Any]
    price_fen: int
    duration_days: int = 540
    sealed: list[Sealed] = field(default_factory=list)
    pkcs8: bytes = b""

    @property
    def key_file(self) -> KeyFile:
        """Everything this bidder holds, as their backup does."""
        return KeyFile(self.keys.identity, self.keys.secret, self.keys.certificate, self.pkcs8)

    @property
    def digest(self) -> str:
        return self.sealed[-1].digest

    @property
    def name(self) -> str:
        return str(self.facts["bidder"]["name"])


class Stage:
    """One section from publication to hand-over, played through the services with real keys."""

    def __init__(
        self,
        platform: Platform,
        folder: Path,
        *,
        code: str = CODE,
        method: Any = None,
        regime: str = "T",
        project: dict[str, Any] | None = None,
        section: dict[str, Any] | None = None,
    ):
        """`project` and `section` change single values of what is published."""
        self.platform = platform
        self.changed = project or {}, section or {}
        self.clock: StoppedClock = platform.clock  # type: ignore[assignment]
        self.folder = folder
        self.code = code
        self.officer = factories.actor(platform, Role.OFFICER, "a")
        self.supervisor = factories.actor(platform, Role.SUPERVISOR, "a")
        self.tenderee = factories.actor(platform, Role.TENDEREE, "a")
        self.trustees = {"officer": self.officer, "supervisor": self.supervisor, "tenderee": self.tenderee}
        self.keys = {role: new_identity() for role in TRUSTEES}
        self.secrets = {role: platform.chance(32) for role in TRUSTEES}
        self.bidders: dict[str, Bidder] = {}
        self.method = method or (METHOD if regime == "T" else {**METHOD, "price": LOWEST_FIRST["price"]})
        self.regime = regime
        self.authority = factories.authority(platform.clock.now())
        with platform.act(SYSTEM) as act:
            accounts.add_authority(act, name="滨江演示认证中心", pem=self.authority.pem)
        self._publish()

    def _publish(self) -> None:
        now = self.clock.now()
        with self.platform.act(self.tenderee) as act:
            tenderee = person_of(act.session, self.tenderee.name).organisation
            assert tenderee is not None
            ground = self.changed[0].pop("ground", None)
            entered: dict[str, Any] = {
                "code": self.code.rsplit("-", 1)[0],
                "name": "滨江新区第三水厂扩建工程",
                "regime": self.regime,
                "category": "works" if self.regime == "T" else "services",  # works put to tender fall under regime T
                "funding": "财政资金",
                "region": "330100",
                "description": "新建取水泵房、净水构筑物与清水池",
            }
            project = bidding_services.create_project(act, tenderee=tenderee, **entered | self.changed[0])
            if ground is not None:
                bidding_services.update_project(act, project, ground=ground)
            drafted: dict[str, Any] = {
                "code": self.code,
                "name": "施工一标段",
                "estimate_fen": 18_650_000_000,
                "control_price_fen": 18_650_000_000,
                "bond_fen": 80_000_000,
                "duration_days": 540,
                "qualification": "市政公用工程施工总承包一级及以上资质",
                "credit_rule": "列入严重失信主体名单的不得投标",
                "method": self.method,
                "particulars": PARTICULARS,
                "documents_until_at": now + timedelta(days=7),
                "deadline_at": now + timedelta(days=21),
            }
            section = bidding_services.create_section(act, project, **drafted | self.changed[1])
            for slot in ("tender", "boq"):
                stored = act.store.put(f"{slot} document".encode())
                bidding_services.add_document(act, section, slot, f"{slot}.pdf", stored)
            self.drafted(act, section)
        for role, actor in self.trustees.items():
            with self.platform.act(actor) as act:
                bidding_services.register_trustee(act, self._section(act), role, recipient_of(self.keys[role]))
        two_persons.publish(self.platform, self.code)
        self.learn()

    def drafted(self, act: Any, section: Section) -> None:
        """What else belongs to the draft before it is published."""

    def learn(self) -> None:
        """Take deadline and policy from the section as it is published."""
        with self.platform.act(self.tenderee) as act:
            section = self._section(act)
            self.deadline: datetime = section.deadline_at  # type: ignore[assignment]
            self.policy = bidding.policy(act.session, section).content

    def _section(self, act: Any) -> Section:
        return act.session.scalar(select(Section).where(Section.code == self.code))  # type: ignore[no-any-return]

    # Bidders ------------------------------------------------------------------------------------------------------

    def bidder(self, letter: str, *, authority: SmallAuthority | None = None, days: int = 365) -> Bidder:
        """The bidder of that letter with their own keys and certificate; the same letter gives the same one."""
        if letter in self.bidders:
            return self.bidders[letter]
        actor = factories.actor(self.platform, Role.BIDDER, letter)
        number = "abcdefghij".index(letter)
        key = factories.SigningKey.create()
        with self.platform.act(SYSTEM) as act:
            person = person_of(act.session, actor.name)
            assert person.organisation is not None
            if number < len(NAMES):
                person.organisation.name = NAMES[number]
            name, identifier = person.organisation.name, person.organisation.identifier
            certificate = (authority or self.authority).issue(
                key.public, name=name, identifier=identifier, person=person.name, at=self.clock.now(), days=days
            )
            if authority is None and certificate not in authorities(act.session):
                accounts.register_certificate(act, person, certificate)
        keys = BidderKeys(new_identity(), self.platform.chance(32), certificate, key.sign)
        facts = {
            "bidder": {"name": name, "uscc": identifier, "contact": "王工", "phone": "13800000000"},
            "operator": "王工",
            "device": {"mac": f"02-00-00-00-00-0{number}", "disk": f"D{number}", "cpu": "x", "host": "pc", "tool": "1"},
            "bond": {"form": "guarantee", "account": "", "payer": name, "amount_fen": 80_000_000},
            "prepared_at": iso(self.clock.now()),
            "consortium": None,
        }
        held = Bidder(letter, actor, keys, facts, 16_000_000_000 + number * 123_456_700)
        held.pkcs8 = key.pkcs8
        self.bidders[letter] = held
        return held

    def submit(
        self,
        letter: str,
        *,
        kind: str = "submit",
        change: Callable[[Sealed], Sealed] | None = None,
        schedule: bytes | None = None,
        facts: dict[str, Any] | None = None,
    ) -> Bidder:
        """Seal and commit as that bidder; `change` may make another bid of it before the commit."""
        bidder = self.bidder(letter)
        previous = bidder.sealed[-1] if bidder.sealed else None
        envelopes = {} if kind == "withdraw" else self._envelopes(bidder, len(bidder.sealed), schedule)
        sealed = seal(
            self.policy,
            bidder.keys,
            facts or bidder.facts,
            envelopes,
            self.folder / f"{letter}-{len(bidder.sealed) + 1}",
            kind=kind,
            sequence=len(bidder.sealed) + 1,
            previous=previous.digest if previous else None,
        )
        if change is not None:
            sealed = change(sealed)
        self.commit(sealed, bidder.actor)
        bidder.sealed.append(sealed)
        return bidder

    def again(self, letter: str, name: str) -> Bidder:
        """A second handle of the same bidder, under the name given: same people, same certificate, another secret."""
        first = self.bidder(letter)
        keys = BidderKeys(first.keys.identity, self.platform.chance(32), first.keys.certificate, first.keys.sign)
        self.bidders[name] = Bidder(name, first.actor, keys, first.facts, first.price_fen + 100)
        return self.bidders[name]

    def remade(
        self, sealed: Sealed, bidder: Bidder, keys: dict[tuple[str, str], bytes], text: bytes | None = None
    ) -> Sealed:
        """The sealed bid with other key packages {(envelope, set): bytes} or another identity text, signed anew."""
        content = json.loads(json.dumps(sealed.submission))
        for (envelope, names), package in keys.items():
            digest = hashlib.sha256(package).hexdigest()
            content["envelopes"][envelope]["keys"][names] = {"sha256": digest, "size": len(package)}
            sealed.keys[envelope][names].write_bytes(package)
        content = sign_submission(content, bidder.keys.secret)
        plain = text or identity_text(bidder.keys, bidder.facts, content, sealed.leaf_salt)
        identity = wrap_identity(plain, self.policy)
        digest = submission_digest(content)
        leaf = leaf_commitment(sealed.leaf_salt, digest, package_hashes(identity))
        return replace(sealed, submission=content, digest=digest, identity=identity, leaf=leaf)

    def _envelopes(self, bidder: Bidder, version: int, schedule: bytes | None) -> dict[str, list[Enclosure]]:
        folder = self.folder / f"files-{bidder.letter}-{version}"
        folder.mkdir(parents=True)
        sheet = {
            "type": "sunbid-schedule/v1",
            "price_fen": bidder.price_fen,
            "duration_days": bidder.duration_days,
            "quality": "合格",
            "manager": "赵明",
            "manager_certificate": "浙1332026000001",
        }
        contents = {
            "schedule": ("schedule", "schedule.json", schedule or json.dumps(sheet, ensure_ascii=False).encode()),
            "qualification": ("licence", "资信文件.txt", f"{bidder.name} 资信".encode()),
            "technical": ("proposal", "技术标.txt", f"{bidder.name} 施工组织设计".encode()),
            "price": ("boq", "已标价工程量清单.txt", f"{bidder.name} {bidder.price_fen}".encode()),
        }
        envelopes = {}
        for envelope, (slot, name, content) in contents.items():
            if envelope not in self.policy["envelopes"]:
                continue
            (folder / name).write_bytes(content)
            envelopes[envelope] = [Enclosure(slot, folder / name)]
        if "qualification" in envelopes:
            envelopes["qualification"].append(Enclosure("letter", folder / "资信文件.txt", "投标函.txt"))
        return envelopes

    def commit(self, sealed: Sealed, actor: Actor) -> Submission:
        """Store what was sealed and commit it through the section's turnstile."""
        for file in [*sealed.bulks.values(), *(path for sets in sealed.keys.values() for path in sets.values())]:
            self.platform.store.put(file.read_bytes())
        with self.platform.act(actor, through=turnstile(self.code), shared=True) as act:
            submission, _ = bidding_services.commit_submission(
                act,
                bidding.section(act.session, self.code),
                sealed.submission,
                {names: base64.b64encode(package).decode() for names, package in sealed.identity.items()},
                f"key-{sealed.digest[:40]}",
                leaf_commitment=sealed.leaf,
            )
            return submission

    def decoy(self, role: str = "supervisor") -> Sealed:
        """A trustee's decoy, committed like any bid."""
        sizes = dict.fromkeys(self.policy["envelopes"], 1)
        sealed = seal_decoy(self.policy, role, self.folder / f"decoy-{role}", sizes=sizes)
        self.commit(sealed, self.trustees[role])
        return sealed

    # The day ------------------------------------------------------------------------------------------------------

    def act(self, actor: Actor, verb: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
        """One act: `verb(act, opening, …)` by the actor."""
        with self.platform.act(actor) as act:
            return verb(
                act, queries.opening(act.session, bidding.section(act.session, self.code)), *arguments, **options
            )

    def commit_draw(self, *roles: str) -> None:
        """The draw parties commit the nonces they derive from their secrets."""
        for role in roles or ("officer", "supervisor"):
            with self.platform.act(self.trustees[role]) as act:
                services.commit_coefficient(
                    act, bidding.section(act.session, self.code), role, nonce_commitment(self.nonce(role))
                )

    def nonce(self, role: str) -> bytes:
        """A trustee's nonce for the coefficient draw."""
        return bytes.fromhex(derive_nonce(self.secrets[role], draw_label(self.code)))

    def close(self) -> Opening:
        """Move to the deadline and close."""
        self.clock.move_to(max(self.deadline, self.clock.now()))
        with self.platform.act(SYSTEM, through=turnstile(self.code), shared=False) as act:
            return services.close_and_convene(act, bidding.section(act.session, self.code))

    def tasks(self, role: str) -> list[queries.Task]:
        """What the trustee may peel now."""
        with self.platform.reading() as session:
            opening = queries.opening(session, bidding.section(session, self.code))
            return queries.peel_tasks(session, self.platform.store, opening, self.trustees[role], role)

    def hand_in(self, task: queries.Task, content: bytes, actor: Actor | None = None) -> Any:
        """Hand in what was found inside a layer."""
        with self.platform.act(actor or self.trustees[task.role]) as act:
            section = bidding.section(act.session, self.code)
            return services.peel_layer(
                act,
                queries.opening(act.session, section),
                bidding.submission(act.session, task.submission),
                task.package,
                task.set_name,
                task.stage,
                content,
                task.role,
            )

    def report(self, task: queries.Task, code: str = "seal.not_for_this_key") -> PeelFault:
        """Report that a layer does not open."""
        with self.platform.act(self.trustees[task.role]) as act:
            section = bidding.section(act.session, self.code)
            opening = queries.opening(act.session, section)
            submission = bidding.submission(act.session, task.submission)
            return services.report_fault(
                act, opening, submission, task.package, task.set_name, task.stage, task.role, code
            )

    def peel(self, *roles: str) -> None:
        """Let the trustees of these roles take off every layer they can, in turns, until nothing is left to do."""
        busy = True
        while busy:
            busy = False
            for role in roles:
                for task in self.tasks(role):
                    busy = True
                    try:
                        content = peel(task.content, self.keys[role])
                    except Refusal as refusal:
                        self.report(task, refusal.code)
                        continue
                    self.hand_in(task, content)

    def release(self, letter: str) -> list[Any]:
        """The bidder signs in and releases their layer of every envelope."""
        bidder = self.bidders[letter]
        self.sign_in(letter)
        with self.platform.reading() as session:
            opening = queries.opening(session, bidding.section(session, self.code))
            tasks = queries.peel_tasks(session, self.platform.store, opening, bidder.actor, "bidder")
        mine = [task for task in tasks if task.submission == bidder.digest]
        peeled = {task.package: peel(task.content, bidder.keys.identity) for task in mine}
        with self.platform.act(bidder.actor) as act:
            opening = queries.opening(act.session, bidding.section(act.session, self.code))
            return services.release(act, opening, queries.bid(act.session, opening, bidder.digest), peeled)

    def sign_in(self, letter: str) -> None:
        """The bidder signs in."""
        bidder = self.bidders[letter]
        self.as_bid(letter, bidder.actor, services.sign_in_bid)

    def as_bid(self, letter: str, actor: Actor, verb: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
        """One act: `verb(act, opening, bid, …)` on that bidder's bid."""
        with self.platform.act(actor) as act:
            opening = queries.opening(act.session, bidding.section(act.session, self.code))
            bid = queries.bid(act.session, opening, self.bidders[letter].digest)
            return verb(act, opening, bid, *arguments, **options)

    def reply(self, objection: OpeningObjection, text: str) -> None:
        """The tenderee answers an objection."""
        with self.platform.act(self.tenderee) as act:
            opening = queries.opening(act.session, bidding.section(act.session, self.code))
            held = next(item for item in queries.objections(act.session, opening) if item.id == objection.id)
            services.reply_objection(act, opening, held, text)

    def tick(self) -> None:
        """What tick does: advance every opening that is due."""
        with self.platform.reading() as session:
            due = [opening.section.code for opening in queries.due(session, self.clock.now())]
        for code in due:
            with self.platform.act(SYSTEM) as act:
                services.advance_due(act, queries.opening(act.session, bidding.section(act.session, code)))

    def open_ready(self) -> None:
        """Open what is ready, as the routes do."""
        self.act(SYSTEM, services.open_ready)

    def to_names(self, *roles: str) -> None:
        """Close, read the identities, publish the names; the draw is committed to where the method has one."""
        if "k_range" in self.method["price"]:
            self.commit_draw()
        self.close()
        self.peel(*(roles or TRUSTEES))
        self.act(self.tenderee, services.publish_names)

    def to_window(self) -> None:
        """As far as the open window."""
        self.to_names()
        self.act(self.tenderee, services.open_decryption)

    def to_drawn(self, *letters: str) -> None:
        """As far as the drawn coefficient, every bidder of `letters` (default: all) opening their own bid."""
        self.to_window()
        for letter in letters or tuple(self.bidders):
            self.release(letter)
        self.peel("tenderee")
        self.open_ready()
        self.tick()
        self.draw()

    def draw(self) -> None:
        """Both parties reveal, K is drawn; nothing is where the method has none."""
        for role in ("officer", "supervisor") if "k_range" in self.method["price"] else ():
            self.act(self.trustees[role], services.reveal_coefficient, role, self.nonce(role))
        self.act(self.tenderee, services.draw_coefficients)

    def to_confirmation(self, *letters: str) -> None:
        """As far as the confirmation of what was read out."""
        self.to_drawn(*letters)
        self.act(self.tenderee, services.read_prices)
        self.act(self.tenderee, services.ask_confirmation)

    # Looking ------------------------------------------------------------------------------------------------------

    @property
    def opening(self) -> Opening:
        """The opening as it stands."""
        with self.platform.reading() as session:
            return queries.opening(session, bidding.section(session, self.code))

    def bid(self, letter: str) -> Bid:
        """That bidder's bid as it stands."""
        with self.platform.reading() as session:
            opening = queries.opening(session, bidding.section(session, self.code))
            return queries.bid(session, opening, self.bidders[letter].digest)
