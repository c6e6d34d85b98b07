"""`sunbid submit`, `replace`, `withdraw`, `held`: upload what is missing, commit, keep the receipt."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import click
import requests

from accounts.cli import Connection, Identity, checked, connect
from bidding.cli.facts import bidder_facts
from bidding.cli.folder import DESTINATION_FILE, RECEIPT_FILE, UPLOADS_FILE, BidFolder, Object
from bidding.cli.sealing import fetch_policy, pinned
from bidding.cli.telling import Bar, bar, said, tell
from bidding.cli.versions import changed_since, published_after, warn_of_changes
from bidding.rules.receipt import Verified, verify_receipt
from core.clock import BEIJING
from core.errors import Conflict, Invalid, Missing, Refusal
from core.seal import handle_of
from core.seal import seal as seal_files

Result = TypeVar("Result")

PART = 4 << 20
PATIENCE = (1, 2, 4, 8)
"""Seconds between tries after the connection broke; then the person is told and can start again later."""

TUS = {"Tus-Resumable": "1.0.0"}
BODY = {**TUS, "Content-Type": "application/offset+octet-stream"}

FOLDER = click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
IDENTITY = click.option("--identity", required=True, type=click.Path(path_type=Path, exists=True, file_okay=False))
SERVER = click.option("--server", default="", help="the platform's address, when it is not the one sealed for")
JSON = click.option("--json", "as_json", is_flag=True, help="one JSON object on stdout")


@click.command()
@FOLDER
@IDENTITY
@SERVER
@JSON
def submit(folder: Path, identity: Path, server: str, as_json: bool) -> None:
    """Upload FOLDER (made by `sunbid seal`) and submit it. Safe to run again after any failure."""
    send(BidFolder(folder), identity, server, as_json=as_json)


@click.command()
@FOLDER
@IDENTITY
@SERVER
@JSON
def replace(folder: Path, identity: Path, server: str, as_json: bool) -> None:
    """Submit FOLDER in the place of an earlier bid; it was made by `sunbid seal --replaces`."""
    bid = BidFolder(folder)
    if bid.submission["kind"] != "replace":
        raise Invalid("client.not_a_replacement", folder=str(folder))
    send(bid, identity, server, as_json=as_json)


@click.command()
@FOLDER
@IDENTITY
@SERVER
@click.option(
    "--out", type=click.Path(path_type=Path), help="where to keep the withdrawal; FOLDER.withdrawn if not said"
)
@JSON
def withdraw(folder: Path, identity: Path, server: str, out: Path | None, as_json: bool) -> None:
    """Withdraw (撤回) the submitted bid in FOLDER before the deadline; it will not be opened and costs no bond."""
    bid = BidFolder(folder)
    _ = bid.receipt  # only what was submitted can be withdrawn
    address = destination(bid, server)
    last = bid.submission
    target = out or folder.with_name(f"{folder.name}.withdrawn")
    if not (target / "submission.json").exists():
        policy, told = fetch_policy(None, address, last["section"])
        keys = Identity(identity)
        seal_files(
            policy,
            keys.keys,
            bidder_facts(keys, {}),
            {},
            target,
            kind="withdraw",
            sequence=last["sequence"] + 1,
            previous=bid.digest,
        )
        withdrawal = BidFolder(target)
        withdrawal.keep_policy(policy)
        withdrawal.keep(DESTINATION_FILE, pinned(address, told))
    send(BidFolder(target), identity, server, as_json=as_json)


@click.command()
@IDENTITY
@click.option("--server", required=True, help="the platform's address")
@click.option("--section", required=True, help="the section's code")
@JSON
def held(identity: Path, server: str, section: str, as_json: bool) -> None:
    """Ask what the platform holds for you in a section. You are not signed in for this: the handle is the key."""
    handle = handle_of(Identity(identity).secret, section)
    try:
        facts = checked(Connection(server).get(f"/sections/{section}/submissions/{handle}")).json()
    except Missing as refusal:
        if refusal.code != "bid.unknown":
            raise
        facts = {"section": section, "handle": handle, "submissions": []}
    lines = [f"{said('把手', 'handle')} {handle}"]
    for row in facts["submissions"]:
        verify_receipt(row["receipt"])
        lines.append(
            f"{row['sequence']:>3}  {row['kind']:<8}  {row['received_at']}  {row['state']:<10}  {row['digest']}"
        )
    if not facts["submissions"]:
        lines.append(said("平台没有您在这个标段的递交。", "The platform holds nothing of yours in this section."))
    elif (last := facts["submissions"][-1])["kind"] != "withdraw":
        facts["documents_changed"] = published_after(last["received_at"], documents_of(server, section))
        warn_of_changes(facts["documents_changed"])
    tell(facts, lines, as_json=as_json)


def send(bid: BidFolder, identity: Path, server: str, *, as_json: bool) -> None:
    """Upload, commit, verify and keep the receipt; what was done before is not done again."""
    address = destination(bid, server)
    changed: list[dict[str, Any]] = []
    if not bid.has_receipt:
        connection = patient(lambda: connect(address, identity))
        if bid.submission["kind"] != "withdraw":
            changed = changed_since(bid.documents, documents_of(address, bid.submission["section"]))
            warn_of_changes(changed)
        upload(bid, connection, quiet=as_json)
        receipt = commit(bid, connection)
        check(bid, receipt)
        bid.keep(RECEIPT_FILE, receipt)
    verified = check(bid, bid.receipt)
    kinds = {
        "submit": ("已递交", "Submitted"),
        "replace": ("已替换", "Replaced"),
        "withdraw": ("已撤回", "Withdrawn"),
    }
    received = verified.received_at.astimezone(BEIJING).strftime("%Y-%m-%d %H:%M:%S.%f")
    lines = [
        said(*(f"✓ {word}" for word in kinds[verified.kind])),
        said(f"  标段 {verified.section}", f"  section {verified.section}"),
        said(f"  服务器收到时间 {received}（北京时间）", f"  received {received} (Beijing)"),
        said(f"  账本第 {verified.leaf_index} 条", f"  ledger entry {verified.leaf_index}"),
        said(
            f"  回执 {bid.path / RECEIPT_FILE}（已离线核验）", f"  receipt {bid.path / RECEIPT_FILE} (verified offline)"
        ),
    ]
    facts = {"folder": str(bid.path), "submitted": True, "receipt": bid.receipt, "documents_changed": changed}
    tell(facts, lines, as_json=as_json)


def documents_of(server: str, section: str) -> list[dict[str, Any]]:
    """The newest version of every tender document of the section, as the platform tells everybody."""
    told = patient(lambda: checked(Connection(server).get(f"/sections/{section}/policy.json"))).json()
    return list(told["documents"])


def destination(bid: BidFolder, server: str) -> str:
    """The server to send to."""
    address = server or bid.destination.get("server", "")
    if not address:
        raise Invalid("client.no_server", field="server")
    return str(address)


def check(bid: BidFolder, receipt: dict[str, Any]) -> Verified:
    """The receipt is whole, this platform's, and this bid's; never trust the answer, check it."""
    key = bid.destination.get("platform_key")
    trust = bid.trust
    return verify_receipt(
        receipt,
        key=key,
        private=bid.private,
        packages=bid.packages,
        roots=trust.authority.roots if trust.authority else (),
        witnesses=trust.known,
    )


def upload(bid: BidFolder, connection: Connection, *, quiet: bool) -> None:
    """Upload every object that the server does not hold yet, each from where it broke off."""
    objects = list(bid.objects())
    total, done = sum(item.size for item in objects), 0
    # Bytes travel without any sign-in: the token in the address is all (docs/spec/submission.md).
    anonymous = Connection(connection.server)
    with bar(said("上传", "Uploading"), quiet=quiet) as progress:
        for item in objects:
            _upload_one(bid, item, connection, anonymous, progress, done, total)
            done += item.size
            progress(done, total)


def commit(bid: BidFolder, connection: Connection) -> dict[str, Any]:
    """The small request; the key is the content's own, so that repeating it gives the same receipt."""
    request = {
        "submission": bid.submission,
        "identity": {names: base64.b64encode(package).decode() for names, package in bid.identity.items()},
        "leaf_commitment": bid.private["leaf"],
        "idempotency_key": f"commit-{bid.digest}",
    }
    path = f"/sections/{bid.submission['section']}/submissions"
    receipt: dict[str, Any] = patient(lambda: checked(connection.post(path, json=request))).json()
    return receipt


