"""A file of a platform before 0.8 is not accused for what it could not tell; a newer one cannot pass for it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from awards.rules.verdict.course import _check_deadlines, _check_law
from awards.rules.verdict.told import Told
from core.errors import Invalid
from tests.awards.test_order_claims import Story, entry
from verifier.canonical import Wrong, digest
from verifier.claims_course import Clock, _frozen
from verifier.verdict import Case

OLD, NEW = "2027-01-30T01:00:00.000000Z", "2027-02-02T01:00:00.000000Z"
LAW = {"on": "2026-10-01", "rules": [{"key": "issue_to_deadline_min", "value": "20"}]}
POLICIES = [{"version": 1, "content": {"deadline": OLD}}, {"version": 2, "content": {"deadline": NEW}}]


def story(written: str, *, published: str = "2026-12-09T01:00:00.000000Z", **order: Any) -> Story:
    """Published, the deadline moved by an extension written at that instant, closed."""
    told = [
        entry(1, "section.publish", "09T01", deadline=OLD, law=LAW["on"]),
        entry(5, "extension.publish", "30T01", old_deadline_at=OLD, new_deadline_at=NEW, **order),
        entry(6, "policy.publish", "30T01", version=2),
        entry(9, "section.close", "30T01", deadline=NEW),
    ]
    told[0]["at"], told[1]["at"], told[3]["at"] = published, written, NEW
    return told


def dated(told: Story) -> Story:
    """As a platform since 0.8 publishes."""
    told[0]["facts"]["law_sha256"] = digest(LAW)
    return told


def ours(told: Story) -> int:
    """How many orders the platform's verifier could not date; Invalid where it accuses."""
    project = {"section": {"code": "A1"}, "law": LAW}
    case = cast(Told, SimpleNamespace(project=project, policies=POLICIES, ledger={"entries": told}))
    _check_law(case)
    return _check_deadlines(case)[1]


def theirs(told: Story) -> int:
    """The same of the independent one; Wrong where it accuses."""
    archive = SimpleNamespace(rows=lambda path: POLICIES, json=lambda path: {"law": LAW})
    case = cast(Case, SimpleNamespace(archive=archive, entries=told, section="A1", only=lambda *_: told[0]))
    _frozen(case)
    clock = Clock(case)
    for one in told:
        clock.take(one)
    return clock.undated


def test_an_older_order_written_just_after_the_deadline_is_told_and_not_accused() -> None:
    """0.7 stamped an order before it waited for its turn, and told only when it was written.

    Seen red: with the entry's own instant for the order's where it tells none.
    """
    for count, written in ((1, "2027-01-30T01:00:01.000000Z"), (1, OLD), (0, "2027-01-30T00:59:59.000000Z")):
        assert (ours(story(written)), theirs(story(written))) == (count, count)


@pytest.mark.parametrize(
    "told",
    [
        story("2027-01-30T01:01:00.000000Z"),
        dated(story("2027-01-30T00:59:00.000000Z")),
        dated(story("2027-01-30T01:00:01.000000Z", ordered_at=OLD)),
        story("2027-01-30T00:59:00.000000Z", published="2027-01-01T00:00:00.000000Z"),
        dated(story(OLD, published="2027-01-10T16:01:00.000000Z", ordered_at="2027-01-30T00:59:59.000000Z")),
    ],
    ids=["a minute late", "newer without an instant", "at the deadline", "newer without its law", "too few days"],
)
def test_nobody_newer_passes_for_older(told: Story) -> None:
    """Seen red: each case with its check taken out, in one verifier and then in the other."""
    with pytest.raises(Invalid, match="course"):
        ours(told)
    with pytest.raises(Wrong):
        theirs(told)


def test_a_publication_that_waited_over_midnight_is_of_the_day_before() -> None:
    """Seen red: with the days counted from when it was written."""
    given, published = "2027-01-30T00:59:00.000000Z", "2027-01-10T16:00:02.000000Z"
    told = dated(story(given, published=published, ordered_at=given))
    assert (ours(told), theirs(told)) == (0, 0)
