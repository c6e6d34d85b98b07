"""The commit and the closing: what is accepted, what is refused and why, what counts in the end."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from accounts.rules import Role
from bidding import queries, services
from core.errors import Conflict, Invalid, Missing, Refusal, Untimely
from core.ledger.log import audit, size
from tests import factories
from tests.bidding import two_persons
from tests.bidding.stage import Bidder, Stage, refused, request_of, resigned

Make = Callable[[str], Bidder]
NOT_BASE64 = {"officer+supervisor": "!!", "officer+tenderee": "", "supervisor+tenderee": ""}


def test_the_same_key_gives_the_same_receipt_also_after_the_deadline(stage: Stage, bidder: Make) -> None:
    """Seen red: with the deadline checked before the idempotency key the retry was told it was late."""
    sealed = bidder("甲").seal(stage.policy())
    first = stage.commit(sealed)[1]
    with stage.platform.reading() as session:
        before = size(session)
    stage.platform.clock.move_to(stage.section().closing_at + timedelta(seconds=1))
    assert stage.commit(sealed)[1] == first
    with stage.platform.reading() as session:
        assert size(session) == before
        assert len(queries.submissions(session, stage.section())) == 1


def test_a_key_used_for_other_content_is_refused(stage: Stage, bidder: Make) -> None:
    """Seen red: without comparing the content the second bidder got the first one's receipt."""
    stage.commit(bidder("甲").seal(stage.policy()), key="k" * 20)
    with refused(Conflict, "bid.key_reused"):
        stage.commit(bidder("乙").seal(stage.policy()), key="k" * 20)


def test_at_the_deadline_is_late_and_a_microsecond_before_is_not(stage: Stage, bidder: Make) -> None:
    """Seen red: with `>` for `>=` in rules.is_late (R-204)."""
    deadline = stage.section().closing_at
    one, two = bidder("甲").seal(stage.policy()), bidder("乙").seal(stage.policy())
    stage.platform.clock.move_to(deadline - timedelta(microseconds=1))
    stage.commit(one)
    stage.platform.clock.move_to(deadline)
    with refused(Untimely, "bid.late", deadline=deadline, at=deadline):
        stage.commit(two)
    assert [item["submission_digest"] for item in stage.close().items] == [one.digest]


def test_a_closed_section_takes_nothing_whatever_the_clock_says(stage: Stage, bidder: Make) -> None:
    """Seen red: without looking at the state a clock set back let the bid in after the barrier (T5)."""
    deadline = stage.section().closing_at
    sealed = bidder("甲").seal(stage.policy())
    stage.platform.clock.move_to(deadline)
    stage.close()
    stage.platform.clock.move_to(deadline - timedelta(hours=1))
    with refused(Untimely, "bid.late"):
        stage.commit(sealed)


def test_closing_early_is_refused(stage: Stage) -> None:
    """Seen red: without the guard the section closed at once (R-250)."""
    stage.platform.clock.move_to(stage.section().closing_at - timedelta(microseconds=1))
    with refused(Untimely, "section.close_early"):
        stage.close()


def test_the_last_word_of_each_handle_counts(stage: Stage, bidder: Make) -> None:
    """Submit, replace, withdraw, come back: the closed set holds what each handle said last (R-206).

    Seen red: sorting by log order alone is the same here, resolving by the first row is not.
    """
    policy = stage.policy()
    stays, replaces, leaves, returns = (bidder(name) for name in "甲乙丙丁")
    kept = stays.seal(policy)
    stage.commit(kept)
    old = replaces.seal(policy)
    stage.commit(old)
    new = replaces.seal(policy, after=old, mark="2")
    stage.commit(new)
    gone = leaves.seal(policy)
    stage.commit(gone)
    stage.commit(leaves.seal(policy, after=gone, kind="withdraw"))
    first = returns.seal(policy)
    stage.commit(first)
    left = returns.seal(policy, after=first, kind="withdraw")
    stage.commit(left)
    back = returns.seal(policy, after=left, kind="submit", mark="3")
    stage.commit(back)
    with stage.platform.reading() as session, refused(Missing, "bid.hidden"):
        queries.counted(session, stage.section())
    stage.platform.clock.move_to(stage.section().closing_at)
    closed = stage.close()
    assert [item["submission_digest"] for item in closed.items] == [kept.digest, new.digest, back.digest]
    assert stage.close() == closed
    with stage.platform.reading() as session:
        states = {row.digest: row.state for row in queries.submissions(session, stage.section())}
        assert list(audit(session, stage.platform.signer.verifier)) == []
    assert states[old.digest] == "superseded"
    assert states[gone.digest] == "withdrawn"
    assert states[first.digest] == states[left.digest] == "superseded"


