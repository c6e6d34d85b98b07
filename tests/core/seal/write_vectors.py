"""Writes tests/core/seal/vectors/*.json: what every program that seals must compute, for programs in any language.

Run `python -m tests.core.seal.write_vectors` after a change of docs/spec/sealing.md, and look at the difference: what
moved is a change of the format. `sealed.json` holds fresh keys and is new each time.
"""

from __future__ import annotations

import base64
import hashlib
import json
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

from core import seal as sealing
from core.errors import Invalid
from core.seal import Enclosure
from core.seal.archive import archive_blocks, plan_archive, survey
from core.seal.bidder import signed_message, validate_facts
from core.seal.ladder import LADDER, step_for
from core.seal.names import check_name, name_key
from core.seal.submission import sign_submission
from tests.core.seal.scene import make_bidder, make_chance, make_facts, make_members, make_policy

FOLDER = Path(__file__).with_name("vectors")
VERSION = b"age-encryption.org/v1\n"
STANZA = b"-> X25519 " + b"A" * 43 + b"\n" + b"A" * 43 + b"\n"
MAC = b"--- " + b"A" * 43 + b"\n"
# Public keys only; nobody holds the secrets.
RECIPIENTS = {
    "tenderee": "age1ncp5fgw0advc75p872f8yh2g7n4m7mvxtf64dmht4xsaasrytumsm7jumy",
    "officer": "age1466ym0lt3y7ts8we7vehcn04fknfpganr585q0t7h7q3am8ra90swz3y9g",
    "supervisor": "age1dfqncy0eyq9u7yesgt3e2h5fvrksfh64s3fzl2gky63y8qpzpg3qjzplgv",
}


def encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()


def verdict(act: Any) -> str:
    """The code of the refusal, or an empty text."""
    try:
        act()
    except Invalid as refusal:
        return refusal.code
    return ""


def ladder() -> Any:
    sizes = sorted({1, 65_535, 65_536, 65_537, 16_777_217, *(s + d for s in LADDER for d in (-1, 0, 1))} - {2**33 + 1})
    return [[size, step_for(size)] for size in sizes]


def canonical() -> Any:
    texts = [
        b'{"a":1,"b":[true,false,null]}', b'{"\xe4\xbb\xb7":"\xe6\x8a\xa5\xe4\xbb\xb7"}', b'{"a":9007199254740991}',
        '{"\U0001f600":1,"\ufb33":2}'.encode(), '{"\ufb33":2,"\U0001f600":1}'.encode(), b'{"a":-1}', b"{}",
        b'{"a":"\\n\\u0000\\\\\\""}', b'{"a":"/"}', b'{"a":1, "b":2}', b'{"b":1,"a":2}', b'{"a":1,"a":1}', b'{"a":1.0}',
        b'{"a":1.5}', b'{"a":1e2}', b'{"a":9007199254740992}', b'{"a":9007199254740993}', b'{"a":"\\/"}', b'{"a":-0}',
        b'{"a":"\\ud800"}', b'\xef\xbb\xbf{"a":1}', b'{"a":"\xff"}', b"[1]", b'"a"', b"", b'{"a":NaN}', b'{"a":01}',
        b'{"a":' + b"[" * 15 + b"]" * 15 + b"}", b'{"a":' + b"[" * 16 + b"]" * 16 + b"}",
        b'{"__proto__":1}', b'{"a":1}\n',
    ]  # fmt: skip
    return [{"bytes": encoded(t), "code": verdict(lambda t=t: sealing.read_canonical(t, 1000))} for t in texts]


def names() -> Any:
    given = [
        "报价.pdf", "a b.docx", "图纸（第三册）.dwg", "..a", "a..", "é.pdf", "e\u0301.pdf", "\U0001f600.txt", "长" * 85,
        "长" * 86, "a" * 255, "a" * 256, "", ".", "..", "a/b", "a\\b", " a", "a ", "\u3000a", "a\u00a0", "a\u0085",
        "a\nb", "a\u202eb", "a\u200bb", "a\u2060b", "a\ufeffb", "a\x00b", "a\u061cb", "a\U000e0041b", "a\ufffe",
        "CON", "a:b",
    ]  # fmt: skip
    folded = [
        [chr(code), chr(code).casefold()]
        for code in range(0x80, 0x110000)
        if not 0xD800 <= code < 0xE000 and chr(code).casefold() != chr(code)
    ]
    clashes = [["A.pdf", "a.PDF"], ["é", "e\u0301"], ["ß", "SS"], ["Σ", "ς"], ["K", "\u212a"], ["ﬁ", "FI"], ["İ", "i̇"]]
    assert all(name_key(one) == name_key(other) for one, other in clashes + folded)
    return {
        "names": [[name, verdict(lambda name=name: check_name(name))] for name in given],
        "clashes": clashes,
        "different": [["a.pdf", "b.pdf"], ["价", "佰"], ["1", "１"], ["α", "a"]],
        "folded": folded,
    }


