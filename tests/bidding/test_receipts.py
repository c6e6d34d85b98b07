"""Receipts: what one proves, and every way one can be wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from bidding import rules
from bidding.lifecycle import SUBMISSION
from core.errors import Invalid
from core.ledger.log import audit
from core.seal import package_hashes
from tests.bidding.stage import Bidder, Stage, refused

Make = Callable[[str], Bidder]
NOT_BASE64 = {"officer+supervisor": "!!", "officer+tenderee": "", "supervisor+tenderee": ""}


def test_a_commit_gives_a_receipt_that_proves_itself(stage: Stage, bidder: Make) -> None:
    """Seen red: with the signature over another domain, and with a head signed before the append."""
    sealed = bidder("甲").seal(stage.policy())
    submission, receipt = stage.commit(sealed)
    verified = rules.verify_receipt(
        receipt,
        key=str(stage.platform.signer.verifier),
        private={"leaf_salt": sealed.leaf_salt.hex(), "submission_digest": sealed.digest},
        packages=package_hashes(sealed.identity),
    )
    assert verified.is_own
    assert verified.received_at == stage.platform.clock.now() == submission.received_at
    assert verified.section == stage.code
    assert submission.state == SUBMISSION.start
    with stage.platform.reading() as session:
        assert list(audit(session, stage.platform.signer.verifier)) == []


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda r: r.update(received_at="2026-10-08T00:00:00.000000Z"), "receipt.signature"),
        (lambda r: r.update(section="OTHER-01"), "receipt.signature"),
        (lambda r: r.update(kind="withdraw"), "receipt.signature"),
        (lambda r: r["leaf"].update(digest="0" * 64), "receipt.signature"),
        (lambda r: r.update(leaf_index=0), "receipt.signature"),
        (lambda r: r["inclusion_proof"].append("0" * 64), "receipt.signature"),
        (lambda r: r.update(checkpoint=r["checkpoint"].replace("\n", "\n ", 1)), "receipt.signature"),
        (lambda r: r.pop("signature"), "receipt.malformed"),
        (lambda r: r.update(extra=1), "receipt.malformed"),
        (lambda r: r.update(signature="!!"), "receipt.signature"),
        (lambda r: r.update(leaf=[]), "receipt.malformed"),
    ],
)
def test_a_changed_receipt_is_refused(stage: Stage, bidder: Make, change: Any, code: str) -> None:
    """Seen red: without the signature check the changed section and kind passed."""
    _, receipt = stage.commit(bidder("甲").seal(stage.policy()))
    change(receipt)
    with refused(Invalid, code):
        rules.verify_receipt(receipt)


def test_a_receipt_of_another_platform_or_bid_is_refused(stage: Stage, bidder: Make) -> None:
    """Seen red: comparing only the key's name."""
    from core.ledger.notes import Signer

    one, two = bidder("甲").seal(stage.policy()), bidder("乙").seal(stage.policy())
    _, receipt = stage.commit(one)
    with refused(Invalid, "receipt.key"):
        rules.verify_receipt(receipt, key=str(Signer("sunbid.test", bytes(32)).verifier))
    with refused(Invalid, "receipt.submission"):
        rules.verify_receipt(
            receipt,
            private={"leaf_salt": two.leaf_salt.hex(), "submission_digest": two.digest},
            packages=package_hashes(two.identity),
        )
