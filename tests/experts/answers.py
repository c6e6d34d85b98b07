"""A story whose bidders can sign: certificates in their bids, questions put to them, answers given."""

from __future__ import annotations

import base64
from typing import Any

from accounts.rules.certificates import SmallAuthority
from bidding.models import Section
from core.act import SYSTEM
from experts import queries, services
from experts.rules.clarifications import answer_message
from opening.models import Bid
from tests import factories
from tests.experts.story import Story


class Signing(Story):
    """Every bid carries a certificate; `keys` holds what it signs with."""

    def certify(self) -> Signing:
        authority = SmallAuthority.create("试验CA", at=self.clock.now())
        self.keys: dict[int, Any] = {}
        with self.platform.act(SYSTEM) as act:
            for bid in queries.bids_in_evaluation(act.session, self.section(act.session)):
                key = self.keys[bid.number] = factories.SigningKey.create()
                certificate = authority.issue(
                    key.public, name=bid.name, identifier=bid.identifier, person="投标员", at=self.clock.now(), days=365
                )
                bid.identity = {**bid.identity, "certificate": certificate}
        return self

    def ask(self, number: int, kind: str = "content", *, minutes: int = 60, **options: Any) -> int:
        leader = next(member for member in self.members() if member.is_leader)
        with self.platform.act(self.person_actor(leader)) as act:
            held = self.committee(act.session)
            asked = services.ask_bidder(
                act, held, self.bid(act, number), kind=kind, text="请就第 12 页所写的内容作出书面说明",
                minutes=minutes, **options,
            )  # fmt: skip
            return asked.number

    def correct(self, number: int, **options: Any) -> int:
        leader = next(member for member in self.members() if member.is_leader)
        with self.platform.act(self.person_actor(leader)) as act:
            asked = services.propose_correction(
                act, self.committee(act.session), self.bid(act, number), minutes=60,
                text="贵单位报价有算术错误，请确认修正", **options,
            )  # fmt: skip
            return asked.number

    def bid(self, act: Any, number: int) -> Bid:
        section: Section = self.section(act.session)
        return next(bid for bid in queries.bids_in_evaluation(act.session, section) if bid.number == number)

    def answer(
        self, number: int, *, text: str = "以投标文件第 12 页为准", by: int | None = None, **options: Any
    ) -> None:
        """The bidder answers question `number`; `by` another bid's key."""
        with self.platform.reading() as session:
            held = queries.bid_clarification(session, self.committee(session), number).bid.number
        with self.platform.act(self.bidder_actor(held)) as act:
            asked = queries.own_bid_clarification(act.session, self.section(act.session), act.actor, number)
            digest = services.write_answer(act, asked, text=text, **options)
            made = self.keys[by or held].sign(answer_message(digest))
            services.sign_answer(act, asked, answer_sha256=digest, signature=base64.b64encode(made).decode())

    def find(self, number: int, clause: str, finding: str = "pass", ground: str = "", *labels: str) -> None:
        """Everyone (or `labels`) finds so on one clause of one bid."""
        for member in self.members():
            if labels and member.label not in labels:
                continue
            with self.platform.act(self.person_actor(member)) as act:
                reason = "" if finding == "pass" else f"第 {number} 号 {clause}"
                found = {clause: (finding, reason, ground)}
                services.save_findings(act, self.seat_of(act, member.label), self.bid(act, number), found)
