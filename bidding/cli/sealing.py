"""`sunbid seal`: the files of a bid become sealed envelopes in a folder; plaintext never leaves the machine."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import tempfile
import uuid
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

import click

from accounts.cli import Connection, Identity, checked
from accounts.rules.certificates import facts_of
from bidding.cli.folder import DESTINATION_FILE, BidFolder
from bidding.cli.telling import bar, said, tell
from core import money
from core.errors import Invalid
from core.seal import Enclosure, policy_digest, validate_policy
from core.seal import seal as seal_files

SCHEDULE = "schedule"
LOOSE = "main"
DEVICE = "SUNBID_TEST_DEVICE"
"""Names the machine in demonstrations and tests; a server that sees it refuses to start in production."""


@click.command()
@click.option(
    "--policy", "policy_path", type=click.Path(path_type=Path, exists=True, dir_okay=False), help="policy.json"
)
@click.option("--server", default="", help="the platform's address, to fetch the policy from")
@click.option("--section", default="", help="the section's code")
@click.option("--identity", required=True, type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--envelope", "envelopes", multiple=True, metavar="NAME=DIR", help="files of one envelope: DIR/slot/file")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="the folder to make")
@click.option("--replaces", type=click.Path(path_type=Path, exists=True, file_okay=False), help="a submitted folder")
@click.option("--price", default="", help="the price in yuan, for the opening schedule")
@click.option("--duration", type=int, default=0, help="days")
@click.option("--quality", default="合格", show_default=True)
@click.option("--manager", default="", help="the project manager's name")
@click.option("--manager-certificate", default="", help="and certificate number")
@click.option("--contact", default="")
@click.option("--phone", default="")
@click.option("--operator", default="", help="who prepares the bid; the certificate's person when not given")
@click.option("--bond-form", default="", help="transfer, guarantee, insurance …; no bond when not given")
@click.option("--bond-account", default="")
@click.option("--bond-payer", default="")
@click.option("--bond-amount", default="0", help="yuan")
@click.option("--json", "as_json", is_flag=True, help="one JSON object on stdout")
def seal(
    policy_path: Path | None,
    server: str,
    section: str,
    identity: Path,
    envelopes: tuple[str, ...],
    out: Path,
    replaces: Path | None,
    as_json: bool,
    **given: Any,
) -> None:
    """Seal a bid on this machine. Nothing is sent; `sunbid submit` does that later.

    The schedule is made from --price, --duration, --quality, --manager and --manager-certificate, or given as
    --envelope schedule=DIR.
    """
    policy, told = fetch_policy(policy_path, server, section)
    keys = Identity(identity)
    after = BidFolder(replaces) if replaces else None
    with tempfile.TemporaryDirectory() as temp:
        files = read_envelopes(envelopes)
        if SCHEDULE not in files:
            files[SCHEDULE] = [_schedule(Path(temp), given)]
        check_slots(files, told.get("slots", []))
        with bar(said("加密", "Sealing"), quiet=as_json) as progress:
            sealed = seal_files(
                policy,
                keys.keys,
                bidder_facts(keys, given),
                files,
                out,
                progress=progress,
                **succession(after),
            )
    folder = BidFolder(out)
    folder.keep_policy(policy)
    if server:
        folder.keep(DESTINATION_FILE, pinned(server, told))
    facts = {
        "folder": str(out),
        "section": policy["section"],
        "kind": sealed.submission["kind"],
        "digest": sealed.digest,
        "handle": sealed.submission["handle"],
        "policy_version": policy["version"],
        "deadline": policy["deadline"],
        "submitted": False,
    }
    lines = [
        said(f"✓ 已加密到 {out}，尚未递交。", f"✓ Sealed into {out}; not submitted yet."),
        said(f"  指纹 {sealed.digest}", f"  digest {sealed.digest}"),
        said(f"  截止 {policy['deadline']}", f"  deadline {policy['deadline']}"),
        said(f"  下一步：sunbid submit {out}", f"  next: sunbid submit {out}"),
    ]
    tell(facts, lines, as_json=as_json)


def pinned(server: str, told: dict[str, Any]) -> dict[str, Any]:
    """What is pinned with a sealed bid: where it goes, the platform's key, and who vouches for the log from outside."""
    return {"server": server, "platform_key": told["platform_key"], "trust": told.get("trust")}


