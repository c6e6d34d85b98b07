"""A bank's statement: lines of money in and out, read from CSV or from the bank's own signed document."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bidding.rules.bonds.guarantee import Known, issuer_of, read_certificate, signed_by
from core import canonical, money
from core.clock import BEIJING, from_iso
from core.errors import Invalid

TYPE = "sunbid-bank-statement/v1"
LATER = "sunbid-bank-statement-later/v1"
"""What happened on a section's accounts after the names: no commitment precedes it, any number may follow."""
COMMITMENT = "sunbid-bank-commitment/v1"
PURPOSES = ("bid", "performance")
MOST_BYTES = 8 * 1024 * 1024
MOST_ROWS = 20_000
COLUMNS = {
    "流水号": "reference", "方向": "direction", "虚拟账号": "account", "开立人代码": "holder", "付款人": "payer",
    "付款账号": "payer_account", "基本账户": "basic", "金额": "amount", "时间": "at", "附言": "note", "用途": "purpose",
}  # fmt: skip
"""The head of a CSV file, in Chinese or by the names on the right."""
_NEEDED = ("reference", "account", "holder", "payer", "payer_account", "amount", "at")
_BASIC = {"是": True, "yes": True, "1": True, "true": True, "否": False, "no": False, "0": False, "false": False}
_PURPOSE = {"": "bid", "投标": "bid", "bid": "bid", "履约": "performance", "performance": "performance"}
_DIRECTION = {"": "in", "收": "in", "in": "in", "贷": "in", "付": "out", "out": "out", "借": "out"}


@dataclass(frozen=True, slots=True)
class Payment:
    """One line of a statement. `holder`: the credit code the bank opened the virtual `account` for, `purpose` for which
    bond; `payer` and `payer_account`: who really paid (or, going out, was paid), and whether that is their basic
    account (R-152)."""

    reference: str
    direction: str
    account: str
    holder: str
    payer: str
    payer_account: str
    basic: bool | None
    amount_fen: int
    at: datetime
    note: str = ""
    purpose: str = "bid"


@dataclass(frozen=True, slots=True)
class BadRow:
    """A line that could not be read: its number, the code of the refusal, the field, what stood there."""

    line: int
    code: str
    field: str
    found: str

    def as_json(self) -> dict[str, Any]:
        """The line as data."""
        return {"line": self.line, "code": self.code, "field": self.field, "found": self.found}


def digest_of(raw: bytes) -> str:
    """SHA-256 of the file's bytes, hex: the same file twice is the same import."""
    return hashlib.sha256(raw).hexdigest()


def read_csv(raw: bytes) -> tuple[list[Payment], list[BadRow]]:
    """The lines of a bank's CSV (UTF-8 or GB 18030), and every line that could not be read with its reason.

    Raises Invalid("statement.malformed") for what is no such file at all, Invalid("statement.columns") naming what its
    head lacks.
    """
    if len(raw) > MOST_BYTES:
        raise Invalid("statement.malformed", field="file", place="size")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        try:
            text = raw.decode("gb18030")
        except UnicodeDecodeError:
            raise Invalid("statement.malformed", field="file", place="encoding") from None
    try:
        lines = list(csv.reader(io.StringIO(text), strict=True))
    except csv.Error:
        raise Invalid("statement.malformed", field="file", place="csv") from None
    head = [COLUMNS.get(name.strip(), name.strip()) for name in lines[0]] if lines else []
    missing = [name for name in _NEEDED if name not in head]
    if missing:
        spelled = {english: chinese for chinese, english in COLUMNS.items()}
        raise Invalid("statement.columns", field="file", missing="、".join(spelled[name] for name in missing))
    payments, bad, seen = [], [], set[str]()
    for number, cells in enumerate(lines[1:MOST_ROWS], 2):
        if not any(cell.strip() for cell in cells):
            continue
        row = dict(zip(head, (cell.strip() for cell in cells), strict=False))
        try:
            one = _payment(row)
            if one.reference in seen:
                raise Invalid("statement.twice", field="reference", found=one.reference)
        except Invalid as refusal:
            field = refusal.field or ""
            bad.append(BadRow(number, refusal.code, field, str(row.get(field, ""))[:80]))
            continue
        seen.add(one.reference)
        payments.append(one)
    return payments, bad


