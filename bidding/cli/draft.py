"""A bid's draft as a folder or .zip: draft.json beside envelope/slot/file, from the page or made by hand."""

from __future__ import annotations

import json
import shutil
import stat
import zipfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pypdfium2

from bidding.cli.telling import said
from bidding.rules import BOQ_ENVELOPE, BOQ_SLOT, links
from bidding.rules.boq import ERROR, Bill, BillFinding, check_priced, errors_of, read_stated
from bidding.rules.completeness import DRAFT, Lack, Task, completeness, plain_blanks
from bidding.rules.sentences import say
from core import money
from core.errors import Invalid
from core.seal import Enclosure

DRAFT_FILE = "draft.json"
BOQ_FILE = "boq.json"
BILL_SUFFIXES = (".xlsx", ".xls", ".xlsm", ".xml")
BILL_JSON = ".json"
SCHEDULE = "schedule"
SCHEDULE_TYPE = "sunbid-schedule/v1"
SCHEDULE_TEXTS = ("duration_days", "quality", "manager", "manager_certificate")
MAX_DRAFT = 1 << 20
MAX_ENTRIES = 5_000
MARKS = {"todo": "○", "doing": "◐", "fix": "✗", "done": "✓"}
TASKS = {
    "consortium": ("投标方式", "alone or consortium"),
    "qualification": ("资信", "qualification"),
    "technical": ("技术", "technical"),
    "price": ("报价", "price"),
    "bond": ("保证金", "bond"),
    "authorisation": ("授权", "authorisation"),
}
STATES = {
    "todo": ("未开始", "not begun"),
    "doing": ("进行中", "in progress"),
    "fix": ("需修改", "to be corrected"),
    "done": ("已完成", "done"),
}


@dataclass
class Draft:
    """One's own draft: what was typed, the files by envelope, and what the bill came to once it is checked."""

    typed: dict[str, Any]
    files: dict[str, list[Enclosure]]
    bill: Bill | None = None
    findings: list[BillFinding] = field(default_factory=list)
    bill_file: str = ""

    @property
    def price_fen(self) -> int | None:
        """The price as typed, or as it stands in a schedule.json that lies in the draft; None while there is none."""
        typed = str((self.typed.get("schedule") or {}).get("price", ""))
        with suppress(Invalid):
            return money.parse(typed)
        return None

    def facts(self) -> dict[str, Any]:
        """The draft as `completeness` looks at it; pages of PDF files are counted."""
        has_bill = self.bill_file or self.findings
        errors = len(errors_of(self.findings))
        total = self.bill.total_fen if self.bill is not None else None
        return {
            **self.typed,
            "files": [
                {
                    "envelope": envelope,
                    "slot": one.slot,
                    "name": one.title,
                    "size": one.path.stat().st_size,
                    "pages": pages_of(one.path),
                }
                for envelope, enclosures in self.files.items()
                if envelope != SCHEDULE
                for one in enclosures
            ],
            "bill": {"file": self.bill_file, "errors": errors, "total_fen": total} if has_bill else None,
        }


def read_draft(place: Path, temp: Path) -> tuple[dict[str, Any], Path]:
    """What was typed and the folder with the files, of a draft in a folder or .zip (unpacked below `temp`).

    Raises Invalid("client.draft") for what is no draft, or a .zip that would unpack elsewhere.
    """
    folder = place if place.is_dir() else _unpacked(place, temp / "draft")
    try:
        with (folder / DRAFT_FILE).open("rb") as file:
            typed = json.loads(file.read(MAX_DRAFT))
    except (OSError, ValueError, RecursionError):
        typed = None
    if not isinstance(typed, dict) or typed.get("type") != DRAFT:
        raise Invalid("client.draft", file=place.name, reason=DRAFT_FILE)
    groups = all(isinstance(typed.get(name, {}), dict) for name in ("schedule", "bond", "authorisation", "consortium"))
    listed = typed.get("links", [])
    if not groups or not isinstance(listed, list) or not all(isinstance(link, dict) for link in listed):
        raise Invalid("client.draft", file=place.name, reason=DRAFT_FILE)
    return typed, folder