def fetch_policy(path: Path | None, server: str, section: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The policy, valid and with the digest the server announced, and what else the server told."""
    if path is not None:
        try:
            policy = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise Invalid("client.policy", reason=type(error).__name__) from error
        return validate_policy(policy.get("policy", policy) if isinstance(policy, dict) else policy), {}
    if not server or not section:
        raise click.UsageError("--policy FILE, or --server URL and --section CODE")
    told = checked(Connection(server).get(f"/sections/{section}/policy.json")).json()
    policy = validate_policy(told["policy"])
    if policy_digest(policy) != told["digest"] or policy["section"] != section:
        raise Invalid("client.policy", reason=told["digest"][:16])
    return policy, told


def read_envelopes(given: tuple[str, ...]) -> dict[str, list[Enclosure]]:
    """NAME=DIR … as enclosures: DIR/slot/file; a file that lies loose in DIR goes into the slot `main`."""
    found: dict[str, list[Enclosure]] = {}
    for pair in given:
        name, separator, place = pair.partition("=")
        if not separator or not name or name in found:
            raise Invalid("client.envelope", given=pair)
        folder = Path(place)
        if not folder.is_dir():
            raise Invalid("client.folder", folder=place, reason="not a folder")
        paths = sorted(path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("."))
        found[name] = [Enclosure(_slot(folder, path), path) for path in paths]
    return found


def _slot(folder: Path, path: Path) -> str:
    parts = path.relative_to(folder).parts
    return parts[0] if len(parts) > 1 else LOOSE


def check_slots(files: dict[str, list[Enclosure]], slots: list[dict[str, Any]]) -> None:
    """Refuse (client.slots) while a required file is missing: the server cannot see into the envelopes, only we can."""
    missing = [
        f"{slot['envelope']}/{slot['slot']}（{slot['name']}）"
        for slot in slots
        if slot["required"] and slot["slot"] not in {file.slot for file in files.get(slot["envelope"], [])}
    ]
    if missing:
        raise Invalid("client.slots", field="envelope", missing="、".join(missing))


def succession(after: BidFolder | None) -> dict[str, Any]:
    """Kind, sequence and previous of a submission that follows `after`, or of a first one."""
    if after is None:
        return {"kind": "submit", "sequence": 1, "previous": None}
    last = after.submission
    after.receipt  # noqa: B018 - what was never submitted cannot be replaced
    kind = "submit" if last["kind"] == "withdraw" else "replace"
    return {"kind": kind, "sequence": last["sequence"] + 1, "previous": after.digest}


def bidder_facts(keys: Identity, given: dict[str, Any]) -> dict[str, Any]:
    """Who bids, from the certificate; the machine's facts for the collusion indicators, sealed for the trustees."""
    certificate = facts_of(keys.certificate)
    bond = None
    if given.get("bond_form"):
        bond = {
            "form": given["bond_form"],
            "account": given["bond_account"],
            "payer": given["bond_payer"] or certificate.subject_name,
            "amount_fen": money.parse(given["bond_amount"], field="bond-amount"),
        }
    return {
        "bidder": {
            "name": certificate.subject_name,
            "uscc": certificate.identifier,
            "contact": given.get("contact") or "",
            "phone": given.get("phone") or "",
        },
        "operator": given.get("operator") or certificate.person,
        "device": device(),
        "bond": bond,
        "prepared_at": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }


def device() -> dict[str, str]:
    """What the machine says about itself (R-209): network address, disk serial, processor, name, this tool.

    In demonstrations and tests several bidders sit at one machine; DEVICE then names the one each would have.
    """
    named = os.environ.get(DEVICE, "")
    if named:
        digits = hashlib.sha256(named.encode()).hexdigest()
        mac = ":".join(["02", *(digits[n : n + 2] for n in range(0, 10, 2))])
        return {"mac": mac, "disk": f"T-{digits[10:22]}", "cpu": "", "host": named, "tool": _tool()}
    number = uuid.getnode()
    # A number with the multicast bit is made up by Python because no address was found.
    mac = "" if number >> 40 & 1 else ":".join(f"{number >> shift & 0xFF:02x}" for shift in range(40, -8, -8))
    return {
        "mac": mac,
        "disk": _first(Path("/sys/block"), "*/device/serial") or _first(Path("/sys/block"), "*/device/cid"),
        "cpu": _cpu(),
        "host": platform.node(),
        "tool": _tool(),
    }


def _tool() -> str:
    return f"sunbid {metadata.version('sunbid')}"


def _first(folder: Path, pattern: str) -> str:
    for path in sorted(folder.glob(pattern)):
        try:
            return path.read_text(encoding="ascii", errors="replace").strip()[:80]
        except OSError:
            continue
    return ""


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")


def _schedule(folder: Path, given: dict[str, Any]) -> Enclosure:
    missing = [name for name in ("price", "duration", "manager", "manager_certificate") if not given.get(name)]
    if missing:
        raise Invalid("client.facts", missing=", ".join(f"--{name.replace('_', '-')}" for name in missing))
    content = {
        "type": "sunbid-schedule/v1",
        "price_fen": money.parse(given["price"], field="price"),
        "duration_days": given["duration"],
        "quality": given["quality"],
        "manager": given["manager"],
        "manager_certificate": given["manager_certificate"],
    }
    path = folder / "schedule.json"
    path.write_text(json.dumps(content, ensure_ascii=False, indent=1), encoding="utf-8")
    return Enclosure(SCHEDULE, path)
