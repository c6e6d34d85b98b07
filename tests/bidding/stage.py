"""What the bidding tests need: a draft that meets the law, a published section with its trustees, bidders who seal."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from accounts.queries import organisation
from accounts.rules import Role
from bidding import queries, rules, services
from bidding.models import Section, Submission
from core import seal as sealing
from core.act import Act, Platform
from core.errors import Refusal
from core.seal import BidderKeys, Enclosure, Sealed
from tests import factories
from tests.bidding import two_persons
from tests.core.seal.scene import make_bidder, make_facts

TRUSTEES = (Role.TENDEREE, Role.OFFICER, Role.SUPERVISOR)


@contextmanager
def refused(kind: type[Refusal], code: str, **facts: Any) -> Iterator[None]:
    """The block is refused with this kind, this code and at least these facts."""
    with pytest.raises(kind) as caught:
        yield
    assert caught.value.code == code, caught.value
    assert facts.items() <= caught.value.facts.items(), caught.value


def criterion(code: str, name: str, group: str, points: str, *, objective: bool = False) -> dict[str, Any]:
    """One scoring criterion of a method."""
    text = f"按招标文件第三章对“{name}”评分"
    return {"code": code, "name": name, "group": group, "points": points, "objective": objective, "text": text}


METHOD: dict[str, Any] = {
    "type": "comprehensive/v1",
    "criteria": [
        criterion("T1", "施工组织设计", "technical", "30"),
        criterion("T2", "质量安全措施", "technical", "12"),
        criterion("Q1", "类似业绩", "qualification", "8", objective=True),
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
    "review": [{"code": "R1", "text": "投标函有签章", "source": "招标文件 3.1"}],
}

PARTICULARS = {
    "scope": "污水处理厂二期土建及设备安装",
    "scale": "日处理 5 万吨",
    "obtaining": "公告发布之日起在本平台免费下载",
    "submission": "通过本平台递交加密投标文件",
    "address": "滨江市滨江路 1 号",
    "contact": "周敏 0571-80000000",
    "objection_contact": "周敏 0571-80000000，本平台异议栏目",
    "media": "中国招标投标公共服务平台",
}

SECTION: dict[str, Any] = {
    "name": "城东污水处理厂二期扩建工程施工一标段",
    "estimate_fen": 4_000_000_00 * 10,
    "control_price_fen": 3_980_000_00 * 10,
    "bond_fen": 800_000_00,
    "duration_days": 360,
    "validity_days": 90,
    "decrypt_minutes": 30,
    "qualification": "市政公用工程施工总承包二级及以上资质",
    "accepts_consortium": False,
    "credit_rule": "开标当日查询信用中国，截图留存；失信被执行人的投标予以否决",
    "method": METHOD,
    "particulars": PARTICULARS,
}


@dataclass
class Stage:
    """A platform with one section, and everyone's keys."""

    platform: Platform
    code: str = ""
    trustees: dict[str, str] = field(default_factory=dict)

    def act(self, role: Role, person: str = "a", **options: Any) -> AbstractContextManager[Act]:
        """One act by the test's person of that role."""
        return self.platform.act(factories.actor(self.platform, role, person), **options)

    def draft(self, **changes: Any) -> str:
        """A draft that meets the law, with documents and three registered trustees; its code."""
        actor = factories.actor(self.platform, Role.TENDEREE)
        with self.platform.act(actor) as act:
            assert actor.organisation_id is not None
            project = services.create_project(
                act,
                name="城东污水处理厂二期扩建工程",
                tenderee=organisation(act.session, actor.organisation_id),
                region="330100",
                funding="财政资金",
                description="新建生化池、二沉池及配套管网",
                **{name: changes.pop(name) for name in list(changes) if name in ("regime", "category", "is_mandatory")},
            )
            values = SECTION | {
                "documents_until_at": act.now + timedelta(days=6),
                "deadline_at": act.now + timedelta(days=25),
            }
            section = services.create_section(act, project, **values | changes)
            for slot, name in (("tender", "招标文件.pdf"), ("boq", "工程量清单.xlsx")):
                services.add_document(act, section, slot, name, act.store.put(f"{slot} {section.code}".encode()))
            self.code = section.code
        for role in TRUSTEES:
            self.trustees[role] = sealing.new_identity()
            with self.act(role) as act:
                section = queries.own_section(act.session, self.code, act.actor)
                services.register_trustee(act, section, role, sealing.recipient_of(self.trustees[role]))
        return self.code

    def publish(self, **changes: Any) -> Stage:
        """A published section, open for submissions."""
        self.draft(**changes)
        two_persons.publish(self.platform, self.code)
        return self

    def section(self) -> Section:
        """The section as it stands."""
        with self.platform.reading() as session:
            return queries.own_section(session, self.code, factories.actor(self.platform, Role.OFFICER))

    def policy(self) -> dict[str, Any]:
        """The newest policy."""
        with self.platform.reading() as session:
            content: dict[str, Any] = queries.policy(session, self.section()).content
            return content

    def deposit(self, sealed: Sealed) -> None:
        """Put every file of a sealed bid into the store, as finished uploads do."""
        for path in [*sealed.bulks.values(), *(path for keys in sealed.keys.values() for path in keys.values())]:
            self.platform.store.put(path.read_bytes())

    def commit(
        self, sealed: Sealed, *, key: str = "", deposited: bool = False, **changes: Any
    ) -> tuple[Submission, dict[str, Any]]:
        """Commit a sealed bid as a bidder, through the turnstile."""
        if not deposited:
            self.deposit(sealed)
        request = {**request_of(sealed, key), **changes}
        actor = factories.actor(self.platform, Role.BIDDER)
        with self.platform.act(actor, through=rules.turnstile(self.code)) as act:
            return services.commit_submission(
                act,
                queries.section(act.session, self.code),
                request["submission"],
                request["identity"],
                request["idempotency_key"],
                leaf_commitment=request["leaf_commitment"],
            )

    def close(self) -> services.ClosedSet:
        """Close the section behind its turnstile."""
        with self.act(Role.OFFICER, through=rules.turnstile(self.code), shared=False) as act:
            return services.close_section(act, queries.section(act.session, self.code))