def archive(bound: dict[str, str], nonce: bytes, files: list[tuple[str, str, bytes]]) -> Any:
    """One archive: what goes in, what comes out; files in the order in which they were given."""
    with tempfile.TemporaryDirectory() as folder:
        enclosures = []
        for number, (slot, name, content) in enumerate(files):
            path = Path(folder, str(number))
            path.write_bytes(content)
            enclosures.append(Enclosure(slot, path, name))
        enclosures.sort(key=lambda one: (one.slot.encode(), one.title.encode()))
        packed = b"".join(archive_blocks(plan_archive(bound, nonce, list(map(survey, enclosures)))))
    return {
        "bound": bound,
        "nonce": nonce.hex(),
        "files": [{"slot": s, "name": n, "content": encoded(c)} for s, n, c in files],
        "size": len(packed),
        "sha256": hashlib.sha256(packed).hexdigest(),
    }


def archives() -> Any:
    handle = sealing.handle_of(bytes(range(32)), "A1")
    bound = {"section": "A1", "policy_digest": "00" * 32, "handle": handle, "envelope": "schedule"}
    chance = make_chance("vectors")
    z, a = chance(512), chance(513)
    long = "关于城东污水处理厂二期扩建工程施工组织设计及关键工序专项方案说明书附图集(第三册).pdf"
    return [
        archive(bound, bytes(32), [("a", "报价.txt", b"hello\n"), ("a", "长" * 40 + ".txt", b"hello\n")]),
        archive(bound, chance(32), [("b", long, chance(700)), ("a", "z.bin", z), ("a", "a.bin", a)]),
        archive(bound, chance(32), [("s", "\ufb33.txt", b"1"), ("s", "\U0001f600.txt", b"2"), ("s", "~", b"3")]),
        archive(bound, chance(32), [("s", "x" * 93, b"a"), ("s", "y" * 92, b"b"), ("s", 'quote".txt', b"\\")]),
        archive(bound, chance(32), [("full", "63488-fits.bin", bytes(61_440)), ("full", "one.bin", b"\1" * 512)]),
    ]


def documents() -> Any:
    policy = _policy()
    secret = bytes(range(32))
    handle = sealing.handle_of(secret, policy["section"])
    base = {
        "type": "sunbid-submission/v1",
        "section": policy["section"],
        "policy_digest": sealing.policy_digest(policy),
    }
    signed = sign_submission(
        {**base, "kind": "withdraw", "handle": handle, "sequence": 2, "previous": "22" * 32}, secret
    )
    packages = {"officer+supervisor": "44" * 32, "officer+tenderee": "55" * 32, "supervisor+tenderee": "66" * 32}
    digest = sealing.submission_digest(signed)
    return {
        "policy": policy,
        "policy_digest": sealing.policy_digest(policy),
        "sets": sealing.policy_sets(policy),
        "trustee_sets": sealing.trustee_sets(policy),
        "seed": _seed(secret, policy["section"]),
        "handle": handle,
        "plain_commit": {
            "salt": "11" * 32, "archive_sha256": "77" * 32,
            "commit": sealing.plain_commit(b"\x11" * 32, b"\x77" * 32),
        },
        "withdrawal": {"after": {"kind": "submit", "sequence": 1, "digest": "22" * 32}, "submission": signed},
        "digest": digest,
        "leaf": {
            "salt": "33" * 32, "packages": packages,
            "leaf": sealing.leaf_commitment(b"\x33" * 32, digest, packages),
        },
        "identity": _identity(signed),
        "wrong_policies": [
            {"change": change, "code": verdict(lambda change=change: sealing.validate_policy(_changed(policy, change)))}
            for change in _changes()
        ],
        "facts": [
            {"facts": facts, "code": verdict(lambda facts=facts: validate_facts(facts))}
            for facts in (make_facts(), *map(_facts, _wrong_facts()))
        ],
    }  # fmt: skip


def _policy() -> dict[str, Any]:
    policy = {
        "type": "sunbid-policy/v1", "version": 1, "suite": sealing.SUITE, "section": "E3301-2026-0017-01",
        "envelopes": ["schedule", "qualification", "technical", "price"], "recipients": RECIPIENTS, "threshold": 2,
        "deadline": "2026-03-20T01:30:00Z", "decrypt_minutes": 60,
        "failure": {"bidder_cause": "R-254", "others": "R-255", "remedy": "R-256"},
    }  # fmt: skip
    return policy | {"sets": sealing.policy_sets(policy)}


def _seed(secret: bytes, section: str) -> str:
    import hmac

    return hmac.new(secret, f"sunbid-handle/v1\n{section}".encode(), "sha256").hexdigest()