def _unpacked(place: Path, folder: Path) -> Path:
    """The .zip's files below `folder`: plain names only, no link, nothing twice."""
    try:
        with zipfile.ZipFile(place) as package:
            entries = [entry for entry in package.infolist() if not entry.is_dir()]
            if len(entries) > MAX_ENTRIES:
                raise Invalid("client.draft", file=place.name, reason=str(len(entries)))
            for entry in entries:
                pieces = entry.filename.split("/")
                plain = all(piece not in ("", ".", "..") and "\\" not in piece and ":" not in piece for piece in pieces)
                target = folder.joinpath(*pieces)
                if not plain or len(pieces) > 3 or stat.S_ISLNK(entry.external_attr >> 16) or target.exists():
                    raise Invalid("client.draft", file=place.name, reason=ascii(entry.filename)[1:-1])
                target.parent.mkdir(parents=True, exist_ok=True)
                with package.open(entry) as source, target.open("xb") as out:
                    shutil.copyfileobj(source, out, 1 << 20)
    except (zipfile.BadZipFile, OSError, NotImplementedError, RuntimeError, EOFError) as error:
        raise Invalid("client.draft", file=place.name, reason=type(error).__name__) from error
    return folder


def draft_envelopes(folder: Path, names: Sequence[str]) -> tuple[str, ...]:
    """The draft's envelopes as --envelope arguments name them."""
    return tuple(f"{name}={folder / name}" for name in names if (folder / name).is_dir())


def typed_from(given: Mapping[str, Any]) -> dict[str, Any]:
    """What was typed as a draft has it, from the options of the command."""
    return {
        "type": DRAFT,
        "schedule": {
            "price": given["price"],
            "duration_days": str(given["duration"] or ""),
            "quality": given["quality"],
            "manager": given["manager"],
            "manager_certificate": given["manager_certificate"],
        },
        "bond": {
            "form": given["bond_form"],
            "account": given["bond_account"],
            "payer": given["bond_payer"],
            "amount": given["bond_amount"],
        },
        "authorisation": {
            "operator": given["operator"],
            "contact": given["contact"],
            "phone": given["phone"],
            "confirmed": True,
        },
        "consortium": consortium_from(given),
        "links": [],
    }


def consortium_from(given: Mapping[str, Any]) -> dict[str, Any]:
    """A consortium as a draft has it, from the options --member, --share and --work; {} for who bids alone."""
    if not given["members"] and not given["share"] and not given["work"]:
        return {}
    parts = ("name", "uscc", "share", "work")
    return {
        "joint": True,
        "lead": {"share": given["share"], "work": given["work"]},
        "members": [dict(zip(parts, one, strict=True)) for one in given["members"]],
    }


def plain_given(given: Mapping[str, Any]) -> dict[str, Any]:
    """The options with blanks of every width in their texts as plain ones, as the page has them."""
    return {name: plain_blanks(value) if isinstance(value, str) else value for name, value in given.items()}


def given_from(typed: Mapping[str, Any]) -> dict[str, Any]:
    """The options of the command, from what was typed into a draft."""
    schedule, bond, signed = (typed.get(name) or {} for name in ("schedule", "bond", "authorisation"))
    days = str(schedule.get("duration_days", "")).strip()
    return {
        "price": str(schedule.get("price", "")),
        "duration": int(days) if days.isdecimal() else 0,
        "quality": str(schedule.get("quality", "")),
        "manager": str(schedule.get("manager", "")),
        "manager_certificate": str(schedule.get("manager_certificate", "")),
        "bond_form": str(bond.get("form", "")),
        "bond_account": str(bond.get("account", "")),
        "bond_payer": str(bond.get("payer", "")),
        "bond_amount": str(bond.get("amount", "")) or "0",
        "operator": str(signed.get("operator", "")),
        "contact": str(signed.get("contact", "")),
        "phone": str(signed.get("phone", "")),
    }


