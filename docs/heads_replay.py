"""Checks that one log is the beginning of another: python heads_replay.py PLATFORM OLD NEW (RFC 9162, 2.1.4.2)."""

import base64
import hashlib
import json
import sys
import urllib.request


def fetch(path):
    with urllib.request.urlopen(f"{sys.argv[1].rstrip('/')}{path}") as answer:  # noqa: S310
        return answer.read().decode()


def root_of(size):
    lines = fetch(f"/ledger/heads/{size}").split("\n")
    if lines[1] != str(size):
        sys.exit("another head")
    return base64.b64decode(lines[2])


def join(left, right):
    return hashlib.sha256(b"\x01" + left + right).digest()


old, new = int(sys.argv[2]), int(sys.argv[3])
first_root, second_root = root_of(old), root_of(new)
path = [bytes.fromhex(h) for h in json.loads(fetch(f"/ledger/consistency?old={old}&new={new}"))["consistency"]]
if old & (old - 1) == 0:
    path.insert(0, first_root)
fn, sn = old - 1, new - 1
while fn & 1:
    fn, sn = fn >> 1, sn >> 1
first = second = path[0]
for step in path[1:]:
    if fn & 1 or fn == sn:
        first, second = join(step, first), join(step, second)
        while not fn & 1 and fn:
            fn, sn = fn >> 1, sn >> 1
    else:
        second = join(second, step)
    fn, sn = fn >> 1, sn >> 1
if sn or first != first_root or second != second_root:
    sys.exit("the log was changed")
sys.stdout.write(f"the first {old} entries are unchanged in the log of {new}\n")
