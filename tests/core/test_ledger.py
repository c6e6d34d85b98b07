"""The ledger: every proof for small trees, published vectors, no unseen change, no rollback."""

from __future__ import annotations

import hashlib

import pytest

from benchmarks.figures import r13
from core.act import SYSTEM, Platform
from core.errors import Conflict, Invalid
from core.ledger import log, merkle
from core.ledger.notes import Head, Signer, Verifier, open_head

RFC_LEAVES = [bytes.fromhex(h) for h in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657")] + [
    bytes.fromhex("606162636465666768696a6b6c6d6e6f")
]
RFC_ROOTS = {
    1: "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    2: "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    3: "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    8: "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
}


def test_roots_are_those_of_the_published_vectors() -> None:
    """The eight test leaves of certificate-transparency. Sabotage: dropping the 0x00 prefix was red."""
    leaves = [merkle.leaf_hash(data) for data in RFC_LEAVES]
    assert {n: merkle.root(merkle.nodes_of(leaves), n).hex() for n in RFC_ROOTS} == RFC_ROOTS
    assert hashlib.sha256(b"").digest() == merkle.EMPTY_ROOT


def test_every_inclusion_and_consistency_proof_of_trees_up_to_seventy_leaves_verifies() -> None:
    """Exhaustive for n < 70, and each proof fails for any other leaf, size or root."""
    leaves = [merkle.leaf_hash(bytes([n])) for n in range(70)]
    node = merkle.nodes_of(leaves)
    roots = [merkle.root(node, n) for n in range(71)]
    for size in range(1, 71):
        for index in range(size):
            proof = merkle.inclusion_proof(node, index, size)
            assert merkle.verify_inclusion(leaves[index], index, size, proof, roots[size])
            assert not merkle.verify_inclusion(leaves[index - 1], index, size, proof, roots[size]) or size == 1
            assert not merkle.verify_inclusion(leaves[index], index, size, [*proof, roots[1]], roots[size])
        for old in range(1, size + 1):
            proof = merkle.consistency_proof(node, old, size)
            assert merkle.verify_consistency(old, size, roots[old], roots[size], proof)
            if old < size:
                assert not merkle.verify_consistency(old, size, roots[old - 1], roots[size], proof)
                assert not merkle.verify_consistency(old, size, roots[old], roots[size - 1], proof)


def test_a_signed_head_opens_only_with_its_key_and_origin() -> None:
    """Sabotage: a check() that returned the body without verifying was red here."""
    signer, other = Signer("sunbid.one", b"\x01" * 32), Signer("sunbid.two", b"\x02" * 32)
    head = Head("sunbid.one", 3, bytes(32))
    note = signer.note(head.text())
    assert open_head(note, Verifier.parse(str(signer.verifier))) == head
    with pytest.raises(Invalid, match=r"note\.signature"):
        open_head(note, other.verifier)
    with pytest.raises(Invalid, match=r"note\.signature"):
        open_head(note.replace("\n3\n", "\n4\n"), signer.verifier)
    with pytest.raises(Invalid, match=r"note\.origin"):
        open_head(other.note(head.text()), other.verifier)


@pytest.mark.parametrize("spelled", ["", "name", "name+00000000+AAAA", "name+zz+AQ=="])
def test_a_malformed_key_is_refused(spelled: str) -> None:
    with pytest.raises(Invalid, match=r"note\.key"):
        Verifier.parse(spelled)


def test_stored_proofs_agree_with_the_tree_and_the_audit_is_silent(platform: Platform) -> None:
    with platform.act(SYSTEM) as act:
        for n in range(23):
            log.append(act, "test.entry", "section:T-1", {"n": n})
        head = log.signed_head(act)
    with platform.reading() as session:
        assert list(log.audit(session, platform.signer.verifier)) == []
        for n in range(23):
            proof = [bytes.fromhex(step) for step in log.inclusion(session, n, 23)]
            assert merkle.verify_inclusion(log.entry(session, n).leaf_hash(), n, 23, proof, bytes.fromhex(head.root))


def test_flipped_bits_and_wholesale_changes_are_found_and_named(tmp_path) -> None:  # type: ignore[no-untyped-def]
    """A slice of figure R13. Sabotage: hashing the salt as bytes instead of as written let 96 of 8,000 flips pass."""
    ledger = r13.build(tmp_path, 40)
    flips, found, named = r13.flip_all(ledger, 40, 12)
    assert flips == found == named > 400
    assert r13.wholesale(ledger, 40) == (8, 8)


def test_facts_are_hidden_by_a_salt_until_told(platform: Platform) -> None:
    with platform.act(SYSTEM) as act:
        entry = log.append(act, "test.entry", None, {"price_fen": 1})
        again = log.append(act, "test.entry", None, {"price_fen": 1})
    assert entry.digest != again.digest
    assert log.facts_digest(str(entry.salt), {"price_fen": 1}) == entry.digest


def test_one_size_is_never_signed_with_two_roots(platform: Platform) -> None:
    with platform.act(SYSTEM) as act:
        log.append(act, "test.entry", None, {})
        log.signed_head(act)
    with pytest.raises(Conflict, match=r"ledger\.fork"), platform.act(SYSTEM) as act:
        node = act.session.get(log.LedgerNode, (0, 0))
        assert node is not None
        node.hash = bytes(32)
        log.signed_head(act)


def test_a_database_older_than_a_witnessed_head_is_refused_and_the_missing_entries_named(platform: Platform) -> None:
    """R16. Sabotage: comparing roots only, not sizes, was red (a shorter log has no such root to compare)."""
    with platform.act(SYSTEM) as act:
        for n in range(5):
            log.append(act, "test.entry", None, {"n": n})
        root = log.root_at(act.session, 5)
    with platform.reading() as session:
        log.check_not_rolled_back(session, Head("x", 5, root))
        with pytest.raises(Conflict) as caught:
            log.check_not_rolled_back(session, Head("x", 9, root))
        assert caught.value.code == "ledger.rolled_back"
        assert caught.value.facts["first_missing"] == 5
        with pytest.raises(Conflict, match=r"ledger\.fork"):
            log.check_not_rolled_back(session, Head("x", 5, bytes(32)))


def test_an_entry_is_never_earlier_than_the_one_before_though_the_clock_steps_back(platform: Platform) -> None:
    with platform.act(SYSTEM) as act:
        first = log.append(act, "test.entry", None, {})
        act.now = act.now.replace(year=2020)
        second = log.append(act, "test.entry", None, {})
    assert second.at == first.at