def take_schedule(draft: Draft) -> None:
    """Where a schedule.json lies in the draft, what it says counts as typed: it is what will be sealed."""
    path = next((one.path for one in draft.files.get(SCHEDULE, []) if one.title == "schedule.json"), None)
    if path is None:
        return
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return
    if isinstance(told, dict) and told.get("type") == SCHEDULE_TYPE and type(told.get("price_fen")) is int:
        draft.typed["schedule"] = {
            "price": money.plain(told["price_fen"]),
            **{
                name: str(told.get(name, "")) for name in ("duration_days", "quality", "manager", "manager_certificate")
            },
        }


def check_bill(draft: Draft, tender: Bill, preparation: Mapping[str, Any]) -> None:
    """Check the priced bill that lies in its place; afterwards `bill` and `findings` are set, `bill_file` names it."""
    found = [
        one
        for one in draft.files.get(BOQ_ENVELOPE, [])
        if one.slot == BOQ_SLOT and one.path.suffix.lower() in (*BILL_SUFFIXES, BILL_JSON)
    ]
    # A bill as JSON counts where there is no workbook: beside one it is our own boq.json, left from an earlier time.
    found = [one for one in found if one.path.suffix.lower() != BILL_JSON] or found
    if len(found) != 1:
        names = "、".join(one.title for one in found)
        code = "draft.bill_many" if found else "draft.bill_missing"
        draft.findings = [BillFinding(code, ERROR, expected=names, found=str(len(found)))] if found else []
        return
    draft.bill_file = found[0].title
    draft.bill, draft.findings = check_priced(
        tender,
        read_stated(found[0].path.read_bytes()),
        control_price_fen=preparation.get("control_price_fen"),
        schedule_fen=draft.price_fen,
        regime=preparation.get("regime", "T"),
    )


def enclose(draft: Draft, temp: Path, section: str) -> None:
    """Put boq.json beside the bill it was read from, and links.json into each envelope whose files are linked."""
    if draft.bill is not None:
        _enclose(draft, BOQ_ENVELOPE, BOQ_SLOT, BOQ_FILE, draft.bill.canonical(), temp)
    for envelope in draft.files:
        data = links.build_links(section, envelope, draft.typed.get("links", []))
        if data is not None:
            _enclose(draft, envelope, links.SLOT, links.FILE, data, temp)


def _enclose(draft: Draft, envelope: str, slot: str, name: str, data: bytes, temp: Path) -> None:
    path = temp / envelope / slot / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    # What we computed takes the place of a file of that name that was left lying from an earlier time.
    kept = [one for one in draft.files.get(envelope, []) if (one.slot, one.title) != (slot, name)]
    draft.files[envelope] = [*kept, Enclosure(slot, path)]


def pages_of(path: Path) -> int | None:
    """How many pages a PDF has; None for anything else and for what cannot be read."""
    if path.suffix.lower() != ".pdf":
        return None
    try:
        document = pypdfium2.PdfDocument(path)
    except (OSError, pypdfium2.PdfiumError):
        return None
    try:
        return len(document)
    finally:
        document.close()


def draft_tasks(draft: Draft, preparation: Mapping[str, Any]) -> list[Task]:
    """The state of every task of the draft."""
    return completeness(preparation, draft.facts())


def spoken_tasks(found: list[Task]) -> list[str]:
    """Every task with its state and what is found about it, in the terminal's language."""
    language = said("zh", "en")
    lines = []
    for task in found:
        name, state = said(*TASKS.get(task.task, (task.task, task.task))), said(*STATES[task.state])
        lines.append(f"{MARKS[task.state]} {name}{said('：', ': ')}{state}")
        lines += [f"    {spoken_lack(lack, language)}" for lack in task.lacks]
    return lines


def spoken_lack(lack: Lack, language: str) -> str:
    """One thing about a task: the field or file, and the sentence."""
    mark = {"fix": "✗", "need": "·", "advise": "!"}[lack.level]
    return f"{mark} {lack.field}{'：' if language == 'zh' else ': '}{say(lack.code, lack.as_json(), language)}"