def _identity(submission: dict[str, Any]) -> Any:
    """The plaintext of an identity package, with a signature that is not one: only the spelling is compared."""
    from core.seal.bidder import _bound, _pad

    facts, salt = make_facts() | {"consortium": make_members()}, b"\x33" * 32
    claims = _bound("sunbid-identity/v2", submission, salt) | facts
    text = _pad({**claims, "certificate": "PEM", "signature": encoded(b"signature")})
    return {
        "facts": facts, "leaf_salt": salt.hex(), "certificate": "PEM", "signature": encoded(b"signature"),
        "sha256": hashlib.sha256(text).hexdigest(), "size": len(text),
        "message": signed_message(sealing.submission_digest(submission), facts).hex(),
    }  # fmt: skip


def _changes() -> list[dict[str, Any]]:
    other = dict.fromkeys(RECIPIENTS, RECIPIENTS["officer"])
    short = {role: key for role, key in RECIPIENTS.items() if role != "officer"}
    return [
        {"type": "sunbid-policy/v2"}, {"version": 0}, {"version": True}, {"version": 10_001}, {"suite": "age-x25519/2"},
        {"section": "a b"}, {"envelopes": []}, {"envelopes": ["price"]}, {"envelopes": ["schedule", "schedule"]},
        {"envelopes": "schedule"}, {"recipients": short}, {"recipients": other}, {"recipients": {}}, {"threshold": 1},
        {"recipients": {**RECIPIENTS, "bidder": RECIPIENTS["officer"]}}, {"threshold": 3}, {"threshold": "2"},
        {"recipients": {**RECIPIENTS, "officer": RECIPIENTS["officer"][:-1] + "q"}}, {"sets": []},
        {"sets": ["bidder+tenderee"]}, {"deadline": "2026-02-30T00:00:00Z"}, {"deadline": "2026-03-20"},
        {"deadline": "2026-03-20T01:30:00+00:00"}, {"decrypt_minutes": 0}, {"failure": {}}, {"failure": {"a": "254"}},
        {"more": 1}, {"failure": {"A": "R-254"}}, {"deadline": None},
        {"sets": ["bidder+tenderee", "officer+supervisor", "supervisor+tenderee", "officer+tenderee"]},
    ]  # fmt: skip


def _changed(policy: dict[str, Any], change: dict[str, Any]) -> dict[str, Any]:
    return policy | change


MACHINE = make_facts()["device"]
LOCKS: list[Any] = [["4407-9921"], ["x" * 80] * 8, [], ["x"] * 9, [""], ["x" * 81], "4407-9921", [7], None]
"""Two lists of locks as they may be, and those that may not."""


def _wrong_facts() -> list[dict[str, Any]]:
    bond = {"form": "transfer", "account": "1", "payer": "甲", "amount_fen": 1}
    return [
        {"operator": ""}, {"operator": "长" * 171}, {"operator": "a\nb"}, {"bond": None}, {"bond": bond},
        {"bond": bond | {"amount_fen": -1}}, {"bond": bond | {"amount_fen": "1"}}, {"prepared_at": "gestern"},
        {"prepared_at": "2026-03-01T02:03:04.123456Z"}, {"device": {}}, {"bidder": {"name": "甲"}}, {"more": 1},
        {"prepared_at": "2026-03-01T02:03:60Z"}, *({"device": MACHINE | {"locks": one}} for one in LOCKS),
        *({"consortium": members} for members in _wrong_members()),
    ]  # fmt: skip


def _wrong_members() -> list[Any]:
    """The consortium as it should be, then each way it is not."""
    whole = make_members()
    lead, partner = whole
    long = [{**partner, "uscc": f"U{number}", "share": 100} for number in range(10)]

    def last(**changes: Any) -> list[Any]:
        return [lead, partner | changes]

    return [
        whole, [], [lead | {"share": 10_000}], "甲、乙", [lead, partner | {"more": 1}], [lead, None],
        last(name=""), last(name="长" * 67), last(uscc=""), last(work=""), last(work="a\nb"), last(role="lead"),
        last(share=0), last(share="4000"), last(share=3_999), last(uscc=lead["uscc"]), [partner, lead],
        [lead | {"role": "member"}, partner], [lead | {"name": "丙"}, partner], [lead | {"uscc": "X"}, partner],
        [lead | {"share": 9_100}, *long[:9]], [lead | {"share": 9_000}, *long],
    ]  # fmt: skip


def _facts(change: dict[str, Any]) -> dict[str, Any]:
    return make_facts() | change


