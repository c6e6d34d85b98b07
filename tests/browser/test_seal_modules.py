"""The page's sealing modules in a real Chromium compute what the vectors say, which Python computes too."""

from __future__ import annotations

import base64
from collections.abc import Callable
from hashlib import sha256
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Page

from tests.browser.oracles import Watch
from tests.core.seal.reading import vector

Compute = Callable[..., Any]

PRELUDE = """
  const load = (name) => import(`/static/seal/${name}.js`);
  const { bytesOf, hex, utf8, unbase64, base64, hashHex, joined } = await load("notation");
  const code = async (act) => {
    try { await act(); return ""; } catch (error) {
      if (error.name !== "Refusal") throw error;
      return error.code;
    }
  };
"""


@pytest.fixture
def compute(app: Flask, serve: Callable[[Flask], str], new_page: Callable[..., Page]) -> Compute:
    """`compute(body, given)`: what an async function body gives for `given`; `await load("archive")` is a module."""
    address, page = serve(app), new_page()
    watch = Watch(page)
    page.goto(f"{address}/receipts/check")

    def run(body: str, given: Any = None) -> Any:
        found = page.evaluate(f"async (given) => {{ {PRELUDE} {body} }}", given)
        assert watch.problems() == []
        return found

    return run


def test_the_ladder(compute: Compute) -> None:
    """Seen red: with a step of 12 MiB."""
    steps = vector("ladder")
    body = "const { stepFor } = await load('ladder'); return given.map(stepFor);"
    assert compute(body, [size for size, _ in steps]) == [step for _, step in steps]
    assert compute("const { stepFor } = await load('ladder'); return code(() => stepFor(2 ** 33 + 1));") == (
        "seal.archive_too_large"
    )


def test_canonical_json(compute: Compute) -> None:
    """Seen red: without comparing the bytes with the canonical form."""
    given = vector("canonical")
    body = """const { readCanonical } = await load("notation");
      return Promise.all(given.map((one) => code(() => readCanonical(unbase64(one), 1000))));"""
    assert compute(body, [one["bytes"] for one in given]) == [one["code"] for one in given]


def test_file_names(compute: Compute) -> None:
    """Allowed, refused; and whatever full case folding joins is joined here too, for every code point.

    Seen red: with toLowerCase alone; without U+202E among the refused.
    """
    given = vector("names")
    body = """const { checkName, nameKey } = await load("names");
      return {
        codes: await Promise.all(given.names.map(([name]) => code(() => checkName(name)))),
        joined: [...given.clashes, ...given.folded].filter(([one, other]) => nameKey(one) !== nameKey(other)),
        different: given.different.filter(([one, other]) => nameKey(one) === nameKey(other)),
      };"""
    found = compute(body, given)
    assert found["codes"] == [code for _, code in given["names"]]
    assert found["joined"] == []
    assert found["different"] == []


def test_archives_are_the_same_bytes(compute: Compute) -> None:
    """Long names, odd sizes, names that sort differently as UTF-16, a full step: the hash of the whole archive.

    Seen red: sorted as JavaScript sorts; without the pax header; with another order of fields.
    """
    given = vector("archives")
    body = """const { archiveBlocks, inOrder, planArchive } = await load("archive");
      const found = [];
      for (const { bound, nonce, files } of given) {
        const entries = inOrder(files.map(({ slot, name, content }) => {
          const bytes = unbase64(content);
          return { slot, name, size: bytes.length, sha256: hashHex(bytes), bytes };
        }));
        const plan = planArchive(bound, bytesOf(nonce), entries.map(({ bytes, ...entry }) => entry));
        const parts = [];
        const content = async function* (place) { yield entries[place].bytes; };
        for await (const block of archiveBlocks(plan, content)) parts.push(block);
        const whole = joined(...parts);
        found.push([whole.length, plan.size, hashHex(whole)]);
      }
      return found;"""
    assert compute(body, given) == [[one["size"], one["size"], one["sha256"]] for one in given]


def test_policies_and_facts(compute: Compute) -> None:
    """Digest, sets; every wrong policy and wrong fact refused. Seen red: without the comparison of the sets."""
    given = vector("documents")
    body = """const { policyDigest, policySets, trusteeSets, validatePolicy } = await load("policy");
      const { validateFacts } = await load("identity");
      const { policy } = given;
      return {
        digest: policyDigest(validatePolicy(policy)), sets: policySets(policy), trustees: trusteeSets(policy),
        wrong: await Promise.all(given.wrong_policies.map(({ change }) =>
          code(() => validatePolicy({ ...policy, ...change })))),
        facts: await Promise.all(given.facts.map(({ facts }) => code(() => validateFacts(facts)))),
      };"""
    found = compute(body, given)
    assert found["digest"] == given["policy_digest"]
    assert (found["sets"], found["trustees"]) == (given["sets"], given["trustee_sets"])
    assert found["wrong"] == [one["code"] for one in given["wrong_policies"]]
    assert found["facts"] == [one["code"] for one in given["facts"]]


