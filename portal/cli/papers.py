"""`sunbid verify-pdf FILE`: judge a signed paper offline: signatures, what is inside, and that the two agree."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from bidding.rules.receipt import verify_receipt
from core.errors import Invalid, Refusal
from core.ledger.notes import Verifier
from core.render.signing import PaperVerdict, check_pdf
from core.timestamps import read_roots
from portal.cli.language import terminal_language
from portal.words import sentence_outside

FILE = click.Path(path_type=Path, exists=True, dir_okay=False)


@click.command("verify-pdf")
@click.argument("file", type=FILE)
@click.option("--key", required=True, help="the platform's log key, from a notice or a receipt (name+id+key)")
@click.option("--roots", type=FILE, help="the authority's roots, PEM")
@click.option("--authority", "authorities", multiple=True, type=FILE, help="PEM of a certification authority")
@click.option("--extract", type=click.Path(path_type=Path, file_okay=False), help="put what is inside into this folder")
@click.option("--json", "as_json", is_flag=True, help="print the verdict as JSON")
def verify_pdf(
    file: Path, key: str, roots: Path | None, authorities: tuple[Path, ...], extract: Path | None, as_json: bool
) -> None:
    """Check every signature of FILE and the data inside it. Exit 0 only where all of it holds."""
    verifier = Verifier.parse(key)
    stamp_roots = read_roots(roots.read_bytes()) if roots else ()
    issuers = [root for path in authorities for root in read_roots(path.read_bytes())]
    verdict = check_pdf(file.read_bytes(), key=verifier, authorities=issuers, stamp_roots=stamp_roots)
    inside = receipt_inside(verdict, key, stamp_roots)
    holds = verdict.holds and inside in (None, "")
    if extract is not None:
        extract.mkdir(parents=True, exist_ok=True)
        for name, content in verdict.attachments.items():
            (extract / Path(name).name).write_bytes(content)
    if as_json:
        told = {"sha256": verdict.sha256, "signatures": [asdict(s) for s in verdict.signatures]}
        click.echo(json.dumps({"good": holds, **told, "inside": sorted(verdict.attachments), "receipt": inside}))
    else:
        click.echo("\n".join(lines(verdict, inside, english=terminal_language() == "en")))
    sys.exit(0 if holds else 1)


def receipt_inside(verdict: PaperVerdict, key: str, roots: Any) -> str | None:
    """None without a receipt inside, "" where it holds, else why it does not."""
    raw = verdict.attachments.get("receipt.json")
    if raw is None:
        return None
    try:
        verify_receipt(json.loads(raw), key=key, roots=roots)
    except Refusal as refusal:
        return sentence_outside(refusal)
    except (ValueError, RecursionError):
        return sentence_outside(Invalid("receipt.unreadable"))
    return ""


def lines(verdict: PaperVerdict, inside: str | None, *, english: bool) -> list[str]:
    """The verdict in words."""
    said = [f"SHA-256 {verdict.sha256}"]
    if not verdict.signatures:
        said.append("✗ no signature" if english else "✗ 没有签名")
    for one in verdict.signatures:
        good = one.intact and one.whole and one.trusted
        what = [
            ("intact" if english else "完整") if one.intact and one.whole else ("BROKEN" if english else "被改动"),
            ("vouched for" if english else "有担保") if one.trusted else ("NOT vouched for" if english else "无担保"),
            *([f"{'timestamp' if english else '时间戳'} {one.stamped_at}"] if one.stamped_at else []),
        ]
        said.append(f"{'✓' if good else '✗'} {one.field} · {one.signer} · {one.at} · {' · '.join(what)}")
    if inside is not None:
        said.append(f"✗ {inside}" if inside else "✓ the receipt inside holds" if english else "✓ 内嵌回执成立")
    return said