def headers() -> Any:
    heads = [
        VERSION + STANZA + MAC, VERSION + STANZA + b"-> a-grease b c\nAAAA\n" + MAC, b"", VERSION[:10],
        VERSION + STANZA,
        b"age-encryption.org/v2\n" + STANZA + MAC, b"-----BEGIN AGE ENCRYPTED FILE-----\n",
        VERSION + MAC, b"%PDF-1.7",
        VERSION + STANZA + STANZA + MAC, VERSION + b"-> scrypt AAAA 18\n" + b"A" * 43 + b"\n" + MAC,
        VERSION + STANZA + b"-> x-greasy\nAAAA\n" + MAC, VERSION + STANZA.replace(b"A\n", b"B\n") + MAC,
        VERSION + STANZA + b"-> x-grease " + b"a" * 5000 + b"\n\n" + MAC, VERSION + STANZA + b"junk\n" + MAC,
        VERSION + STANZA + b"-> x-grease\n" + b"A" * 64 + b"\n" + MAC, VERSION + STANZA + b"->\n\n" + MAC,
        VERSION + STANZA.replace(b"X25519 ", b"X25519 AAAA ") + MAC, VERSION + STANZA + b"--- short\n",
        VERSION + STANZA.replace(b"\n", b"\r\n") + MAC, VERSION + STANZA + b"->  x-grease\n\n" + MAC,
        VERSION + STANZA + b"-> x-grease\n" + b"A" * 64 + b"\n\n" + MAC,
    ]  # fmt: skip
    sizes = [200, 216, 217, 65_536 + 16 + 216, 65_537 + 216 + 32, 131_072 + 32 + 216, 65_552 + 200 + 16 + 10]
    return {
        "heads": [
            {"head": encoded(head), "code": verdict(lambda head=head: sealing.lint(head)),
             "length": 0 if verdict(lambda head=head: sealing.lint(head)) else sealing.lint(head)}
            for head in heads
        ],
        "sizes": [[size, verdict(lambda size=size: sealing.lint_size(size, 200))] for size in sizes],
    }  # fmt: skip


def sealed() -> Any:
    """A whole sealed envelope with every key, to be opened; and what must not open."""
    trustees = {role: sealing.new_identity() for role in RECIPIENTS}
    policy, bidder = make_policy(trustees, envelopes=["schedule"]), make_bidder("甲")
    with tempfile.TemporaryDirectory() as temp:
        path = Path(temp, "f")
        path.write_bytes(b'{"price_fen":1}')
        done = sealing.seal(
            policy, bidder, make_facts(), {"schedule": [Enclosure("s", path, "报价.json")]}, Path(temp, "o")
        )
        bulk = done.bulks["schedule"].read_bytes()
        packages = {names: encoded(one.read_bytes()) for names, one in done.keys["schedule"].items()}
        damages = [
            {"flip": at, "size": size, "committed": committed,
             "code": opening_of(bulk, at, size, committed, done, bidder.identity, trustees["tenderee"])}
            for at, size in ((0, 0), (240, 0), (len(bulk) - 1, 0), (None, len(bulk) - 1), (None, 100))
            for committed in (True, False)
        ]  # fmt: skip
    return {
        "policy": policy,
        "identities": {**trustees, "bidder": bidder.identity},
        "submission": done.submission,
        "packages": packages,
        "bulk": encoded(bulk),
        "files": [{"slot": "s", "name": "报价.json", "content": encoded(b'{"price_fen":1}')}],
        "damaged": damages,
    }


def opening_of(
    bulk: bytes, flip: int | None, size: int, committed: bool, done: sealing.Sealed, bidder: str, tenderee: str
) -> str:
    """The refusal of a damaged bulk file: as it was committed (the bidder's fault), or damaged later (the keeper's)."""
    damaged = bytearray(bulk[: size or len(bulk)])
    if flip is not None:
        damaged[flip] ^= 1
    wanted = sealing.expected(done.submission, "schedule")
    if committed:
        wanted = replace(wanted, sha256=hashlib.sha256(damaged).hexdigest(), size=len(damaged))
    package = done.keys["schedule"]["bidder+tenderee"].read_bytes()
    released = sealing.release(sealing.peel(sealing.peel(package, bidder), tenderee), wanted.bid_recipient)
    with tempfile.TemporaryDirectory() as temp:
        path = Path(temp, "bulk")
        path.write_bytes(damaged)
        return verdict(lambda: sealing.open_sealed(path, released, wanted, Path(temp, "out")))


WRITERS = {
    "ladder": ladder, "canonical": canonical, "names": names, "archives": archives, "documents": documents,
    "headers": headers, "sealed": sealed,
}  # fmt: skip


def main() -> int:
    FOLDER.mkdir(exist_ok=True)
    for name in sys.argv[1:] or WRITERS:
        text = json.dumps(WRITERS[name](), ensure_ascii=True, indent=None if name in ("names", "ladder") else 1)
        (FOLDER / f"{name}.json").write_text(text + "\n", encoding="ascii")
    return 0


if __name__ == "__main__":
    sys.exit(main())
