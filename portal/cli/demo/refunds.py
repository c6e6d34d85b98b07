"""The demo's story after the contract: every bid bond goes back by two persons of finance, to the fen."""

from __future__ import annotations

import contextlib

from bidding.models import Bond
from bidding.queries import bonds as queries
from bidding.queries.reconciliation import reconciliation
from core.calendar import day_of
from core.errors import Refusal
from core.ledger.log import entries_of
from core.money import grouped
from portal.cli.demo.story import Story
from portal.cli.orders import hand_over_orders


def give_back(story: Story) -> None:
    """One person prepares, another approves; the bank pays only to the paying account; the books come to zero."""
    story.stage.later(days=1)
    hand_over_orders(story.stage.platform)
    first, second = story.stage.as_("finance"), story.stage.as_("finance2")
    for bond in bonds_of(story):
        with story.stage.platform.reading() as session:
            waiting = [(one.id, one.payer_account) for one in queries.unrefunded(session, bond)]
        if bond.state != "due":
            continue
        page = f"/bonds/desk/{story.section}/{bond.id}"
        for payment, account in waiting:
            typed = {"typed_account": account, "pay_on": day_of(story.stage.clock.now()).isoformat()}
            if "another account" not in story.happened:
                story.happened["another account"] = _refused(story, bond, f"{page}/refunds/{payment}", typed)
            first.send(f"{page}/refunds/{payment}", typed)
            with story.stage.platform.reading() as session:
                refund = queries.refunds(session, bond)[-1]
            second.send(f"{page}/approve/{refund.id}")
            story.say("refund", f"{bond.name}：{grouped(refund.total_fen)} 元（含利息）经办、复核两人，原路退还")
    hand_over_orders(story.stage.platform)
    story.stage.later(days=1)
    with story.stage.platform.reading() as session:
        report = reconciliation(session)
    story.happened["books"] = report["balanced"] and report["held_fen"] == 0
    states = {bond.state for bond in bonds_of(story)}
    story.happened["returned"] = states == {"returned", "waived"}
    story.say("refund", "保证金全部退清，保函与保单已释放，账簿借贷与余额均为零")


def _refused(story: Story, bond: Bond, path: str, typed: dict[str, str]) -> bool:
    """Somebody asks for the money on another account: refused, put in the ledger, told to the supervisors."""
    with contextlib.suppress(Refusal):
        story.stage.as_("finance").send(path, {**typed, "typed_account": "6222 0000 9999 0001"})
    with story.stage.platform.reading() as session:
        if not any(one.kind == "refund.attempt" for one in entries_of(session, bond.subject)):
            return False
    story.say("refund", f"{bond.name}：要求退到另一账户，已拒绝，记入日志并告知监督")
    return True


def bonds_of(story: Story) -> list[Bond]:
    """The section's bonds as they stand."""
    with story.stage.platform.reading() as session:
        return queries.bonds(session, story.row(session), "bid")