def request_of(sealed: Sealed, key: str = "") -> dict[str, Any]:
    """The body of the commit request for a sealed bid."""
    return {
        "submission": sealed.submission,
        "identity": {names: base64.b64encode(package).decode() for names, package in sealed.identity.items()},
        "leaf_commitment": sealed.leaf,
        "idempotency_key": key or f"commit-{sealed.digest[:40]}",
    }


def commit_of(code: str, request: Mapping[str, Any]) -> services.Commit:
    """The same request as the route hands it on."""
    return services.Commit(
        code, request["submission"], request["identity"], request["idempotency_key"], request["leaf_commitment"]
    )


@dataclass
class Bidder:
    """A bidder with keys who seals bids into folders of their own."""

    name: str
    folder: Path
    keys: BidderKeys = field(init=False)
    count: int = 0
    facts: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.keys = make_bidder(self.name)
        self.folder.mkdir(parents=True, exist_ok=True)

    def files(self, price_fen: int = 3_650_000_000, mark: str = "") -> dict[str, list[Enclosure]]:
        """The files of a bid, with `mark` in every plaintext."""
        schedule = {
            "type": "sunbid-schedule/v1",
            "price_fen": price_fen,
            "duration_days": 350,
            "quality": "合格",
            "manager": f"王工{mark}",
            "manager_certificate": "浙1332020202100001",
        }
        contents = {
            ("schedule", "schedule", "schedule.json"): json.dumps(schedule, ensure_ascii=False),
            ("qualification", "licence", "营业执照.pdf"): f"%PDF {self.name} {mark}",
            ("qualification", "letter", "投标函.pdf"): f"%PDF letter {self.name} {mark}",
            ("technical", "proposal", "施工组织设计.docx"): f"PK {self.name} {mark}" * 40,
            ("price", "boq", "已标价清单.xlsx"): f"PK boq {self.name} {mark}",
        }
        envelopes: dict[str, list[Enclosure]] = {}
        for (envelope, slot, name), content in contents.items():
            path = self.folder / f"{hashlib.sha256((slot + content).encode()).hexdigest()[:16]}"
            path.write_text(content, encoding="utf-8")
            envelopes.setdefault(envelope, []).append(Enclosure(slot, path, name))
        return envelopes

    def seal(self, policy: Mapping[str, Any], *, after: Sealed | None = None, kind: str = "", **options: Any) -> Sealed:
        """Seal a bid: the first, or one that replaces or withdraws `after`."""
        self.count += 1
        kind = kind or ("replace" if after else "submit")
        files = {} if kind == "withdraw" else options.pop("files", None) or self.files(**options)
        return sealing.seal(
            policy,
            self.keys,
            {**make_facts(self.name), **self.facts},
            files,
            self.folder / f"sealed-{self.count}",
            kind=kind,
            sequence=after.submission["sequence"] + 1 if after else 1,
            previous=after.digest if after else None,
        )


def resigned(bidder: Bidder, sealed: Sealed, change: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
    """The submission changed by `change` and signed again with its own handle."""
    from core.seal.submission import sign_submission

    content = json.loads(json.dumps(sealed.submission))
    change(content)
    return sign_submission(content, bidder.keys.secret)
