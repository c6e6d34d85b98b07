"""`sunbid receipt verify`: check a receipt without any server."""

from __future__ import annotations

import json
from pathlib import Path

import click

from bidding.cli.folder import DESTINATION_FILE, BidFolder
from bidding.cli.telling import said, tell
from bidding.rules.receipt import verify_receipt
from core.clock import BEIJING, iso
from core.errors import Invalid
from core.seal import PRIVATE_FILE


@click.group()
def receipt() -> None:
    """Receipts of submissions."""


@receipt.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--key", default="", help="the platform's key as published with the notice (name+id+key)")
@click.option("--json", "as_json", is_flag=True, help="one JSON object on stdout")
def verify(file: Path, key: str, as_json: bool) -> None:
    """Check FILE offline: signature, ledger entry, signed head, inclusion; and, beside the sealed bid, that it is its.

    Without --key the key pinned when the bid was sealed is used, else the receipt's own, which proves less.
    """
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise Invalid("receipt.unreadable", field="receipt") from None
    folder = BidFolder(file.parent)
    own = (file.parent / PRIVATE_FILE).exists()
    pinned = folder.destination.get("platform_key", "") if (file.parent / DESTINATION_FILE).exists() else ""
    verified = verify_receipt(
        content,
        key=key or pinned or None,
        private=folder.private if own else None,
        packages=folder.packages if own else None,
    )
    facts = {
        "valid": True,
        "section": verified.section,
        "kind": verified.kind,
        "submission_digest": verified.submission_digest,
        "received_at": iso(verified.received_at),
        "leaf_index": verified.leaf_index,
        "tree_size": verified.head.size,
        "platform_key": verified.platform_key,
        "key_known": bool(key or pinned),
        "own": verified.is_own,
    }
    received = verified.received_at.astimezone(BEIJING).strftime("%Y-%m-%d %H:%M:%S.%f")
    lines = [
        said("✓ 回执成立", "✓ The receipt holds"),
        said(f"  标段 {verified.section} · {verified.kind}", f"  section {verified.section} · {verified.kind}"),
        said(f"  服务器收到时间 {received}（北京时间）", f"  received {received} (Beijing)"),
        said(
            f"  账本第 {verified.leaf_index} 条，日志头大小 {verified.head.size}",
            f"  ledger entry {verified.leaf_index} under the head of size {verified.head.size}",
        ),
        said(f"  平台公钥 {verified.platform_key}", f"  platform key {verified.platform_key}"),
    ]
    if not (key or pinned):
        lines.append(
            said(
                "  ! 未用 --key 指定平台公钥：只证明回执完整，不证明是谁签发的。",
                "  ! No --key: this shows that the receipt is whole, not whose it is.",
            )
        )
    lines.append(
        said("  ✓ 是旁边这份密封件的回执", "  ✓ It is the receipt of the sealed bid beside it")
        if verified.is_own
        else said(
            "  旁边没有密封件：未核验属于哪份投标文件。", "  No sealed bid beside it: whose bid it is was not checked."
        )
    )
    tell(facts, lines, as_json=as_json)
