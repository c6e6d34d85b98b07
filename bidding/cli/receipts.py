"""`sunbid receipt`: check a receipt without any server; fetch what outsiders have said of it since."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from accounts.cli import Connection, checked
from bidding.cli.folder import RECEIPT_FILE, BidFolder
from bidding.cli.sending import check, destination
from bidding.cli.telling import said, tell
from bidding.rules.paper import receipt_number, render_receipt
from bidding.rules.receipt import VOUCHED, Verified, verify_receipt
from core.clock import BEIJING, iso
from core.errors import Invalid, Missing
from core.ledger.cosignatures import Cosigner
from core.seal import PRIVATE_FILE
from core.timestamps import read_roots


@click.group()
def receipt() -> None:
    """Receipts of submissions."""


@receipt.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--key", default="", help="the platform's key as published with the notice (name+id+key)")
@click.option(
    "--roots", type=click.Path(path_type=Path, exists=True, dir_okay=False), help="the authority's roots, PEM"
)
@click.option("--witness", "witnesses", multiple=True, help="a witness's key (name+id+key); may be said again")
@click.option("--json", "as_json", is_flag=True, help="one JSON object on stdout")
def verify(file: Path, key: str, roots: Path | None, witnesses: tuple[str, ...], as_json: bool) -> None:
    """Check FILE offline: signature, ledger entry, signed head, inclusion, timestamps, cosignatures.

    Beside the sealed bid also that it is its. Without --key, --roots, --witness those pinned when the bid was sealed
    are used; without a key from anywhere the receipt's own is, which proves less.
    """
    content = read_receipt(file)
    folder = BidFolder(file.parent)
    own = (file.parent / PRIVATE_FILE).exists()
    pinned = folder.destination.get("platform_key", "")
    trust = folder.trust
    verified = verify_receipt(
        content,
        key=key or pinned or None,
        private=folder.private if own else None,
        packages=folder.packages if own else None,
        roots=read_roots(roots.read_bytes()) if roots else trust.authority.roots if trust.authority else (),
        witnesses=[*map(Cosigner.parse, witnesses)] or trust.known,
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
        **vouched_facts(verified),
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
        *vouched_lines(verified),
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


@receipt.command()
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--server", default="", help="the platform's address, when it is not the one sealed for")
@click.option("--json", "as_json", is_flag=True, help="one JSON object on stdout")
def stamp(folder: Path, server: str, as_json: bool) -> None:
    """Fetch the timestamp that was still to come when the receipt in FOLDER was given, check it and keep it.

    You are not signed in for this: the handle is the key. Exit 1 while the timestamp is still to come.
    """
    bid = BidFolder(folder)
    submission, kept = bid.submission, bid.receipt
    path = f"/sections/{submission['section']}/submissions/{submission['handle']}"
    told = checked(Connection(destination(bid, server)).get(path)).json()
    found = next((row["receipt"] for row in told["submissions"] if row["digest"] == bid.digest), None)
    if found is None or {**found, VOUCHED: None} != {**kept, VOUCHED: None}:
        raise Invalid("receipt.other", digest=bid.digest)
    verified = check(bid, found)
    if verified.vouched is None:
        raise Missing("receipt.unstamped", index=verified.leaf_index)
    bid.keep(RECEIPT_FILE, found)
    tell(
        {"folder": str(folder), "leaf_index": verified.leaf_index, **vouched_facts(verified)},
        [said("✓ 回执已补时间戳", "✓ The receipt has its timestamp"), *vouched_lines(verified)],
        as_json=as_json,
    )


@receipt.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="where the PDF goes")
@click.option("--server", default="", help="the platform's address, for the QR code")
@click.option("--json", "as_json", is_flag=True, help="one JSON object on stdout")
def pdf(file: Path, out: Path | None, server: str, as_json: bool) -> None:
    """Print the receipt FILE as a PDF/A-3 with the receipt inside, offline. Nobody signs it: the receipt is signed."""
    content = read_receipt(file)
    folder = BidFolder(file.parent)
    pinned = folder.destination
    trust = folder.trust
    verified = verify_receipt(
        content,
        key=pinned.get("platform_key") or None,
        roots=trust.authority.roots if trust.authority else (),
        witnesses=trust.known,
    )
    target = out or file.with_suffix(".pdf")
    origin = server or pinned.get("server", "")
    target.write_bytes(render_receipt(content, verified, origin=origin, at=verified.received_at))
    number = receipt_number(content)
    tell({"file": str(target), "number": number}, [f"✓ {number} {target}"], as_json=as_json)


def read_receipt(file: Path) -> Any:
    """The receipt in the file; Invalid("receipt.unreadable") where it is no JSON."""
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        raise Invalid("receipt.unreadable", field="receipt") from None


def vouched_facts(verified: Verified) -> dict[str, Any]:
    """What outsiders say, as data: `timestamp` pending, unchecked or checked, with instants and names."""
    vouched = verified.vouched
    if vouched is None:
        return {"timestamp": "pending", "stamped_at": [], "witnesses": []}
    return {
        "timestamp": "unchecked" if vouched.unchecked else "checked",
        "stamped_at": [iso(stamped.at) for stamped in vouched.stamps],
        "witnesses": sorted(vouched.cosigned),
    }


def vouched_lines(verified: Verified) -> list[str]:
    """What outsiders say, in words."""
    vouched = verified.vouched
    if vouched is None:
        return [said("  时间戳待补：稍后运行 sunbid receipt stamp", "  timestamp to come: sunbid receipt stamp, later")]
    lines = [
        said(
            f"  ✓ 时间戳 {_beijing(stamped.at)}（北京时间），{stamped.authority}",
            f"  ✓ timestamp {_beijing(stamped.at)} (Beijing) by {stamped.authority}",
        )
        for stamped in vouched.stamps
    ]
    if vouched.unchecked:
        lines.append(
            said(
                "  ! 有时间戳，但没有机构根证书（--roots），未核验。",
                "  ! There is a timestamp; without --roots it was not checked.",
            )
        )
    lines += [
        said(
            f"  ✓ 见证人 {name} 于 {_beijing(at)} 联署",
            f"  ✓ cosigned by the witness {name} at {_beijing(at)}",
        )
        for name, at in sorted(vouched.cosigned.items())
    ]
    return lines


def _beijing(instant: datetime) -> str:
    return instant.astimezone(BEIJING).strftime("%Y-%m-%d %H:%M:%S")
