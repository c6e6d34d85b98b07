"""The verdict on an archive: every claim re-computed from the one file, line by line, with the platform gone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from awards.rules.container import Progress, check_manifest, open_container
from awards.rules.export import EXPORT
from awards.rules.verdict import (
    award,
    bids,
    complaints,
    contracts,
    export,
    filing,
    log,
    masks,
    outsiders,
    results,
    selection,
    sittings,
)
from awards.rules.verdict.told import Told
from core.errors import Refusal
from core.ledger.notes import Verifier


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
    told = Told(container, Verifier.parse(manifest["platform_key"]))
    for name, check in CHECKS:
        try:
            yield Line(name, True, check(told))
        except Refusal as refusal:
            yield _wrong(name, refusal)
        except (KeyError, TypeError, ValueError, IndexError, StopIteration, ZeroDivisionError) as error:
            yield Line(name, False, {"code": "archive.malformed", "found": f"{type(error).__name__}: {error}"[:200]})


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
    ("identities", bids.check_identities),
    ("originals", bids.check_originals),
    ("sittings", sittings.check_sittings),
    ("draws", results.check_draws),
    ("masks", masks.check_masks),
    ("scores", results.check_scores),
    ("award", award.check_award),
    ("selection", selection.check_selection),
    ("contracts", contracts.check_contracts),
    ("complaints", complaints.check_complaints),
    ("credit", results.check_credit),
    ("warnings", results.check_warnings),
    ("reports", results.check_reports),
    ("completeness", filing.check_completeness),
    ("disclosure", filing.check_disclosure),
)
