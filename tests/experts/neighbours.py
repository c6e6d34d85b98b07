"""Two real platforms side by side: a host with a section, and a lender with a pool, each with its site and its key."""

from __future__ import annotations

import copy
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from flask import Flask
from werkzeug.serving import make_server

from accounts import services as accounts
from accounts.models import Person
from accounts.rules import Role, SmallAuthority, login_message
from core import partners as wire
from core.act import SYSTEM, Actor, Platform
from core.chance import seeded
from core.clock import StoppedClock
from core.db import Database
from core.errors import Refusal
from core.ledger.log import platform_signer
from core.outgoing import networks_of
from core.store import ObjectStore
from core.trust import Trust
from experts import queries, services
from experts.models import Consultation, Member
from experts.queries import federation
from experts.services import consulting, exchange, partners
from tests import factories
from tests.experts.story import Story


def second_platform(folder: Path, empty: Path, clock: StoppedClock) -> Platform:
    """Another platform with a database and a ledger key of its own."""
    folder.mkdir()
    shutil.copy(empty, folder / "sunbid.db")
    return Platform(
        Database(f"sqlite:///{folder / 'sunbid.db'}", folder=folder), ObjectStore(folder / "objects"), clock,
        platform_signer("jiaxing.test", bytes(range(1, 33))), seeded(b"neighbours"),
    )  # fmt: skip


@contextmanager
def listening(app: Any) -> Iterator[str]:
    """The application behind a real local HTTP server; its address."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@dataclass
class Neighbours:
    """The host's story, the lender, and where the lender listens."""

    host: Story
    lender: Platform
    site: Flask
    url: str
    authority: SmallAuthority
    keys: dict[str, factories.SigningKey]

    @property
    def clock(self) -> StoppedClock:
        return self.host.clock

    def meet(self) -> None:
        """Each puts the other on its list, and the lender tells which pool it lends."""
        self.host.platform.trust = Trust(networks=networks_of(["127.0.0.0/8"]))
        with self.host.platform.act(self.host.actor(Role.OPERATOR)) as act:
            partners.add_partner(
                act, code="jx", name="嘉兴市公共资源交易平台", url=self.url, key=str(self.lender.signer.verifier)
            )
        with self.lender.act(factories.actor(self.lender, Role.OPERATOR)) as act:
            owner = factories.organisation(act, 950, "嘉兴市发展和改革委员会")
            services.found_pool(act, code="JX-1", name="嘉兴市综合评标专家库", region="330400", owner=owner)
            partners.add_partner(
                act, code="bj", name="滨江市公共资源交易平台", url="https://host.test",
                key=str(self.host.platform.signer.verifier), lends=["JX-1"],
            )  # fmt: skip
        exchange.fetch_pools(self.host.platform, self.host.actor(Role.OPERATOR), "jx")

    def add_lent(self, count: int = 8, first: int = 1, certified: bool = True, **details: Any) -> list[str]:
        """Experts of the lender's pool, each of a unit of their own, with a certificate both platforms recognise."""
        codes = []
        with self.lender.act(factories.actor(self.lender, Role.OPERATOR)) as act:
            pool = queries.expert_pool(act.session, "JX-1")
            for number in range(first, first + count):
                unit = factories.organisation(act, 3000 + number, f"嘉兴第{number}设计院")
                login = f"lent{number:03d}"
                person = factories.person(act, Role.EXPERT, login=login, name=f"嘉宾{number:03d}", organisation=unit)
                if certified:
                    self.keys[login] = factories.SigningKey.create()
                    accounts.issue_certificate(
                        act, person, authority=self.authority, public_key=self.keys[login].public
                    )
                services.add_expert(
                    act, person=person, code=f"JX-{number:04d}", region="330400", specialities=["A08"], pool=pool,
                    **details,
                )  # fmt: skip
                codes.append(f"JX-{number:04d}")
        return codes

    def request(self, seats: int = 4) -> None:
        with self.host.platform.act(self.host.actor(Role.AGENT)) as act:
            services.request_committee(
                act, self.host.section(act.session), seats=[("A08", seats)], size=seats + 1, representatives=1,
                meets_at=self.host.meets_at or self.clock.now() + timedelta(hours=1), place="第三评标室",
                partners=["jx/JX-1"],
            )  # fmt: skip

    def guests(self) -> list[Member]:
        return [one for one in self.host.members() if one.partner_id is not None]

    def loans(self) -> list[Any]:
        with self.lender.reading() as session:
            return federation.loans(session)

    def lent_actor(self, member: Member) -> Actor:
        """The lender's own expert who sits there."""
        name = str(member.candidate).partition("/")[2]
        with self.lender.reading() as session:
            loan = next(one for one in federation.loans(session) if one.candidate == name)
            person = queries.borrowed(session, loan).person
            from accounts.queries import actor_for

            return actor_for(session, person.login)

    def loan_of(self, session: Any, member: Member) -> Any:
        name = str(member.candidate).partition("/")[2]
        return next(one for one in federation.loans(session) if one.candidate == name)

    def sign_in(self, site: Flask, login: str) -> Any:
        """The certificate sign-in at the host, as a program does it."""
        with self.lender.reading() as session:
            from accounts.queries import certificates, person

            pem = certificates(session, person(session, login).id)[0].pem
        client = site.test_client()
        challenge = client.post("/api/login/challenge", json={}).get_json()["challenge"]
        signature = self.keys[login].sign(login_message(challenge))
        import base64

        body = {"certificate": pem, "challenge": challenge, "signature": base64.b64encode(signature).decode()}
        return client.post("/api/login/certificate", json=body)


def host_person(platform: Platform, member: Member) -> Person | None:
    with platform.reading() as session:
        return session.get(Person, member.person_id) if member.person_id else None


def recognise(platform: Platform, authority: SmallAuthority) -> None:
    with platform.act(SYSTEM) as act:
        accounts.add_authority(act, name="长三角数字证书认证中心", pem=authority.pem)


def announced(pair: Neighbours) -> None:
    pair.request()
    pair.host.announce()
    pair.host.commit()


def consult(pair: Neighbours) -> list[Refusal]:
    return exchange.consult_partners(pair.host.platform, pair.host.actor(Role.OFFICER), pair.host.code)


def drawn(pair: Neighbours) -> None:
    announced(pair)
    assert consult(pair) == []
    pair.host.freeze()
    pair.host.reveal()


def tell(pair: Neighbours) -> list[str]:
    pair.clock.advance(seconds=61)
    return exchange.tell_seats(pair.host.platform)


def asked(pair: Neighbours) -> tuple[Consultation, bytes]:
    """The question as it lies ready to be sent."""
    with pair.host.platform.act(pair.host.actor(Role.OFFICER)) as act:
        (asking,) = consulting.ask_partners(act, pair.host.committee(act.session))
        return act.session.get_one(Consultation, asking.number), asking.raw


def resigned(platform: Platform, raw: bytes, change: Callable[[dict[str, Any]], object]) -> bytes:
    document = copy.deepcopy(wire.read(raw).document)
    change(document)
    return wire.written(wire.sign(platform.signer, document))