def test_an_unmasked_decoy_leaves_the_count_but_not_the_root(stage: Stage, bidder: Make) -> None:
    """Seen red: with the closed set computed from state sealed alone the root changed after unmasking."""
    one = bidder("甲").seal(stage.policy())
    two = bidder("乙").seal(stage.policy())
    stage.commit(one)
    stage.commit(two)
    stage.platform.clock.move_to(stage.section().closing_at)
    closed = stage.close()
    with stage.act(Role.OFFICER) as act:
        section = queries.section(act.session, stage.code)
        services.unmask_decoy(act, queries.submission(act.session, two.digest))
        assert services.closed_set(act, section) == closed
        assert [row.digest for row in queries.counted(act.session, section)] == [one.digest]


# Refusals -------------------------------------------------------------------------------------------------------


def test_a_missing_or_short_object_is_refused(stage: Stage, bidder: Make) -> None:
    """Seen red: without asking the store the receipt promised a file nobody held."""
    sealed = bidder("甲").seal(stage.policy())
    with refused(Invalid, "bid.object_missing"):
        stage.commit(sealed, deposited=True)
    one = bidder("乙")
    sealed = one.seal(stage.policy())
    stage.deposit(sealed)
    content = resigned(one, sealed, lambda c: c["envelopes"]["price"]["bulk"].update(size=131_272))
    with refused(Invalid, "bid.size_differs", place="price.bulk"):
        stage.commit(sealed, submission=content)


@pytest.mark.parametrize(
    ("place", "body", "code"),
    [
        ("price.bulk", b"%PDF-1.7 a plain price" + b"x" * 70_000, "bid.not_encrypted"),
        ("price.keys", b"PK\x03\x04 plain", "bid.not_encrypted"),
        ("price.keys", b"age-encryption.org/v1\n-> X25519 ", "bid.torn"),
        ("price.keys", b"-----BEGIN AGE ENCRYPTED FILE-----\n", "seal.armored"),
    ],
)
def test_what_is_not_ciphertext_is_refused_with_the_reason(
    stage: Stage, bidder: Make, place: str, body: bytes, code: str
) -> None:
    """Also when it reached the store on another way than the upload door. Seen red: without the lint at the commit."""
    one = bidder("甲")
    sealed = one.seal(stage.policy())
    stage.deposit(sealed)
    stored = stage.platform.store.put(body)
    blob = {"sha256": stored.sha256, "size": stored.size}

    def change(content: dict[str, Any]) -> None:
        parts = content["envelopes"]["price"]
        if place == "price.bulk":
            parts["bulk"] = blob
        else:
            parts["keys"]["bidder+tenderee"] = blob

    with refused(Invalid, code):
        stage.commit(sealed, submission=resigned(one, sealed, change))


def test_a_truncated_bulk_is_refused(stage: Stage, bidder: Make) -> None:
    """Seen red: with the header looked at and the size ladder forgotten."""
    one = bidder("甲")
    sealed = one.seal(stage.policy())
    stage.deposit(sealed)
    stored = stage.platform.store.put(sealed.bulks["technical"].read_bytes()[:-100])
    blob = {"sha256": stored.sha256, "size": stored.size}
    content = resigned(one, sealed, lambda c: c["envelopes"]["technical"].update(bulk=blob))
    with refused(Invalid, "bid.torn"):
        stage.commit(sealed, submission=content)


