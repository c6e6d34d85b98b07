"""Commits that wait share a transaction: each keeps its stamp, its receipt and its refusal; the log tells no group."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event

from bidding import queries, rules, services
from bidding.models import Submission
from core.act import Stamp
from core.clock import Reading
from core.errors import Conflict, Invalid, Refusal, Untimely
from core.ledger.log import LedgerHead, audit, size
from core.ledger.notes import parse_head
from tests.bidding.stage import Bidder, Stage, commit_of, request_of, resigned
from tests.plans import read_whole

Make = Callable[[str], Bidder]
Asked = tuple[datetime, services.Commit]


def asked(stage: Stage, request: dict[str, Any], seconds: float = 0, **changes: Any) -> Asked:
    """A commit that arrived so many seconds from now."""
    at = stage.platform.clock.now() + timedelta(seconds=seconds)
    return at, commit_of(stage.code, {**request, **changes})


def together(stage: Stage, wanted: Sequence[Asked]) -> list[Any]:
    """Bring all of them while the door is shut; the answers, refusals as values."""
    platform, code = stage.platform, stage.code

    def bring(at: datetime, commit: services.Commit) -> Any:
        try:
            with platform.database.turnstile(rules.turnstile(code), shared=True):
                return services.commit_together(platform, Stamp(Reading(at, at, at)), commit)
        except Exception as error:
            return error

    with ThreadPoolExecutor(len(wanted)) as pool:
        with platform.crowd("commits").turn():
            waiting = [pool.submit(bring, *one) for one in wanted]
            while len(platform.crowd("commits")._waiting) < len(wanted):
                threading.Event().wait(0.001)
        return [one.result(60) for one in waiting]


@contextmanager
def ends(stage: Stage) -> Iterator[list[str]]:
    """How every transaction of the block that may write ends; on PostgreSQL, where a reader ends too, the commits."""
    told: list[str] = []
    engine = stage.platform.database.engine

    def note(how: str) -> Callable[[Any], None]:
        def end(connection: Any) -> None:
            writes = connection.get_execution_options().get("writes")
            if writes if stage.platform.database.is_sqlite else how == "commit":
                told.append(how)

        return end

    notes = {how: note(how) for how in ("commit", "rollback")}
    for how, end in notes.items():
        event.listen(engine, how, end)
    try:
        yield told
    finally:
        for how, end in notes.items():
            event.remove(engine, how, end)


def sealed_by(stage: Stage, bidder: Make, *names: str) -> list[dict[str, Any]]:
    """The requests of bidders whose files are all there."""
    found = []
    for name in names:
        sealed = bidder(name).seal(stage.policy())
        stage.deposit(sealed)
        found.append(request_of(sealed))
    return found


def codes(answers: Sequence[Any]) -> list[str]:
    """What each was told: "in", or its refusal."""
    return [answer.code if isinstance(answer, Refusal) else "in" if isinstance(answer, dict) else repr(answer)
            for answer in answers]  # fmt: skip


def test_one_transaction_and_to_each_a_receipt_as_if_it_had_come_alone(stage: Stage, bidder: Make) -> None:
    """Its own stamp, its own place, a head that ends with it, a proof; the audit is silent.

    Seen red: with one instant for all, and with one head for all (it would say which leaves came at once, and no
    dummy ever does: R-208).
    """
    requests = sealed_by(stage, bidder, "甲", "乙", "丙")
    with ends(stage) as ended:
        answers = together(stage, [asked(stage, request, n) for n, request in zip((2, 0, 1), requests, strict=True)])
    assert ended == ["commit"]
    start = stage.platform.clock.now()
    places = [answer["leaf_index"] for answer in answers]
    assert [places.index(place) for place in sorted(places)] == [1, 2, 0]
    for answer, seconds in zip(answers, (2, 0, 1), strict=True):
        verified = rules.verify_receipt(answer, key=str(stage.platform.signer.verifier))
        assert verified.received_at == start + timedelta(seconds=seconds)
        assert verified.head.size == verified.leaf_index + 1
    with stage.platform.reading() as session:
        assert list(audit(session, stage.platform.signer.verifier)) == []
        heads = {row.size for row in session.query(LedgerHead)}
        assert heads >= {place + 1 for place in places}
        for answer in answers:
            queries.check_logged(session, answer, rules.verify_receipt(answer))
            assert queries.submission(session, answer["submission_digest"]).receipt == answer


def test_dummies_and_groups_leave_the_same_heads(stage: Stage, bidder: Make) -> None:
    """A leaf of a group, a lone commit's and a dummy's each end a head of their own. Seen red: one head for a group."""
    with stage.platform.reading() as session:
        before = size(session)
    together(stage, [asked(stage, request) for request in sealed_by(stage, bidder, "甲", "乙")])
    with stage.platform.act(stage_actor()) as act:
        services.add_dummy_commitment(act)
    with stage.platform.reading() as session:
        sizes = sorted(parse_head(head.note.partition("\n\n")[0] + "\n").size for head in session.query(LedgerHead))
    assert [one for one in sizes if one > before] == [before + 1, before + 2, before + 3]


def stage_actor() -> Any:
    """Whoever ticks."""
    from core.act import SYSTEM

    return SYSTEM


def test_one_bad_commit_fails_alone(stage: Stage, bidder: Make) -> None:
    """A missing object, a broken signature, a malformed key, a stranger's section among good ones.

    Seen red: with the refusal raised out of the group instead of answered.
    """
    good = sealed_by(stage, bidder, "甲", "乙")
    absent = request_of(bidder("丙").seal(stage.policy()))
    unsigned = sealed_by(stage, bidder, "丁")[0]
    unsigned["submission"] = {**unsigned["submission"], "handle_signature": "00" * 64}
    elsewhere = services.Commit("NONE", {}, {}, "k" * 20, "0" * 64)
    wanted = [
        asked(stage, good[0]),
        asked(stage, absent),
        asked(stage, unsigned),
        asked(stage, good[1], idempotency_key="short"),
        (stage.platform.clock.now(), elsewhere),
        asked(stage, good[1]),
    ]
    with ends(stage) as ended:
        answers = together(stage, wanted)
    assert codes(answers) == [
        "in", "bid.object_missing", "bid.handle_signature", "bid.request", "section.unknown", "in",
    ]  # fmt: skip
    assert ended == ["commit"]


def test_the_late_one_of_a_group_is_late_and_the_others_are_in(stage: Stage, bidder: Make) -> None:
    """Each by its own stamp, to the microsecond (R-204). Seen red: with the group's first stamp for all."""
    requests = sealed_by(stage, bidder, "甲", "乙", "丙")
    left = (stage.section().closing_at - stage.platform.clock.now()).total_seconds()
    answers = together(
        stage,
        [asked(stage, requests[0], left), asked(stage, requests[1], left - 0.000001), asked(stage, requests[2], 0)],
    )
    assert codes(answers) == ["bid.late", "in", "in"]
    assert isinstance(answers[0], Untimely)


