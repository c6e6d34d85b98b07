"""RFC 6962 Merkle trees: roots, inclusion and consistency, checked as RFC 9162 says."""

from collections.abc import Sequence

from .canonical import sha256, unhex


def leaf_hash(leaf: bytes) -> bytes:
    """The hash of a leaf."""
    return sha256(b"\0" + leaf)


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of an inner node."""
    return sha256(b"\1" + left + right)


def root(leaves: Sequence[bytes]) -> bytes:
    """The root over leaves (RFC 6962 section 2.1): complete subtrees, joined from the right."""
    stack: list[tuple[int, bytes]] = []
    for leaf in leaves:
        size, node = 1, leaf_hash(leaf)
        while stack and stack[-1][0] == size:
            node = node_hash(stack.pop()[1], node)
            size *= 2
        stack.append((size, node))
    if not stack:
        return sha256(b"")
    node = stack.pop()[1]
    while stack:
        node = node_hash(stack.pop()[1], node)
    return node


def _path(proof: object) -> list[bytes] | None:
    if not isinstance(proof, list) or len(proof) > 64:
        return None
    return [unhex(step, 32) for step in proof]


def includes(leaf: bytes, index: int, size: int, proof: object, root_hash: bytes) -> bool:
    """Whether the proof leads from the leaf at index to the root of a tree of this size (RFC 9162 section 2.1.3.2)."""
    path = _path(proof)
    if path is None or not 0 <= index < size:
        return False
    fn, sn, r = index, size - 1, leaf_hash(leaf)
    for p in path:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            r = node_hash(p, r)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            r = node_hash(r, p)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and r == root_hash


def extends(first: int, first_root: bytes, second: int, second_root: bytes, proof: object) -> bool:
    """Whether the second tree begins with the first (RFC 9162 section 2.1.4.2)."""
    path = _path(proof)
    if path is None or not 0 <= first <= second:
        return False
    if first == second or first == 0:
        return not path and (first_root == second_root if first == second else first_root == sha256(b""))
    if first & (first - 1) == 0:
        path = [first_root, *path]
    if not path:
        return False
    fn, sn = first - 1, second - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    fr = sr = path[0]
    for c in path[1:]:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            fr, sr = node_hash(c, fr), node_hash(c, sr)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            sr = node_hash(sr, c)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and fr == first_root and sr == second_root