def test_a_bid_sealed_for_another_section_is_refused(stage: Stage, bidder: Make) -> None:
    """Seen red: without the section's own answer, as a made-up policy."""
    one = bidder("甲")
    sealed = one.seal(stage.policy())
    other = Stage(stage.platform).publish()
    with refused(Invalid, "bid.other_section", given=stage.code, expected=other.code):
        other.commit(sealed)


def test_a_seal_for_an_older_policy_is_refused_and_the_committed_one_stays(stage: Stage, bidder: Make) -> None:
    """Seen red: with `policies` searched instead of the newest one taken."""
    early, late = bidder("甲"), bidder("乙")
    kept, stale = early.seal(stage.policy()), late.seal(stage.policy())
    stage.commit(kept)
    stage.platform.clock.advance(days=20)
    two_persons.clarify(stage.platform, stage.code)
    assert stage.policy()["version"] == 2
    with refused(Invalid, "bid.old_policy", given="1", expected="2"):
        stage.commit(stale)
    renewed = late.seal(stage.policy())
    stage.commit(renewed)
    stage.platform.clock.move_to(stage.section().closing_at)
    closed = stage.close()
    assert [item["submission_digest"] for item in closed.items] == [kept.digest, renewed.digest]
    with stage.platform.reading() as session:
        versions = [queries.policy_of(session, row).version for row in queries.submissions(session, stage.section())]
    assert versions == [1, 2]


def test_a_made_up_policy_is_refused(stage: Stage, bidder: Make) -> None:
    """Seen red: with any unknown digest answered as an old version."""
    one = bidder("甲")
    policy = {**stage.policy(), "decrypt_minutes": 1}
    with refused(Invalid, "bid.other_policy"):
        stage.commit(one.seal(policy))


def test_a_copied_ciphertext_under_another_handle_is_refused(stage: Stage, bidder: Make) -> None:
    """Ballot copying (T8), of a bulk file, a key package, a recipient, and an identity package alike.

    Seen red: without the marks of recipients the copied recipient passed, without those of identities the package.
    """
    owner, thief = bidder("甲"), bidder("乙")
    original, own = owner.seal(stage.policy()), thief.seal(stage.policy())
    stage.commit(original)
    stage.deposit(own)

    def steal(*path: str) -> Callable[[dict[str, Any]], None]:
        def change(content: dict[str, Any]) -> None:
            target, source = content["envelopes"]["price"], original.submission["envelopes"]["price"]
            for name in path[:-1]:
                target, source = target[name], source[name]
            target[path[-1]] = source[path[-1]]

        return change

    for path in (("bulk",), ("keys", "bidder+tenderee"), ("keys", "officer+supervisor"), ("bid_recipient",)):
        content = resigned(thief, own, steal(*path))
        with refused(Conflict, "bid.copied"):
            stage.commit(own, deposited=True, submission=content, key=f"steal-{'-'.join(path)}-padding")
    identity = {
        **request_of(own)["identity"],
        "officer+supervisor": request_of(original)["identity"]["officer+supervisor"],
    }
    with refused(Conflict, "bid.copied"):
        stage.commit(own, deposited=True, identity=identity)
    stage.commit(own, deposited=True)


def test_nobody_replaces_or_withdraws_with_a_handle_that_is_not_theirs(stage: Stage, bidder: Make) -> None:
    """Seen red: with validate_submission skipped for withdrawals."""
    owner, thief = bidder("甲"), bidder("乙")
    original = owner.seal(stage.policy())
    stage.commit(original)
    forged = thief.seal(stage.policy(), after=original, kind="withdraw")
    with refused(Invalid, "bid.succession"):
        stage.commit(forged)
    content = {**forged.submission, "handle": original.submission["handle"]}
    with refused(Invalid, "bid.handle_signature"):
        stage.commit(forged, submission=content)


