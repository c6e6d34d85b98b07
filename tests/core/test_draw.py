"""The draw: nobody steers it, everyone can replay it, nothing happens out of order."""

from __future__ import annotations

import hashlib
from unittest import mock

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.figures import r26
from core.act import SYSTEM, Act, Platform
from core.draw import mechanism, record
from core.errors import Conflict, Invalid

NONCES = {"officer": b"\x01" * 32, "supervisor": b"\x02" * 32}


def announced(act: Act) -> record.Draw:
    return record.announce_draw(act, label="experts:T-1", section="T-1", parties=list(NONCES), parameters={"seats": 2})


def test_a_draw_walks_from_commitment_to_seed(platform: Platform) -> None:
    with platform.act(SYSTEM) as act:
        draw = announced(act)
        for party, nonce in NONCES.items():
            record.commit_nonce(act, draw, party, mechanism.nonce_commitment(nonce))
        record.freeze_candidates(act, draw, ["b", "a", "c"])
        for party, nonce in NONCES.items():
            record.reveal_nonce(act, draw, party, nonce)
        seed = record.published_seed(act, draw)
    assert draw.candidates == ["a", "b", "c"]
    assert seed == mechanism.seed("experts:T-1", NONCES.values())
    assert r26.independent_order("experts:T-1", list(NONCES.values()), ["a", "b", "c"]) == mechanism.order(
        seed, "experts:T-1", ["a", "b", "c"]
    )


def test_no_list_is_frozen_before_every_party_has_committed(platform: Platform) -> None:
    """Sabotage: without the check the last to commit could wait for the list."""
    with platform.act(SYSTEM) as act:
        draw = announced(act)
        record.commit_nonce(act, draw, "officer", mechanism.nonce_commitment(NONCES["officer"]))
        with pytest.raises(Conflict, match=r"draw\.uncommitted"):
            record.freeze_candidates(act, draw, ["a"])


def test_no_nonce_is_shown_before_the_list_is_frozen(platform: Platform) -> None:
    with platform.act(SYSTEM) as act:
        draw = announced(act)
        record.commit_nonce(act, draw, "officer", mechanism.nonce_commitment(NONCES["officer"]))
        with pytest.raises(Conflict, match=r"draw\.state"):
            record.reveal_nonce(act, draw, "officer", NONCES["officer"])


def test_a_nonce_other_than_the_committed_one_is_refused(platform: Platform) -> None:
    with platform.act(SYSTEM) as act:
        draw = announced(act)
        for party, nonce in NONCES.items():
            record.commit_nonce(act, draw, party, mechanism.nonce_commitment(nonce))
        with pytest.raises(Conflict, match=r"draw\.committed"):
            record.commit_nonce(act, draw, "officer", "00" * 32)
        record.freeze_candidates(act, draw, ["a"])
        with pytest.raises(Invalid, match=r"draw\.reveal"):
            record.reveal_nonce(act, draw, "officer", bytes(32))
        record.reveal_nonce(act, draw, "officer", NONCES["officer"])
        with pytest.raises(Conflict, match=r"draw\.unrevealed"):
            record.published_seed(act, draw)


def test_strangers_neither_commit_nor_reveal(platform: Platform) -> None:
    with platform.act(SYSTEM) as act:
        draw = announced(act)
        with pytest.raises(Invalid, match=r"draw\.party"):
            record.commit_nonce(act, draw, "bidder", "00" * 32)
        with pytest.raises(Invalid, match=r"draw\.commitment"):
            record.commit_nonce(act, draw, "officer", "not a hash")


@given(st.sets(st.text(min_size=1, max_size=8), min_size=1, max_size=30), st.binary(min_size=32, max_size=32))
def test_the_order_does_not_depend_on_how_the_list_came(candidates: set[str], nonce: bytes) -> None:
    seed = mechanism.seed("x", [nonce])
    assert mechanism.order(seed, "x", sorted(candidates)) == mechanism.order(
        seed, "x", sorted(candidates, reverse=True)
    )


@given(st.integers(1, 40), st.binary(min_size=32, max_size=32))
def test_a_drawn_number_is_in_range(count: int, nonce: bytes) -> None:
    assert 0 <= mechanism.number(mechanism.seed("x", [nonce]), "k", count) < count


def test_the_draw_is_fair_and_replayed_by_an_independent_script() -> None:
    """Figure R26, short. Sabotage: `order` by str.hash-free `identifier` alone gave p = 0."""
    assert r26.main([]) == 0


@given(st.sets(st.text(max_size=6), max_size=40), st.integers(0, 12), st.binary(min_size=32, max_size=32))
def test_the_first_of_a_draw_are_the_beginning_of_its_order(names: set[str], most: int, nonce: bytes) -> None:
    """Seen red: a block's tickets compared with `<` the first of those kept instead of the last."""
    seed = mechanism.seed("x", [nonce])
    with mock.patch.object(mechanism, "BLOCK", 5):
        assert mechanism.first(seed, "x", names, most) == mechanism.order(seed, "x", names)[:most]


@given(st.lists(st.text(max_size=6), max_size=20))
def test_the_list_is_hashed_as_canonical_json(names: list[str]) -> None:
    """Seen red: without `ensure_ascii=False`."""
    assert mechanism.list_digest(names) == hashlib.sha256(rfc8785.dumps(sorted(names))).hexdigest()