def test_submission_leaf_and_identity(compute: Compute) -> None:
    """Handle, signature, digest, commitment, leaf, the 8192 bytes of an identity. Seen red: with any domain changed."""
    given = vector("documents")
    body = """const made = await load("submission");
      const { identityText } = await load("identity");
      const { policy, withdrawal, identity, leaf, plain_commit: plain } = given;
      const submission = made.signSubmission({
        policy, policyDigest: given.policy_digest, seed: bytesOf(given.seed), after: withdrawal.after, envelopes: null,
      });
      let message = null;
      const sign = async (bytes) => {
        message = hex(bytes);
        return unbase64(identity.signature);
      };
      const text = await identityText(
        { certificate: identity.certificate, sign }, identity.facts, submission, bytesOf(identity.leaf_salt));
      return {
        handle: made.handleOf(bytesOf(given.seed)), submission, digest: made.submissionDigest(submission),
        signed: made.handleSigned(submission), forged: made.handleSigned({ ...submission, sequence: 3 }),
        commit: made.plainCommit(bytesOf(plain.salt), bytesOf(plain.archive_sha256)),
        leaf: made.leafCommitment(bytesOf(leaf.salt), given.digest, leaf.packages),
        identity: [text.length, hashHex(text), message],
      };"""
    assert compute(body, given) == {
        "handle": given["handle"],
        "submission": given["withdrawal"]["submission"],
        "digest": given["digest"],
        "signed": True,
        "forged": False,
        "commit": given["plain_commit"]["commit"],
        "leaf": given["leaf"]["leaf"],
        "identity": [given["identity"]["size"], given["identity"]["sha256"], given["identity"]["message"]],
    }


def test_headers(compute: Compute) -> None:
    """Seen red: with -grease stanzas refused; without the check of the ladder."""
    given = vector("headers")
    body = """const { lint, lintSize } = await load("header");
      return {
        codes: await Promise.all(given.heads.map(({ head }) => code(() => lint(unbase64(head))))),
        lengths: given.heads.filter(({ length }) => length).map(({ head }) => lint(unbase64(head))),
        sizes: await Promise.all(given.sizes.map(([size]) => code(() => lintSize(size, 200)))),
      };"""
    found = compute(body, given)
    assert found["codes"] == [one["code"] for one in given["heads"]]
    assert found["lengths"] == [one["length"] for one in given["heads"] if one["length"]]
    assert found["sizes"] == [code for _, code in given["sizes"]]


def test_a_sealed_envelope_opens(compute: Compute) -> None:
    """By every set, its file comes out; damaged or cut, by bidder or keeper, it is refused with the right blame.

    Seen red: without comparing the hash of the stored file; without plain_commit.
    """
    given = vector("sealed")
    body = """const { openSealed, peelAll, release } = await load("opening");
      const { expectedOf } = await load("submission");
      const expected = expectedOf(given.submission, "schedule");
      const bulk = unbase64(given.bulk);
      const opened = [];
      for (const [set, sealed] of Object.entries(given.packages)) {
        const payload = await peelAll(unbase64(sealed), set.split("+").map((role) => given.identities[role]));
        const released = await release(payload, expected.bid_recipient);
        const parts = [];
        const keep = (_, block) => parts.push(block.slice());
        const { manifest } = await openSealed(new Blob([bulk]), released, expected, keep);
        opened.push([manifest.files[0].name, base64(joined(...parts))]);
        if (opened.length > 1) continue;
        opened.damaged = [];
        for (const { flip, size, committed } of given.damaged) {
          const damaged = bulk.slice(0, size || bulk.length);
          if (flip !== null) damaged[flip] ^= 1;
          const wanted = committed ? { ...expected, sha256: hashHex(damaged), size: damaged.length } : expected;
          opened.damaged.push(await code(() => openSealed(new Blob([damaged]), released, wanted)));
        }
        opened.other = await code(() =>
          openSealed(new Blob([bulk]), { ...released, salt: new Uint8Array(32) }, expected));
      }
      return { opened: [...opened], damaged: opened.damaged, other: opened.other };"""
    found = compute(body, given)
    file = given["files"][0]
    assert found["opened"] == [[file["name"], file["content"]]] * len(given["packages"])
    assert found["damaged"] == [one["code"] for one in given["damaged"]]
    assert found["other"] == "seal.commit_mismatch"
    assert base64.b64decode(file["content"]) == b'{"price_fen":1}'


def test_hashing_beside_the_cipher(compute: Compute) -> None:
    """Streams in pieces, a file held whole and one above that: by WebAssembly, WebCrypto and pieces, the right hash.

    Seen red: with the pieces of two streams fed to one hasher; with the last piece left out.
    """
    body = """const { Digester, digestFile } = await load("digester");
      const { WHOLE } = await load("archive");
      const piece = new Uint8Array(1_000_003).map((_, at) => at * 7);
      const [one, two] = [new Digester(0), new Digester(0)];
      for (let count = 0; count < 5; count += 1) {
        await one.update(piece.slice());
        await two.update(piece.slice(count));
      }
      const large = new File([piece, new Uint8Array(WHOLE)], "large");
      return {
        streams: [hex(await one.digest()), hex(await two.digest())],
        files: [await digestFile(new File([piece], "small"), 0), await digestFile(large, 1)],
        whole: WHOLE,
      };"""
    found = compute(body)
    piece = bytes(at * 7 % 256 for at in range(1_000_003))
    assert found["streams"] == [
        sha256(piece * 5).hexdigest(),
        sha256(b"".join(piece[count:] for count in range(5))).hexdigest(),
    ]
    small, large = sha256(piece).hexdigest(), piece + bytes(found["whole"])
    parts = [sha256(large[at : at + found["whole"]]).hexdigest() for at in (0, found["whole"])]
    assert found["files"] == [
        {"sha256": small, "pieces": [small]},
        {"sha256": sha256(large).hexdigest(), "pieces": parts},
    ]