def test_the_same_key_twice_in_a_group(stage: Stage, bidder: Make) -> None:
    """The same content has one receipt and one row; other content is refused.

    Seen red: without putting the second off, both were inserted and the transaction broke of the unique constraint.
    """
    one, other = sealed_by(stage, bidder, "甲", "乙")
    key = "k" * 20
    wanted = [asked(stage, request, n, idempotency_key=key) for n, request in enumerate((one, one, other))]
    with ends(stage) as ended:
        answers = together(stage, wanted)
    assert ended == ["commit", "commit"]
    assert answers[0] == answers[1]
    assert codes(answers) == ["in", "in", "bid.key_reused"]
    with stage.platform.reading() as session:
        assert len(queries.submissions(session, stage.section())) == 1


def test_a_copied_ciphertext_in_the_same_group(stage: Stage, bidder: Make) -> None:
    """The first by its stamp has it, the other is a copy (T8). Seen red: with the claims of handles and keys only."""
    owner, thief = bidder("甲"), bidder("乙")
    original, own = owner.seal(stage.policy()), thief.seal(stage.policy())
    stage.deposit(original)
    stage.deposit(own)
    bulk = original.submission["envelopes"]["price"]["bulk"]
    stolen = resigned(thief, own, lambda content: content["envelopes"]["price"].update(bulk=bulk))
    wanted = [asked(stage, {**request_of(own), "submission": stolen}, 1), asked(stage, request_of(original), 0)]
    with ends(stage) as ended:
        answers = together(stage, wanted)
    assert ended == ["commit", "commit"]
    assert codes(answers) == ["bid.copied", "in"]


def test_a_bid_and_its_replacement_in_the_same_group(stage: Stage, bidder: Make) -> None:
    """Judged one after the other: the second follows the first. Seen red: without the handle among the claims."""
    one = bidder("甲")
    first = one.seal(stage.policy())
    second = one.seal(stage.policy(), after=first)
    for sealed in (first, second):
        stage.deposit(sealed)
    answers = together(stage, [asked(stage, request_of(second), 1), asked(stage, request_of(first), 0)])
    assert codes(answers) == ["in", "in"]
    assert answers[1]["leaf_index"] < answers[0]["leaf_index"]


