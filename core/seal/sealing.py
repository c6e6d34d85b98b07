"""The door `seal`: a bidder's files become sealed envelopes and one submission, on the bidder's own machine."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

from core.errors import Invalid
from core.seal.age import nest, new_identity, peel, recipient_of
from core.seal.archive import (
    Enclosure,
    Plan,
    Surveyed,
    archive_blocks,
    check_enclosures,
    foreseen,
    plan_archive,
    survey,
)
from core.seal.bidder import decoy_text, identity_text, package_hashes, validate_facts, wrap_identity
from core.seal.bulk import open_bulk, seal_bulk
from core.seal.folder import whole_folder
from core.seal.header import lint_file, lint_package
from core.seal.keys import SECRET_SIZE, BidderKeys, handle_of
from core.seal.ladder import LADDER
from core.seal.notation import Json, canonical
from core.seal.opening import release
from core.seal.policy import BIDDER, SCHEDULE, policy_digest, policy_sets, validate_policy
from core.seal.streams import Digester, Progress
from core.seal.submission import (
    KINDS,
    TYPE,
    Expected,
    check_envelope_names,
    expected,
    leaf_commitment,
    plain_commit,
    sign_submission,
    submission_digest,
    validate_submission,
)
from core.seal.unpack import Unpacker

Chance = Callable[[int], bytes]

SUBMISSION_FILE = "submission.json"
PRIVATE_FILE = "private.json"


@dataclass(frozen=True)
class Sealed:
    """What `seal` left in `folder`: the public submission, the packages beside it, and what the bidder keeps.

    leaf_salt is secret until the opening; leaf is the hex ledger leaf that it and everything else here add up to.
    bulks: envelope → file; keys: envelope → set → file; identity: set → package.
    """

    folder: Path
    submission: Json
    digest: str
    leaf_salt: bytes
    leaf: str
    identity: dict[str, bytes]
    bulks: dict[str, Path]
    keys: dict[str, dict[str, Path]]


@dataclass(frozen=True)
class _Packed:
    """One sealed envelope as it stands in the folder, with what only the bidder may know."""

    parts: Json
    nonce: bytes
    salt: bytes
    layer: str


def seal(
    policy: Mapping[str, Any],
    bidder_keys: BidderKeys,
    bidder_facts: Mapping[str, Any],
    envelopes: Mapping[str, Sequence[Enclosure]],
    out: Path,
    *,
    kind: str = "submit",
    sequence: int = 1,
    previous: str | None = None,
    chance: Chance = os.urandom,
    progress: Progress | None = None,
) -> Sealed:
    """Seal the files of every envelope of `policy`, sign the submission, and test the result by opening it.

    Afterwards `out` holds submission.json, <envelope>.bulk.age, <envelope>.<set>.key.age, identity.<set>.age (all to be
    uploaded) and private.json (mode 0600, to be kept); on any failure `out` is as it was. A withdrawal takes no
    envelopes. Memory does not grow with the files. `progress(done, total)` counts archive bytes. `previous` is the
    digest of the submission this one follows. The identities of the envelopes come from the system's randomness;
    nonces and salts from `chance`. Raises Invalid("seal.…"); see docs/spec/sealing.md.
    """
    facts = validate_facts(dict(bidder_facts))

    def text(submission: Json, leaf_salt: bytes) -> bytes:
        return identity_text(bidder_keys, facts, submission, leaf_salt)

    contents = {name: list(files) for name, files in envelopes.items()}
    for name, files in contents.items():
        if not files:
            raise Invalid("seal.envelope_empty", field="envelopes", envelope=name)
    draft = _Draft(policy, bidder_keys.secret, bidder_keys.identity, kind, sequence, previous, chance, progress)
    return draft.write(contents, {}, text, out)


def seal_decoy(
    policy: Mapping[str, Any],
    trustee: str,
    out: Path,
    *,
    sizes: Mapping[str, int] | None = None,
    ceiling: int = 1 << 25,
    chance: Chance = os.urandom,
    progress: Progress | None = None,
) -> Sealed:
    """A submission that nobody but k trustees together can tell from a real one; made by `trustee` (a role).

    It lets the table of submissions say nothing about the number of bids. Each envelope is an empty archive of
    `sizes[envelope]` bytes, rounded up the ladder. Where `sizes` says nothing, the schedule, tiny in every bid, gets
    the smallest step, and the others one drawn evenly from the steps up to `ceiling`.
    """
    validate_policy(policy)
    if trustee not in policy["recipients"]:
        raise Invalid("seal.trustee_unknown", field="trustee", trustee=str(trustee)[:40])

    def text(submission: Json, leaf_salt: bytes) -> bytes:
        return decoy_text(trustee, submission, leaf_salt)

    steps = [step for step in LADDER if step <= ceiling] or list(LADDER[:1])
    drawn = {name: steps[_below(len(steps), chance)] for name in policy["envelopes"]}
    drawn |= {SCHEDULE: steps[0], **(sizes or {})}
    draft = _Draft(policy, chance(SECRET_SIZE), new_identity(), "submit", 1, None, chance, progress)
    return draft.write({name: [] for name in policy["envelopes"]}, drawn, text, out)


class _Draft:
    """One submission while it is made."""

    def __init__(
        self,
        policy: Mapping[str, Any],
        secret: bytes,
        identity: str,
        kind: str,
        sequence: int,
        previous: str | None,
        chance: Chance,
        progress: Progress | None,
    ) -> None:
        self._policy = validate_policy(policy)
        self._secret = secret
        self._identity = identity
        self._recipients = {**policy["recipients"], BIDDER: recipient_of(identity)}
        self._chance = chance
        self._progress = progress or (lambda done, total: None)
        self._done = 0
        self._total = 0
        if kind not in KINDS:
            raise Invalid("seal.submission_invalid", field="kind", place="kind")
        self._submission: Json = {
            "type": TYPE,
            "kind": kind,
            "section": policy["section"],
            "policy_digest": policy_digest(policy),
            "handle": handle_of(secret, policy["section"]),
            "sequence": sequence,
            "previous": previous,
        }

    def write(
        self,
        contents: dict[str, list[Enclosure]],
        sizes: Mapping[str, int],
        identity: Callable[[Json, bytes], bytes],
        out: Path,
    ) -> Sealed:
        """Everything into `out`, or nothing."""
        if self._submission["kind"] == "withdraw":
            if contents:
                given = ", ".join(sorted(contents))
                raise Invalid("seal.envelopes_differ", field="envelopes", expected="", given=given)
        else:
            check_envelope_names(contents, self._policy)
        names = [name for name in self._policy["envelopes"] if name in contents]
        ordered = {name: check_enclosures(contents[name]) for name in names}
        # Planned with the sizes on disk first: `progress` knows its total, and a bid too large is refused at once.
        for name, files in ordered.items():
            drafts = [foreseen(file, size) for file, size in files]
            self._total += plan_archive(self._bound(name), bytes(32), drafts, size=sizes.get(name, 0)).size
        # Two threads read ahead: the files of later envelopes are hashed while an earlier one is being sealed.
        with whole_folder(out, durable=True) as folder, ThreadPoolExecutor(2) as pool:
            surveys = {name: [pool.submit(survey, file) for file, _ in files] for name, files in ordered.items()}
            try:
                sealed = self._fill(folder, out, surveys, sizes, identity)
            except BaseException:
                pool.shutdown(wait=True, cancel_futures=True)
                raise
        return sealed

    def _fill(
        self,
        folder: Path,
        out: Path,
        surveys: dict[str, list[Future[Surveyed]]],
        sizes: Mapping[str, int],
        identity: Callable[[Json, bytes], bytes],
    ) -> Sealed:
        packed = {}
        for name, futures in surveys.items():
            packed[name] = self._envelope(folder, name, [future.result() for future in futures], sizes.get(name, 0))
        rest = {**self._submission, "envelopes": {name: one.parts for name, one in packed.items()}}
        if self._submission["kind"] == "withdraw":
            del rest["envelopes"]
        submission = validate_submission(sign_submission(rest, self._secret), self._policy)
        digest = submission_digest(submission)
        leaf_salt = self._draw(32)
        packages = wrap_identity(identity(submission, leaf_salt), self._policy)
        leaf = leaf_commitment(leaf_salt, digest, package_hashes(packages))
        (folder / SUBMISSION_FILE).write_bytes(canonical(submission))
        for names, package in packages.items():
            (folder / identity_file(names)).write_bytes(package)
        private = {
            "type": "sunbid-private/v1",
            "submission_digest": digest,
            "leaf": leaf,
            "leaf_salt": leaf_salt.hex(),
            "nonces": {name: one.nonce.hex() for name, one in packed.items()},
            "salts": {name: one.salt.hex() for name, one in packed.items()},
            "layers": {name: one.layer for name, one in packed.items()},
        }
        descriptor = os.open(folder / PRIVATE_FILE, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(descriptor, "w", encoding="utf-8") as file:
            json.dump(private, file, indent=1)
        sets = policy_sets(self._policy)
        return Sealed(
            folder=out,
            submission=submission,
            digest=digest,
            leaf_salt=leaf_salt,
            leaf=leaf,
            identity=packages,
            bulks={name: out / bulk_file(name) for name in packed},
            keys={name: {names: out / key_file(name, names) for names in sets} for name in packed},
        )

    def _envelope(self, folder: Path, name: str, files: list[Surveyed], size: int) -> _Packed:
        nonce, salt = self._draw(32), self._draw(32)
        bound = self._bound(name)
        plan = plan_archive(bound, nonce, files, size=size)
        secret = new_identity()
        archive_sha256, bulk_sha256 = self._bulk(plan, folder / bulk_file(name), recipient_of(secret))
        commit = plain_commit(salt, archive_sha256)
        payload = f"# sunbid-salt: {salt.hex()}\n{secret}\n".encode("ascii")
        keys, nested = {}, {}
        for names in policy_sets(self._policy):
            layers = nest(payload, [self._recipients[role] for role in names.split("+")])
            (folder / key_file(name, names)).write_bytes(layers[0])
            nested[names] = layers
            keys[names] = {"sha256": hashlib.sha256(layers[0]).hexdigest(), "size": len(layers[0])}
        parts = {
            "bulk": {"sha256": bulk_sha256.hex(), "size": (folder / bulk_file(name)).stat().st_size},
            "bid_recipient": recipient_of(secret),
            "plain_commit": commit,
            "keys": keys,
        }
        wanted = expected({**bound, "envelopes": {name: parts}}, name)
        self._test_bulk(folder / bulk_file(name), secret, plan, wanted)
        for names, layers in nested.items():
            self._test_package(payload, layers, names, wanted)
        own = next(layers[1] for names, layers in nested.items() if names.split("+")[0] == BIDDER)
        return _Packed(parts, nonce, salt, hashlib.sha256(own).hexdigest())

    def _bulk(self, plan: Plan, path: Path, recipient: str) -> tuple[bytes, bytes]:
        """Seal the planned archive to `recipient`; the SHA-256 of the archive and of the sealed file."""
        with Digester() as archive, Digester() as bulk, path.open("wb") as file:

            def plain() -> Iterator[memoryview]:
                for block in archive_blocks(plan):
                    archive.feed(block)
                    yield block
                    self._done += len(block)
                    self._progress(self._done, self._total)

            with closing(seal_bulk(plain(), recipient)) as sealed:
                for block in sealed:
                    bulk.feed(block)
                    file.write(block)
            return archive.digest(), bulk.digest()

    def _test_package(self, payload: bytes, layers: list[bytes], names: str, wanted: Expected) -> None:
        """Open what the bidder can open of a key package; the recipient must be the committed one."""
        try:
            lint_package(layers[0])
            release(payload, wanted.bid_recipient)
            holds = names.split("+")[0] != BIDDER or peel(layers[0], self._identity) == layers[1]
        except Invalid as error:
            raise Invalid("seal.self_test", envelope=wanted.envelope) from error
        if not holds:
            raise Invalid("seal.self_test", envelope=wanted.envelope)

    def _test_bulk(self, path: Path, secret: str, plan: Plan, wanted: Expected) -> None:
        """Open the beginning of the sealed file with its own key: form, size and manifest must be right."""
        try:
            size = lint_file(path)
            with path.open("rb", buffering=0) as file, closing(open_bulk(file.readinto, secret)) as blocks:
                beginning = _beginning(blocks, len(plan.heads[0]))
            unpacker = Unpacker(BytesIO(beginning).read, wanted, None)
            unpacker.head()
        except Invalid as error:
            raise Invalid("seal.self_test", envelope=wanted.envelope) from error
        if size != plan.size or unpacker.manifest != plan.manifest:
            raise Invalid("seal.self_test", envelope=wanted.envelope)

    def _bound(self, envelope: str) -> dict[str, str]:
        """What ties an archive to its submission: age has no associated data."""
        bound = {key: self._submission[key] for key in ("section", "policy_digest", "handle")}
        return bound | {"envelope": envelope}

    def _draw(self, size: int) -> bytes:
        drawn = self._chance(size)
        if len(drawn) != size:
            raise Invalid("seal.chance_short")
        return drawn


def _beginning(blocks: Iterable[memoryview], size: int) -> bytes:
    """At least the first `size` bytes, if there are so many; the rest is not asked for."""
    found = b""
    for block in blocks:
        found += block
        if len(found) >= size:
            break
    return found


def bulk_file(envelope: str) -> str:
    """The name of an envelope's sealed archive."""
    return f"{envelope}.bulk.age"


def key_file(envelope: str, names: str) -> str:
    """The name of an envelope's key package for a set."""
    return f"{envelope}.{names}.key.age"


def identity_file(names: str) -> str:
    """The name of the identity package for a set."""
    return f"identity.{names}.age"


def _below(bound: int, chance: Chance) -> int:
    """A uniform number in [0, bound), without modulo bias (bound ≤ 256)."""
    while (drawn := chance(1)[0]) >= 256 - 256 % bound:
        continue
    return drawn % bound
