"""`sunbid seal`: the files of a bid become sealed envelopes in a folder; plaintext never leaves the machine."""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import click

from accounts.cli import Connection, Identity, checked
from accounts.rules.certificates import facts_of
from bidding.cli.anonymous import anonymous_names, check_anonymous, spoken_traces
from bidding.cli.boq import FILE, tenderee
from bidding.cli.draft import (
    Draft,
    check_bill,
    consortium_from,
    draft_envelopes,
    draft_tasks,
    enclose,
    given_from,
    plain_given,
    read_draft,
    spoken_tasks,
    take_schedule,
    typed_from,
)
from bidding.cli.facts import bidder_facts
from bidding.cli.folder import DESTINATION_FILE, BidFolder
from bidding.cli.preparation import fetch_preparation, fetch_tender_bill, read_preparation, spoken_findings
from bidding.cli.telling import bar, said, tell
from bidding.rules.boq import Bill, BillFinding, errors_of
from bidding.rules.completeness import ADVICE, is_complete
from bidding.rules.consortia import check_typed
from bidding.rules.envelopes import opened_in
from bidding.rules.links import broken
from bidding.rules.sentences import say
from core import money
from core.errors import Invalid
from core.seal import Enclosure, policy_digest, validate_policy
from core.seal import seal as seal_files

SCHEDULE = "schedule"
LOOSE = "main"


@click.command()
@click.option(
    "--policy", "policy_path", type=click.Path(path_type=Path, exists=True, dir_okay=False), help="policy.json"
)
@click.option("--server", default="", help="the platform's address, to fetch the policy from")
@click.option("--section", default="", help="the section's code")
@click.option("--identity", type=click.Path(path_type=Path, exists=True, file_okay=False), help="needed to seal")
@click.option("--envelope", "envelopes", multiple=True, metavar="NAME=DIR", help="files of one envelope: DIR/slot/file")
@click.option("--draft", "draft_path", type=click.Path(path_type=Path, exists=True), help="a draft: folder or .zip")
@click.option("--check", is_flag=True, help="only say how complete the draft is; exit 1 while it is not")
@click.option("--preparation", "preparation_path", type=FILE, help="preparation.json, when there is no --server")
@click.option("--template", type=FILE, help="the tenderee's bill, when there is no --server")
@click.option("--out", type=click.Path(path_type=Path), help="the folder to make; needed to seal")
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
@click.option("--member", "members", multiple=True, nargs=4, metavar="NAME CODE SHARE WORK", help="a consortium's")
@click.option("--share", default="", help="per cent of the work the bidder, leading a consortium, does itself")
@click.option("--work", default="", help="and which work")
@click.option(
    "--lock", "locks", multiple=True, metavar="NUMBER", help="a pricing lock's number the machine does not tell"
)
@click.option("--json", "as_json", is_flag=True, help="one JSON object on stdout")
def seal(
    policy_path: Path | None,
    server: str,
    section: str,
    identity: Path | None,
    envelopes: tuple[str, ...],
    draft_path: Path | None,
    check: bool,
    preparation_path: Path | None,
    template: Path | None,
    out: Path | None,
    replaces: Path | None,
    as_json: bool,
    **given: Any,
) -> None:
    """Seal a bid on this machine. Nothing is sent; `sunbid submit` does that later.

    The schedule is made from --price, --duration, --quality, --manager and --manager-certificate, or given as
    --envelope schedule=DIR; --draft takes everything from a draft. A priced bill of quantities is checked against the
    tenderee's first, and a bill that does not add up is not sealed. An anonymous envelope takes only PDF and Word;
    what in them tells the bidder is warned of. A consortium is given by its other members, one --member each, and
    by --share and --work of the bidder, who leads it. --check says how complete everything is.
    """
    if not check and (identity is None or out is None):
        raise click.UsageError("--identity DIR --out DIR, or --check")
    policy, told = fetch_policy(policy_path, server, section)
    preparation, tender = asked(told, preparation_path, template, server, policy["section"])
    after = BidFolder(replaces) if replaces else None
    with tempfile.TemporaryDirectory() as temp:
        draft, given = _draft(draft_path, envelopes, policy, given, Path(temp))
        if tender is not None:
            check_bill(draft, tender, preparation)
        keys = Identity(identity) if identity is not None else None
        marks = check_anonymous(draft.files, anonymous_names(told), own_words(keys, given))
        for line in spoken_traces(marks):
            click.echo(line, err=True)
        if check:
            _tell_completeness(draft, preparation, as_json=as_json)
            return
        assert keys is not None and out is not None  # noqa: S101 - refused above
        files = draft.files
        if SCHEDULE not in files:
            files[SCHEDULE] = [_schedule(Path(temp), given)]
        check_slots(files, told.get("slots", []))
        _refuse_bad_bill(draft, tender, as_json=as_json)
        _refuse_bad_links(draft)
        _refuse_bad_consortium(draft, preparation)
        enclose(draft, Path(temp), policy["section"])
        with bar(said("加密", "Sealing"), quiet=as_json) as progress:
            sealed = seal_files(
                policy,
                keys.keys,
                bidder_facts(keys, given, draft.typed.get("consortium")),
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
        "marks": [{"file": name, "kind": one.kind, "place": one.place} for name, one in marks],
    }
    lines = [
        said(f"✓ 已加密到 {out}，尚未递交。", f"✓ Sealed into {out}; not submitted yet."),
        said(f"  指纹 {sealed.digest}", f"  digest {sealed.digest}"),
        said(f"  截止 {policy['deadline']}", f"  deadline {policy['deadline']}"),
        said(f"  下一步：sunbid submit {out}", f"  next: sunbid submit {out}"),
    ]
    tell(facts, lines, as_json=as_json)