def test_the_chain_has_no_gap_no_fork_and_no_second_start(stage: Stage, bidder: Make) -> None:
    """Seen red: without check_succession a second start gave the same handle two standing bids."""
    one = bidder("甲")
    first = one.seal(stage.policy())
    stage.commit(first)
    with refused(Invalid, "bid.succession", expected=2):
        stage.commit(one.seal(stage.policy(), mark="again"))
    second = one.seal(stage.policy(), after=first, mark="2")
    with refused(Invalid, "bid.succession"):
        stage.commit(one.seal(stage.policy(), after=second, mark="3"))
    stage.commit(second)
    with refused(Invalid, "bid.succession"):
        stage.commit(one.seal(stage.policy(), after=first, mark="fork"))


@pytest.mark.parametrize(
    ("changes", "kind", "code"),
    [
        ({"idempotency_key": "short"}, Invalid, "bid.request"),
        ({"idempotency_key": "x" * 81}, Invalid, "bid.request"),
        ({"idempotency_key": "钥" * 20}, Invalid, "bid.request"),
        ({"leaf_commitment": "g" * 64}, Invalid, "bid.request"),
        ({"submission": []}, Invalid, "bid.request"),
        ({"identity": []}, Invalid, "bid.request"),
        ({"identity": {}}, Invalid, "bid.identity"),
        (
            {"identity": {"officer+supervisor": "!!", "officer+tenderee": "", "supervisor+tenderee": ""}},
            Invalid,
            "bid.identity",
        ),
        ({"submission": {}}, Invalid, "bid.other_section"),
    ],
)
def test_malformed_requests_are_refused(
    stage: Stage, bidder: Make, changes: dict[str, Any], kind: type[Refusal], code: str
) -> None:
    """Seen red: each by dropping its check."""
    sealed = bidder("甲").seal(stage.policy())
    with refused(kind, code):
        stage.commit(sealed, **changes)


def test_a_plain_identity_package_is_refused(stage: Stage, bidder: Make) -> None:
    """A bidder's name in the clear would be stored for everyone who holds the disk. Seen red: without the lint."""
    import base64

    sealed = bidder("甲").seal(stage.policy())
    plain = base64.b64encode('{"bidder": "甲"}'.encode()).decode()
    identity = dict.fromkeys(request_of(sealed)["identity"], plain)
    with refused(Invalid, "bid.not_encrypted"):
        stage.commit(sealed, identity=identity)


def test_a_refused_commit_leaves_nothing(stage: Stage, bidder: Make) -> None:
    """Seen red: with the leaf appended before the checks and the refusal raised after the act."""
    sealed = bidder("甲").seal(stage.policy())
    factories.actor(stage.platform, Role.BIDDER)
    with stage.platform.reading() as session:
        before = size(session)
    stage.platform.clock.move_to(stage.section().closing_at)
    with pytest.raises(Untimely):
        stage.commit(sealed)
    with stage.platform.reading() as session:
        assert size(session) == before
        assert queries.submissions(session, stage.section()) == []


def test_dummy_leaves_look_like_submissions(stage: Stage, bidder: Make) -> None:
    """Same kind, no subject, and a signed head after each. Seen red: without signing the head after a dummy."""
    from core.ledger.log import LedgerEntry, head_of_size

    stage.commit(bidder("甲").seal(stage.policy()))
    with stage.act(Role.OFFICER) as act:
        assert services.add_dummy_commitment(act)
        entries = [entry for entry in act.session.query(LedgerEntry) if entry.kind == "commitment"]
        assert len(entries) == 2
        assert {(entry.subject, entry.salt, entry.facts) for entry in entries} == {(None, None, None)}
        for entry in entries:
            head_of_size(act.session, entry.leaf_index + 1)
        drawn = [services.add_dummy_commitment(act, one_in=4) for _ in range(60)]
    assert 3 <= sum(drawn) <= 30
