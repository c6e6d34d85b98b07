"""`python -m verifier ARCHIVE [--key SPELLED] [--json]`: exit 0 where every line holds, 1 where not, 2 for misuse."""

import argparse
import hashlib
import json
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from . import (
    claims_award,
    claims_bids,
    claims_bonds,
    claims_complaints,
    claims_completeness,
    claims_contracts,
    claims_course,
    claims_disclosure,
    claims_draws,
    claims_export,
    claims_facts,
    claims_layers,
    claims_ledger,
    claims_masks,
    claims_recordings,
    claims_renewals,
    claims_rounds,
    claims_scores,
    claims_selection,
    claims_sittings,
    claims_trust,
)
from .canonical import Wrong
from .container import Archive
from .notes import Key, open_head
from .verdict import Case, Findings, Line

CLAIMS: list[tuple[str, str, Callable[[Case, Findings], tuple[str, str]]]] = [
    ("container", "文件结构", claims_ledger.container),
    ("manifest", "清单签名", claims_ledger.manifest),
    ("heads", "日志头", claims_ledger.heads),
    ("entries", "存证条目", claims_ledger.entries),
    ("trust", "外部见证", claims_trust.trust),
    ("policies", "密封规则", claims_ledger.policies),
    ("notices", "公告与文件", claims_ledger.notices),
    ("submissions", "递交与回执", claims_bids.submissions),
    ("closing", "截标", claims_bids.closing),
    ("course", "进程", claims_course.course),
    ("identities", "投标人身份", claims_bids.identities),
    ("originals", "密封原件", claims_bids.originals),
    ("first_round", "报价轮次", claims_rounds.first_round),
    ("sittings", "两次开标", claims_sittings.sittings),
    ("draws", "抽取", claims_draws.draws),
    ("masks", "暗标编号", claims_masks.masks),
    ("scores", "评分", claims_scores.scores),
    ("award", "定标", claims_award.award),
    ("selection", "评定分离", claims_selection.selection),
    ("contracts", "合同", claims_contracts.contracts),
    ("complaints", "投诉", claims_complaints.complaints),
    ("recordings", "录音录像", claims_recordings.recordings),
    ("bonds", "保证金", claims_bonds.bonds),
    ("credit", "信用核查", claims_award.credit),
    ("facts", "信用事实", claims_facts.facts),
    ("warnings", "围串标线索", claims_award.warnings),
    ("reports", "报告", claims_award.reports),
    ("completeness", "完整性", claims_completeness.completeness),
    ("disclosure", "分级公开", claims_disclosure.disclosure),
]
EXPORT: list[tuple[str, str, Callable[[Case, Findings], tuple[str, str]]]] = [
    ("container", "文件结构", claims_ledger.container),
    ("leaves", "叶子与签名", claims_export.leaves),
    ("redactions", "遮盖", claims_export.redactions),
    ("files", "文件", claims_export.files),
    ("shown_entries", "存证条目", claims_export.entries),
    ("shown_result", "结果", claims_export.result),
]


def check(path: Path, key: Key | None = None) -> list[Line]:
    """The verdict on an archive file, one line for each claim; only reading the file can raise."""
    case, lines = Case(Archive(path), key), []
    for name, title, claim in EXPORT if case.archive.is_export else CLAIMS:
        out, zh, en = Findings(), "", ""
        with out.at(name):
            zh, en = claim(case, out)
        lines.append(Line(name, title, zh, en, out.problems))
    return lines


def file_hash(path: Path) -> str:
    """SHA-256 of a file, hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def logged(path: Path, key: Key) -> int:
    """How long the log was when a file, or a layer, was sealed; 0 where it does not say."""
    with suppress(Wrong, KeyError, TypeError):
        held = Archive(path)
        told = held.json("layer.json" if "layer.json" in held.members else "ledger.json")
        return open_head(told["checkpoint"], key)[0]
    return 0


def layers(archive: Path, files: Sequence[Path], key: Key | None = None) -> list[Line]:
    """A line for each supplement, in order; the first stands on the archive, each next one on the one before."""
    lines: list[Line] = []
    if files:
        case, before = Case(Archive(archive), key), archive
        for number, path in enumerate(files, 1):
            size = logged(before, case.platform())
            lines.append(claims_layers.layer(path, number, file_hash(before), case.section, case.platform(), size))
            before = path
    return lines


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the verdict; the exit code says it in short."""
    parser = argparse.ArgumentParser(prog="python -m verifier", description="Check a Sunbid archive. 核验一标一档。")
    parser.add_argument("archive", metavar="ARCHIVE", type=Path)
    parser.add_argument("--key", metavar="SPELLED", help="the platform's key; default: the archive's own")
    parser.add_argument(
        "--layer", metavar="FILE", type=Path, action="append", default=[], help="a supplement, in order"
    )
    parser.add_argument("--renewals", metavar="FILE", type=Path, help="its renewed timestamps")
    parser.add_argument("--json", action="store_true", help="print the verdict as JSON")
    given = parser.parse_args(arguments)
    try:
        key = None if given.key is None else Key.read(given.key.strip())
    except Wrong as wrong:
        parser.error(f"--key {wrong.en} / {wrong.zh}")
    for path in (given.archive, *given.layer, *([given.renewals] if given.renewals else [])):
        if not path.is_file():
            parser.error(f"{path}: no such file / 没有此文件")
    try:
        lines = check(given.archive, key) + layers(given.archive, given.layer, key)
        if given.renewals:
            hashes = [file_hash(path) for path in (given.archive, *given.layer)]
            section = Case(Archive(given.archive), key).section
            lines.append(claims_renewals.renewals(given.renewals, section, hashes[0], hashes[1:]))
    except OSError as error:
        parser.error(f"{given.archive}: {error.strerror}")
    good = all(line.holds for line in lines)
    if given.json:
        said = json.dumps({"good": good, "lines": [line.record() for line in lines]}, ensure_ascii=False, indent=1)
    else:
        verdict = "✓ 结论：全部成立 / all lines hold" if good else "✗ 结论：有不成立之处 / something is wrong"
        said = "\n".join([*(line.text() for line in lines), verdict])
    sys.stdout.buffer.write(said.encode(errors="backslashreplace") + b"\n")
    sys.stdout.flush()
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
