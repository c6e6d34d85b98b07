"""Merkle trees against the vectors every Certificate Transparency log is tested with."""

import random

import pytest

from verifier.tree import extends, includes, leaf_hash, node_hash, root

LEAVES = [bytes.fromhex(text) for text in (
    "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f",
)]  # fmt: skip
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def split(count: int) -> int:
    """The largest power of two below count."""
    return 1 << (count - 1).bit_length() - 1


def inclusion(index: int, leaves: list[bytes]) -> list[str]:
    """RFC 6962 section 2.1.1, by its recursive definition."""
    if len(leaves) == 1:
        return []
    k = split(len(leaves))
    if index < k:
        return [*inclusion(index, leaves[:k]), root(leaves[k:]).hex()]
    return [*inclusion(index - k, leaves[k:]), root(leaves[:k]).hex()]


def consistency(first: int, leaves: list[bytes], whole: bool = True) -> list[str]:
    """RFC 6962 section 2.1.2, by its recursive definition."""
    if first == len(leaves):
        return [] if whole else [root(leaves).hex()]
    k = split(len(leaves))
    if first <= k:
        return [*consistency(first, leaves[:k], whole), root(leaves[k:]).hex()]
    return [*consistency(first - k, leaves[k:], False), root(leaves[:k]).hex()]


def test_roots() -> None:
    """Seen red: with leaf and node prefixes exchanged, and with subtrees joined from the left."""
    assert [root(LEAVES[:n]).hex() for n in range(9)] == ROOTS


def test_published_proofs() -> None:
    """The sixth leaf of eight, and six to eight, as in the Certificate Transparency tests."""
    path = [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        ROOTS[4],
    ]
    assert includes(LEAVES[5], 5, 8, path, bytes.fromhex(ROOTS[8]))
    steps = [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        ROOTS[4],
    ]
    assert extends(6, bytes.fromhex(ROOTS[6]), 8, bytes.fromhex(ROOTS[8]), steps)


@pytest.mark.parametrize("size", [1, 2, 3, 6, 7, 8, 13])
def test_every_proof_and_no_other(size: int) -> None:
    """Seen red: with the last line of includes() or extends() always true, and with `fn == sn` left out of either."""
    leaves = [bytes([n]) for n in range(size)]
    whole, chance = root(leaves), random.Random(size)
    for index in range(size):
        path = inclusion(index, leaves)
        assert includes(leaves[index], index, size, path, whole)
        assert not includes(leaves[index], index, size, [*path, ROOTS[0]], whole)
        assert not includes(b"x", index, size, path, whole)
        assert not path or not includes(leaves[index], index, size, path[:-1], whole)
        assert not includes(leaves[index], (index + 1) % size, size, path, whole) or size == 1
        first = index + 1
        steps, prefix = consistency(first, leaves), root(leaves[:first])
        assert extends(first, prefix, size, whole, steps)
        assert not extends(first, prefix, size, whole, [*steps, ROOTS[0]])
        assert not extends(first, bytes(32), size, whole, steps)
        assert not extends(first, prefix, size, bytes(32), steps)
        if steps:
            at = chance.randrange(len(steps))
            assert not extends(first, prefix, size, whole, [*steps[:at], ROOTS[0], *steps[at + 1 :]])
            assert not extends(first, prefix, size, whole, steps[:-1])


def test_bounds() -> None:
    """An index beyond the tree, a tree that shrinks. Seen red: with either bound left out."""
    pair = root([b"a", b"b"])
    assert not includes(b"a", 2, 2, [leaf_hash(b"b").hex()], node_hash(leaf_hash(b"a"), leaf_hash(b"b")))
    assert not includes(b"a", -1, 1, [], leaf_hash(b"a"))
    assert not extends(2, pair, 1, pair, []) and not extends(1, pair, 2, pair, "x")
    assert not includes(b"a", 0, 1, None, leaf_hash(b"a"))