def patient(attempt: Callable[[], Result]) -> Result:
    """The attempt's result, tried again while the connection breaks; refusals are final at once."""
    for seconds in PATIENCE:
        try:
            return attempt()
        except Refusal as refusal:
            if refusal.code != "server.unreachable":
                raise
            time.sleep(seconds)
    return attempt()


def _upload_one(
    bid: BidFolder, item: Object, connection: Connection, anonymous: Connection, progress: Bar, done: int, total: int
) -> None:
    location, offset = _where(bid, item, connection, anonymous)
    with item.path.open("rb") as file:
        while offset < item.size:
            file.seek(offset)
            part = file.read(PART)
            if not part:
                raise Invalid("client.folder", folder=str(item.path), reason="shorter than sealed")
            try:
                offset = _append(anonymous, location, offset, part)
            except Conflict as refusal:
                if refusal.code not in ("upload.offset", "upload.busy"):
                    raise
                time.sleep(refusal.code == "upload.busy")
                offset = _offset(anonymous, location)
            progress(done + offset, total)


def _where(bid: BidFolder, item: Object, connection: Connection, anonymous: Connection) -> tuple[str, int]:
    """Where an object's upload goes on; a new one is opened when the old one is unknown to the server."""
    known = bid.uploads()
    if item.sha256 in known:
        try:
            return known[item.sha256], _offset(anonymous, known[item.sha256])
        except Missing:
            pass
    metadata = "sha256 " + base64.b64encode(item.sha256.encode()).decode()
    headers = {**TUS, "Upload-Length": str(item.size), "Upload-Metadata": metadata}
    answer = patient(lambda: checked(connection.post("/files", headers=headers)))
    location = urlsplit(answer.headers["Location"]).path
    bid.keep(UPLOADS_FILE, {**known, item.sha256: location})
    return location, int(answer.headers["Upload-Offset"])


def _offset(anonymous: Connection, location: str) -> int:
    answer = patient(lambda: _known(anonymous.head(location, headers=TUS)))
    return int(answer.headers["Upload-Offset"])


def _append(anonymous: Connection, location: str, offset: int, part: bytes) -> int:
    headers = {**BODY, "Upload-Offset": str(offset)}
    for seconds in PATIENCE:
        try:
            answer = checked(anonymous.patch(location, headers=headers, data=part))
            return int(answer.headers["Upload-Offset"])
        except Refusal as refusal:
            if refusal.code not in ("server.unreachable", "upload.cut"):
                raise
            time.sleep(seconds)
            held = _offset(anonymous, location)
            if held != offset:
                return held
    raise Refusal("server.unreachable", server=anonymous.server, error="upload")


def _known(answer: requests.Response) -> requests.Response:
    """A HEAD answer has no body to say why: 404 is an upload that is gone."""
    if answer.status_code == 404:
        raise Missing("upload.unknown")
    return checked(answer)