def pinned(server: str, told: dict[str, Any]) -> dict[str, Any]:
    """What is pinned with a sealed bid: where it goes, the platform's key, and who vouches for the log from outside.

    And `later`: the envelopes that stay sealed for a second sitting, so that nobody has to be asked on the day; and the
    versions of the `documents` it was made for (R-133).
    """
    return {
        "server": server,
        "platform_key": told["platform_key"],
        "trust": told.get("trust"),
        "later": opened_in(told.get("envelopes", []), "second"),
        "documents": told.get("documents", []),
    }


def asked(
    told: dict[str, Any], preparation: Path | None, template: Path | None, server: str, section: str
) -> tuple[dict[str, Any], Bill | None]:
    """What the section asks, and the tenderee's bill if there is one: from files, or from the server."""
    if preparation is not None:
        wanted = read_preparation(preparation)
    elif server:
        wanted = fetch_preparation(server, section)
    else:
        wanted = {}
    if template is not None:
        return wanted, tenderee(template, "", section)[0]
    if not wanted.get("boq"):
        return wanted, None
    if not server:
        raise click.UsageError("--template FILE")
    return wanted, fetch_tender_bill(server, section, wanted)


def _draft(
    place: Path | None, envelopes: tuple[str, ...], policy: dict[str, Any], given: dict[str, Any], temp: Path
) -> tuple[Draft, dict[str, Any]]:
    """The draft and the options that come of it; --envelope adds to or replaces what lies in a draft's folder."""
    typed, named = typed_from(given), envelopes
    if place is not None:
        typed, folder = read_draft(place, temp)
        typed["consortium"] = consortium_from(given) or typed.get("consortium")
        if typed.get("section") not in (None, "", policy["section"]):
            raise Invalid("bid.other_section", given=typed["section"], expected=policy["section"])
        over = {pair.partition("=")[0] for pair in envelopes}
        named = (*(pair for pair in draft_envelopes(folder, policy["envelopes"]) if pair.partition("=")[0] not in over),
                 *envelopes)  # fmt: skip
        given = {**given, **{name: value for name, value in given_from(typed).items() if value}}
    draft = Draft(typed, read_envelopes(named))
    take_schedule(draft)
    return draft, plain_given(given)


