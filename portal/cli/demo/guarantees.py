"""The demo's bank and insurer, and what each bidder gets there: a guarantee, a policy, a virtual account or nothing."""

from __future__ import annotations

import json
from pathlib import Path

from bidding.cli.counter import open_counter, settle_with
from bidding.cli.institution import SmallInstitution
from bidding.services import bonds as services
from portal.cli.demo.stage import Stage

ASKED_FEN = 80_000_000
FORMS = {
    "beichen": "guarantee", "dongqi": "transfer", "jiangnan": "insurance", "changhe": "waiver", "hengji": "transfer",
    "tianheng": "transfer",
}  # fmt: skip
"""Each bidder chooses the form (R-153)."""
HOUSES = {"guarantee": ("滨江银行", "bank"), "transfer": ("滨江银行", "bank"), "insurance": ("江城财产保险", "insurer")}
RATED = "changhe"


class Houses:
    """The institutions at their counters, each with its folder, key and book, outside the platform."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.held: dict[str, SmallInstitution] = {}
        self.addresses: dict[str, str] = {}

    def open(self) -> None:
        """Make them, open their counters, and let the platform know their certificates."""
        for name, kind in dict.fromkeys(HOUSES.values()):
            folder = self.stage.folder / "institutions" / kind
            SmallInstitution.create(folder, name, kind, at=self.stage.clock.now())
            made = SmallInstitution(folder, platform=self.stage.platform.signer.verifier, now=self.stage.clock.now)
            address = self.stage.running.enter_context(open_counter(made))
            with self.stage.platform.act(self.stage.cast.actor("operator")) as act:
                services.register_institution(act, name=name, kind=kind, certificate=made.certificate, address=address)
            self.held[kind], self.addresses[kind] = made, address

    def look(self) -> None:
        """Each looks at the platform: before the names it hands in its statement's hash, after them the statement."""
        for house in self.held.values():
            settle_with(house, self.stage.server)

    def pay_performance_bond(self, key: str, section: str, name: str, account: str, fen: int) -> None:
        """The winner asks the bank for the account of this purpose and pays so much into it."""
        kind = HOUSES["transfer"][1]
        who = ("--section", section, "--identity", self.stage.keys(key), "--purpose", "performance", "--json")
        told = json.loads(self.stage.command("bond", "account", "--bank", self.addresses[kind], *who))
        self.held[kind].receive(told["account"], name, account, fen)

    def bond_for(self, key: str, section: str, draft: Path, name: str, account: str) -> dict[str, str]:
        """What the bidder types and seals: the number of a guarantee fetched into the draft, or the account it paid
        from, or that a rating waives it."""
        form = FORMS[key]
        typed = {"form": form, "account": account, "payer": name, "amount": f"{ASKED_FEN / 100:.2f}"}
        if form == "waiver":
            return {**typed, "account": "", "amount": "0.00"}
        kind = HOUSES[form][1]
        who = ("--section", section, "--identity", self.stage.keys(key), "--json")
        if form == "transfer":
            told = json.loads(self.stage.command("bond", "account", "--bank", self.addresses[kind], *who))
            self.held[kind].receive(told["account"], name, account, ASKED_FEN)
            return typed
        out = draft / "qualification" / "bond" / "guarantee.json"
        issuer = ("--issuer", self.addresses[kind], "--server", self.stage.server)
        told = json.loads(self.stage.command("bond", "apply", *issuer, *who, "--out", out))
        return {**typed, "account": str(told["number"])}