def break_commits(stage: Stage, times: int) -> Callable[[], None]:
    """Let the next `times` durable ends of a transaction fail, as a full disk does; how to stop it."""
    left = [times]

    def fail(connection: Any) -> None:
        if left[0] and (connection.get_execution_options().get("writes") or not stage.platform.database.is_sqlite):
            left[0] -= 1
            raise OSError(28, "no space left on device")

    event.listen(stage.platform.database.engine, "commit", fail)
    return lambda: event.remove(stage.platform.database.engine, "commit", fail)


@pytest.mark.parametrize(("times", "held"), [(1, 3), (4, 0)])
def test_where_the_transaction_breaks_nothing_is_acknowledged_that_is_not_held(
    stage: Stage, bidder: Make, times: int, held: int
) -> None:
    """Once: each is tried by itself and is in. For good: all are told so and nothing is there, and may come again.

    Seen red: with receipts given out before the transaction had ended.
    """
    requests = sealed_by(stage, bidder, "甲", "乙", "丙")
    mend = break_commits(stage, times)
    answers = together(stage, [asked(stage, request, n) for n, request in enumerate(requests)])
    mend()
    assert codes(answers) == ["in"] * held or all(isinstance(answer, OSError) for answer in answers)
    with stage.platform.reading() as session:
        rows = queries.submissions(session, stage.section())
        assert len(rows) == held
        assert list(audit(session, stage.platform.signer.verifier)) == []
    again = together(stage, [asked(stage, request, n) for n, request in enumerate(requests)])
    assert codes(again) == ["in"] * 3
    if held:
        assert again == answers


def test_a_fault_in_one_is_answered_to_it_alone(stage: Stage, bidder: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not only refusals: whatever is raised while one is judged. Seen red: with only refusals caught."""
    one, two = sealed_by(stage, bidder, "甲", "乙")
    from bidding.services import submissions

    real = submissions.check_fit

    def faulty(content: Any, policy: Any) -> Any:
        if content["handle"] == one["submission"]["handle"]:
            raise ZeroDivisionError
        return real(content, policy)

    monkeypatch.setattr(submissions, "check_fit", faulty)
    with ends(stage) as ended:
        answers = together(stage, [asked(stage, one), asked(stage, two)])
    assert ended == ["commit"]
    assert isinstance(answers[0], ZeroDivisionError)
    assert isinstance(answers[1], dict)


def test_few_statements_however_many_come(stage: Stage, bidder: Make) -> None:
    """Sixteen commits in at most twenty statements. Seen red: with one insert each."""
    requests = sealed_by(stage, bidder, *[f"投标人{n}" for n in range(16)])
    told: list[str] = []

    def note(connection: Any, cursor: Any, statement: str, *_: Any) -> None:
        told.append(statement)

    event.listen(stage.platform.database.engine, "before_cursor_execute", note)
    try:
        answers = together(stage, [asked(stage, request, n) for n, request in enumerate(requests)])
    finally:
        event.remove(stage.platform.database.engine, "before_cursor_execute", note)
    assert codes(answers) == ["in"] * 16
    assert len(told) <= 20, told


def test_what_is_stored_is_what_was_sent(stage: Stage, bidder: Make) -> None:
    """The rows of a group hold each its own content. Seen red: with rows and receipts zipped in another order."""
    requests = sealed_by(stage, bidder, "甲", "乙", "丙")
    answers = together(stage, [asked(stage, request, 3 - n) for n, request in enumerate(requests)])
    with stage.platform.reading() as session:
        for request, answer in zip(requests, answers, strict=True):
            row = session.query(Submission).filter_by(idempotency_key=request["idempotency_key"]).one()
            assert (row.content, row.identity, row.receipt) == (request["submission"], request["identity"], answer)
            assert row.leaf_commitment == request["leaf_commitment"] == answer["leaf"]["digest"]
            assert row.digest == answer["submission_digest"] and row.leaf_index == answer["leaf_index"]
    assert not any(isinstance(answer, (Invalid, Conflict)) for answer in answers)


GROWING = ("submission", "sealed_mark", "ledger_entry", "ledger_node", "ledger_head", "person", "sign_in", "project")
"""Tables that grow with the platform's years: a commit that reads one whole grows slower with each."""


def test_no_commit_reads_a_growing_table_from_end_to_end(stage: Stage, bidder: Make) -> None:
    """Every statement of a transaction of three commits, as the database would look for its rows.

    Seen red: with pairs compared as row values in a list SQLite read every submission and every node of the tree.
    """
    requests = sealed_by(stage, bidder, "a", "b", "c")
    answers: list[Any] = []

    def commit() -> None:
        answers.extend(together(stage, [asked(stage, request) for request in requests]))

    assert read_whole(stage.platform.database, GROWING, commit) == []
    assert [answer["kind"] for answer in answers] == ["submit"] * 3