def _tell_completeness(draft: Draft, preparation: dict[str, Any], *, as_json: bool) -> None:
    """Say the state of every task and every finding of the bill; exit 1 unless all tasks are done."""
    if not preparation:
        raise click.UsageError("--check: --server URL and --section CODE, or --preparation FILE")
    found = draft_tasks(draft, preparation)
    facts = {
        "complete": is_complete(found),
        "tasks": [task.as_json() for task in found],
        "findings": [finding.as_json() for finding in draft.findings],
    }
    tell(facts, [*spoken_tasks(found), *spoken_findings(draft.findings)], as_json=as_json)
    if not is_complete(found):
        sys.exit(1)


def _refuse_bad_bill(draft: Draft, tender: Bill | None, *, as_json: bool) -> None:
    """Refuse (client.boq) a bill with errors, after every one of them has been named; warnings are named too."""
    if tender is None:
        return
    findings = draft.findings
    if not draft.bill_file and not findings:
        findings = [BillFinding("draft.bill_missing")]
    errors = errors_of(findings)
    if findings and not as_json:
        for line in spoken_findings(findings):
            click.echo(line, err=True)
    if errors or draft.bill is None:
        if as_json:
            click.echo(json.dumps({"refused": "client.boq", "findings": [one.as_json() for one in findings]}))
        raise Invalid("client.boq", field="boq", errors=len(errors))


def _refuse_bad_links(draft: Draft) -> None:
    """Refuse (client.links) clause links to a file that is not there or to pages it does not have."""
    files = draft.facts()["files"] if draft.typed.get("links") else []
    for link in draft.typed.get("links", []):
        code, expected, found = broken(link, files)
        if code:
            reason = say(code, {"expected": expected, "found": found}, said("zh", "en"))
            raise Invalid("client.links", field="links", clause=str(link.get("clause"))[:40], reason=reason)


def _refuse_bad_consortium(draft: Draft, preparation: dict[str, Any]) -> None:
    """Refuse (client.consortium) what a consortium lacks, and a consortium where the section accepts none (R-112)."""
    asked = preparation or {"accepts_consortium": True}  # sealed from a policy alone: the opening looks again
    for code, level, field, expected, found in check_typed(asked, draft.facts()):
        if level != ADVICE:
            reason = say(code, {"expected": expected, "found": found}, said("zh", "en"))
            raise Invalid("client.consortium", field=field, place=field, reason=reason)


def fetch_policy(path: Path | None, server: str, section: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The policy, valid and with the digest the server announced, and what else the server told."""
    if path is not None:
        try:
            policy = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise Invalid("client.policy", reason=type(error).__name__) from error
        whole = policy if isinstance(policy, dict) else {}
        told = {"envelopes": whole["envelopes"]} if "policy" in whole and "envelopes" in whole else {}
        return validate_policy(whole.get("policy", policy)), told
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
    _ = after.receipt  # what was never submitted cannot be replaced
    kind = "submit" if last["kind"] == "withdraw" else "replace"
    return {"kind": kind, "sequence": last["sequence"] + 1, "previous": after.digest}


def own_words(keys: Identity | None, given: dict[str, Any]) -> dict[str, str]:
    """The bidder's own words that tell who bids: of the certificate, where there is one, and of the options."""
    words = {"manager": given["manager"], "contact": given["contact"], "phone": given["phone"]}
    words["person"] = given["operator"]
    if keys is not None:
        certificate = facts_of(keys.certificate)
        words |= {"name": certificate.subject_name, "identifier": certificate.identifier}
        words["person"] = words["person"] or certificate.person or ""
    return {kind: word for kind, word in words.items() if word}


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
