"""Moves: only by the table, with a ledger entry, and never twice."""

from __future__ import annotations

import pytest

from core.act import SYSTEM, Platform
from core.draw.record import LIFECYCLE, announce_draw, draw
from core.errors import Conflict
from core.ledger import log
from core.machine import Lifecycle, advance, may, move


def test_a_move_changes_state_instant_and_epoch_and_is_in_the_ledger(platform: Platform) -> None:
    with platform.act(SYSTEM) as act:
        thing = announce_draw(act, label="l", section="s", parties=["a"], parameters={})
        advance(act, thing, "void", reason="test")
    with platform.reading() as session:
        thing = draw(session, "l")
        entry = log.entries_of(session, "draw:l")[-1]
    assert (thing.state, thing.epoch) == ("void", 1)
    assert entry.kind == "draw.void"
    assert entry.facts == {"from": "announced", "to": "void", "actor": "system", "reason": "test"}


def test_a_move_from_a_wrong_state_is_refused_and_says_which(platform: Platform) -> None:
    with platform.act(SYSTEM) as act:
        thing = announce_draw(act, label="l", section="s", parties=["a"], parameters={})
        assert not may(thing, "conclude")
        with pytest.raises(Conflict) as caught:
            advance(act, thing, "conclude")
    assert caught.value.code == "draw.state"
    assert caught.value.facts["allowed"] == ["frozen"]


def test_the_later_of_two_acts_is_fenced_off(platform: Platform) -> None:
    """Sabotage: without the epoch in the WHERE clause the second move went through."""
    with platform.act(SYSTEM) as act:
        announce_draw(act, label="l", section="s", parties=["a"], parameters={})
    with platform.reading() as session:
        stale = draw(session, "l")
        session.expunge(stale)
    with platform.act(SYSTEM) as act:
        advance(act, draw(act.session, "l"), "void")
    with pytest.raises(Conflict, match=r"draw\.stale"), platform.act(SYSTEM) as act:
        advance(act, stale, "void")


def test_every_state_of_a_table_can_be_listed() -> None:
    assert LIFECYCLE.states == ("announced", "frozen", "concluded", "void")
    assert Lifecycle("x", "a", {"go": move(("b", "a"), "c")}).states == ("a", "b", "c")
