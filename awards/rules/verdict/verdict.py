"""The verdict on an archive: every claim re-computed from the one file, line by line, with the platform gone."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from awards.rules.container import Progress, check_manifest, open_container
from awards.rules.export import EXPORT
from awards.rules.layers import LAYER, check_layer
from awards.rules.renewal import check_renewals
from awards.rules.verdict import (
    award,
    bids,
    bonds,
    complaints,
    contracts,
    course,
    export,
    facts,
    filing,
    log,
    masks,
    outsiders,
    recordings,
    results,
    rounds,
    selection,
    sittings,
)
from awards.rules.verdict.told import Told
from core.errors import Refusal
from core.ledger.notes import Verifier, open_head
from core.store import chunks_of


@dataclass(frozen=True)
class Line:
    """One line of the verdict: which check, of what, whether it holds, and what was counted or found wrong."""

    check: str
    holds: bool
    facts: dict[str, Any] = field(default_factory=dict)


def verify_archive(file: BinaryIO, *, key: Verifier | None = None, progress: Progress | None = None) -> Iterator[Line]:
    """Yield the verdict line by line; the archive is good only if every line holds.

    A line that does not hold names the member, entry, submission or bid that is wrong. The first two lines decide
    whether the file is whole; without them the rest is not read. `key`: the platform's key from elsewhere (a receipt, a
    notice); without it the archive's own is used, which shows wholeness but not origin. Never raises on bad archives.
    """
    try:
        container = open_container(file, progress)
        yield Line("container", True, {"members": len(container.members)})
        if next(iter(container.members), None) == EXPORT:
            yield from (Line(*line) for line in export.verify_export(container, key))
            return
        manifest = check_manifest(container, key)
        yield Line("manifest", True, {"section": manifest["section"], "key": manifest["platform_key"]})
    except Refusal as refusal:
        yield _wrong("container" if refusal.code in ("archive.bytes", "archive.truncated") else "manifest", refusal)
        return
    except Exception as error:  # the archive is hostile input: its shape may break any step
        yield _malformed("manifest", error)
        return
    told = Told(container, Verifier.parse(manifest["platform_key"]))
    for name, check in CHECKS:
        try:
            yield Line(name, True, check(told))
        except Refusal as refusal:
            yield _wrong(name, refusal)
        except Exception as error:  # as above
            yield _malformed(name, error)


def verify_layers(archive: BinaryIO, layers: Sequence[BinaryIO], key: Verifier | None = None) -> Iterator[Line]:
    """A line for each supplement, in order: the first stands on the archive's bytes, each next on the one before."""
    if not layers:
        return
    manifest = open_container(archive).json("manifest.json")
    verifier, before = key or Verifier.parse(manifest["platform_key"]), archive
    for number, file in enumerate(layers, 1):
        previous = _hash_of(before)
        try:
            facts = check_layer(
                file, number=number, previous=previous, section=manifest["section"], key=verifier,
                after=_logged(before, verifier),
            )  # fmt: skip
            yield Line("layer", True, facts)
        except Refusal as refusal:
            yield _wrong("layer", refusal)
        except Exception as error:  # as above
            yield _malformed("layer", error)
        before = file


def verify_additions(
    archive: BinaryIO, layers: Sequence[BinaryIO], renewals: BinaryIO | None, key: Verifier | None = None
) -> Iterator[Line]:
    """The lines of the supplements, and one of the renewed timestamps."""
    yield from verify_layers(archive, layers, key)
    if renewals is None:
        return
    try:
        section = open_container(archive).json("manifest.json")["section"]
        hashes = [_hash_of(file) for file in (archive, *layers)]
        told = json.loads(renewals.read())
        yield Line("renewals", True, check_renewals(told, section=section, archive=hashes[0], layers=hashes[1:]))
    except Refusal as refusal:
        yield _wrong("renewals", refusal)
    except Exception as error:  # as above
        yield _malformed("renewals", error)


def _logged(file: BinaryIO, key: Verifier) -> int:
    """How long the log was when the archive, or the layer, was sealed."""
    held = open_container(file)
    return open_head(held.json(LAYER if LAYER in held.members else "ledger.json")["checkpoint"], key).size


def _hash_of(file: BinaryIO) -> str:
    file.seek(0)
    hasher = hashlib.sha256()
    for chunk in chunks_of(file):
        hasher.update(chunk)
    return hasher.hexdigest()


def _malformed(name: str, error: Exception) -> Line:
    return Line(name, False, {"code": "archive.malformed", "found": f"{type(error).__name__}: {error}"[:200]})


def _wrong(name: str, refusal: Refusal) -> Line:
    return Line(name, False, {"code": refusal.code, **refusal.facts})


CHECKS: tuple[tuple[str, Callable[[Told], dict[str, Any]]], ...] = (
    ("heads", log.check_heads),
    ("entries", log.check_entries),
    ("trust", outsiders.check_trust),
    ("policies", log.check_policies),
    ("notices", log.check_notices),
    ("submissions", bids.check_submissions),
    ("closing", bids.check_closing),
    ("course", course.check_course),
    ("identities", bids.check_identities),
    ("originals", bids.check_originals),
    ("first_round", rounds.check_first_round),
    ("sittings", sittings.check_sittings),
    ("draws", results.check_draws),
    ("masks", masks.check_masks),
    ("scores", results.check_scores),
    ("award", award.check_award),
    ("selection", selection.check_selection),
    ("contracts", contracts.check_contracts),
    ("complaints", complaints.check_complaints),
    ("recordings", recordings.check_recordings),
    ("bonds", bonds.check_bonds),
    ("credit", results.check_credit),
    ("facts", facts.check_facts),
    ("warnings", results.check_warnings),
    ("reports", results.check_reports),
    ("completeness", filing.check_completeness),
    ("disclosure", filing.check_disclosure),
)
