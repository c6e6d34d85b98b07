"""A stage with bonds: a small bank and insurer in their folders, guarantees in sealed bids, payments, statements."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from accounts.rules import Role
from bidding import queries as bidding
from bidding.cli.institution import SmallInstitution
from bidding.models import Bond, BondRefund
from bidding.queries import bonds as queries
from bidding.services import bonds as services
from core import canonical
from core.act import SYSTEM, Platform
from core.calendar import day_of
from core.outgoing import networks_of
from core.seal import Enclosure
from tests import factories
from tests.opening.stage import Bidder, Stage

ASKED = 80_000_000


class BondStage(Stage):
    """One section with a bank that takes transfers and issues guarantees; `bank` is the institution itself."""

    asked = ASKED

    def __init__(self, platform: Platform, folder: Path, **options: Any) -> None:
        self.guarantees: dict[str, bytes] = {}
        super().__init__(platform, folder, **options)
        platform.trust = replace(platform.trust, networks=networks_of(["127.0.0.0/8"]))
        self.finance = factories.actor(platform, Role.FINANCE, "a")
        self.second = factories.actor(platform, Role.FINANCE, "b")
        self.bank = self.institution("滨江银行", "bank")

    def institution(self, name: str, kind: str, address: str = "") -> SmallInstitution:
        """A registered institution with its own key."""
        place = self.folder / f"institution-{kind}-{len(name)}"
        SmallInstitution.create(place, name, kind, at=self.clock.now())
        made = SmallInstitution(place, platform=self.platform.signer.verifier, now=self.clock.now)
        with self.platform.act(SYSTEM) as act:
            services.register_institution(act, name=name, kind=kind, certificate=made.certificate, address=address)
        return made

    def terms(self) -> dict[str, Any]:
        """What everybody may read of the section's bond."""
        with self.platform.reading() as session:
            return queries.bond_terms(session, bidding.section(session, self.code))

    def party(self, letter: str) -> dict[str, str]:
        facts = self.bidder(letter).facts["bidder"]
        return {"name": facts["name"], "uscc": facts["uscc"]}

    def by_guarantee(self, letter: str, bank: SmallInstitution | None = None, **changed: Any) -> dict[str, Any]:
        """The bidder gets a guarantee and seals it into the bid; `changed` makes an unfit one."""
        document = (bank or self.bank).issue(self.terms(), self.party(letter), **changed)
        self.enclose(letter, canonical.dumps(document), "guarantee", document["number"])
        return document

    def enclose(self, letter: str, content: bytes, form: str, account: str) -> None:
        """These bytes lie in the bid's place for the bond."""
        self.guarantees[letter] = content
        self.declare(letter, form, account)

    def by_transfer(self, letter: str, *amounts: int, payer: str = "", basic: bool | None = True) -> str:
        """The bidder opens a virtual account and pays these amounts from one account."""
        bidder = self.bidder(letter)
        account = self.bank.account_for(self.code, self.party(letter))
        own = f"62220000{letter.encode().hex()}"
        for fen in amounts or (self.asked,):
            self.bank.receive(account, payer or bidder.name, own, fen, basic=basic)
        self.declare(letter, "transfer", own)
        return account

    def declare(self, letter: str, form: str, account: str = "") -> None:
        """What the sealed identity package will say."""
        bidder = self.bidder(letter)
        bidder.facts["bond"] = {"form": form, "account": account, "payer": bidder.name, "amount_fen": self.asked}

    def _envelopes(self, bidder: Bidder, version: int, schedule: bytes | None) -> dict[str, list[Enclosure]]:
        made = super()._envelopes(bidder, version, schedule)
        content = self.guarantees.get(bidder.letter)
        if content is not None and "qualification" in made:
            path = self.folder / f"files-{bidder.letter}-{version}" / "guarantee.json"
            path.write_bytes(content)
            made["qualification"].append(Enclosure("bond", path))
        return made

    def state_bank(self, **changed: Any) -> None:
        """The bank hands in its signed statement."""
        statement = {**self.bank.statement(self.code), **changed}
        with self.platform.act(SYSTEM) as act:
            services.take_signed_statement(act, canonical.dumps(statement))

    def to_opened(self) -> None:
        """Names published, every bid opened."""
        self.to_window()
        for letter in self.bidders:
            self.release(letter)
        self.peel("tenderee")
        self.open_ready()

    def bond(self, letter: str) -> Bond:
        """That bidder's bond as it stands."""
        with self.platform.reading() as session:
            section = bidding.section(session, self.code)
            holder = self.party(letter)["uscc"]
            return next(one for one in queries.bonds(session, section) if one.holder == holder)

    def codes(self, letter: str) -> list[str]:
        return [one["code"] for one in self.bond(letter).faults]

    def due(self, basis: str = "contract", **options: Any) -> None:
        """Everything held is to go back."""
        with self.platform.act(SYSTEM) as act:
            services.make_due(act, bidding.section(act.session, self.code), basis, **options)

    def prepare(self, letter: str, *, account: str = "", days: int = 0) -> BondRefund:
        """The first person prepares the refund of the bond's first payment not under way."""
        bond = self.bond(letter)
        with self.platform.act(self.finance) as act:
            held = queries.bond_by_id(act.session, bond.id)
            payment = queries.unrefunded(act.session, held)[0]
            return services.prepare_refund(
                act, held, payment, typed_account=account or payment.payer_account,
                pay_on=day_of(act.now) + timedelta(days=days),
            )  # fmt: skip

    def approve(self, refund: BondRefund) -> None:
        with self.platform.act(self.second) as act:
            services.approve_refund(act, queries.refund(act.session, refund.id))

    def report(self) -> dict[str, Any]:
        """The reconciliation of everything."""
        from bidding.queries.reconciliation import reconciliation

        with self.platform.reading() as session:
            return reconciliation(session)


def spelled(document: dict[str, Any]) -> bytes:
    """A document as it may come, not canonical."""
    return json.dumps(document, ensure_ascii=False, indent=1).encode()