def _payment(row: Mapping[str, str]) -> Payment:
    for name in _NEEDED:
        if not row.get(name):
            raise Invalid("form.required", field=name)
        if len(row[name]) > 120:
            raise Invalid("form.length", field=name, most=120, least=1, found=len(row[name]))
    fen = money.parse(row["amount"], field="amount")
    if not fen:
        raise Invalid("statement.nothing", field="amount")
    basic, direction = row.get("basic", "").lower(), row.get("direction", "").lower()
    if basic and basic not in _BASIC:
        raise Invalid("statement.basic", field="basic")
    if direction not in _DIRECTION:
        raise Invalid("statement.direction", field="direction")
    if row.get("purpose", "") not in _PURPOSE:
        raise Invalid("statement.purpose", field="purpose")
    try:
        at = datetime.fromisoformat(row["at"].replace("/", "-"))
    except ValueError:
        raise Invalid("form.instant", field="at", found=row["at"][:40]) from None
    return Payment(
        reference=row["reference"],
        direction=_DIRECTION[direction],
        account=row["account"].replace(" ", ""),
        holder=row["holder"].upper(),
        payer=row["payer"],
        payer_account=plain_account(row["payer_account"]),
        basic=_BASIC.get(basic),
        amount_fen=fen,
        at=at if at.tzinfo else at.replace(tzinfo=BEIJING),
        note=row.get("note", "")[:200],
        purpose=_PURPOSE[row.get("purpose", "")],
    )


def plain_account(text: str) -> str:
    """An account's number without the blanks and dashes people put into it."""
    return "".join(sign for sign in text if sign.isalnum())


def commitment_of(statement: Mapping[str, Any]) -> str:
    """The hash a bank gives before the opening: of its whole statement, whose salt makes it say nothing; hex."""
    rest = {key: value for key, value in statement.items() if key not in ("certificate", "signature")}
    return hashlib.sha256(TYPE.encode() + b"\n" + canonical.dumps(rest)).hexdigest()


def read_signed(raw: bytes, kind: str, keys: frozenset[str], known: Sequence[Known]) -> tuple[dict[str, Any], Known]:
    """A document of that kind and with exactly these keys, signed by a known institution; or Invalid with the reason:
    statement.malformed, statement.signature, guarantee.issuer_unknown, institution.certificate.
    """
    try:
        found = json.loads(raw) if len(raw) <= MOST_BYTES else None
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict) or found.get("type") != kind:
        raise Invalid("statement.malformed", field="file", place="type")
    if set(found) != keys | {"type", "certificate", "signature"}:
        raise Invalid("statement.malformed", field="file", place="keys")
    if not all(isinstance(found[key], str) for key in ("certificate", "signature")):
        raise Invalid("statement.malformed", field="file", place="signature")
    certificate = read_certificate(found["certificate"])
    issuer = issuer_of(certificate, known)
    if issuer is None or issuer.until is not None:
        raise Invalid("guarantee.issuer_unknown", field="certificate", found=str(found.get("bank", ""))[:80])
    if not signed_by(certificate, found):
        raise Invalid("statement.signature", field="signature", name=issuer.name)
    return found, issuer


STATEMENT_KEYS = frozenset({"bank", "section", "number", "salt", "made_at", "rows"})
COMMITMENT_KEYS = frozenset({"bank", "section", "commitment", "made_at"})


def type_of(raw: bytes) -> str:
    """What kind of document it says it is; empty where it cannot be read."""
    try:
        found = json.loads(raw) if len(raw) <= MOST_BYTES else None
    except (ValueError, RecursionError):
        return ""
    return str(found.get("type", "")) if isinstance(found, dict) else ""


def payments_of(statement: Mapping[str, Any], *, purposes: Sequence[str] = ("bid",)) -> list[Payment]:
    """The lines of a bank's signed statement; Invalid("statement.row") names the one that cannot be read."""
    if not isinstance(statement["rows"], list) or len(statement["rows"]) > MOST_ROWS:
        raise Invalid("statement.malformed", field="file", place="rows")
    found = []
    for number, row in enumerate(statement["rows"], 1):
        try:
            one = Payment(**{**row, "at": from_iso(row["at"]), "payer_account": plain_account(row["payer_account"])})
            texts = (one.reference, one.account, one.holder, one.payer, one.payer_account)
            whole = all(isinstance(text, str) and 0 < len(text) <= 120 for text in texts)
            whole = whole and isinstance(one.note, str) and one.basic in (True, False, None)
            if not whole or type(one.amount_fen) is not int or not 0 < one.amount_fen < money.LIMIT_FEN:
                raise ValueError
            if one.direction not in ("in", "out") or one.purpose not in purposes:
                raise ValueError
        except (TypeError, ValueError, KeyError, AttributeError):
            raise Invalid("statement.row", field="file", line=number) from None
        found.append(one)
    return found


def salted(salt: bytes) -> str:
    """A statement's salt as it is spelled in it."""
    return base64.b64encode(salt).decode("ascii")
