"""A small bank, guarantor or insurer for demonstrations and tests: it issues, keeps accounts, states, pays and claims.

Production asks licensed ones; they speak the same documents (docs/BONDS.md). Nothing here is part of the platform: it
has its own key, its own book, and alone knows who opened which account until it may tell (R-154).
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import hmac
import json
import os
import secrets
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.x509.oid import NameOID

from bidding.rules.bonds import guarantee, statement
from bidding.rules.bonds.orders import check_order
from core.clock import iso
from core.errors import Conflict, Invalid, Missing
from core.ledger.notes import Verifier

DAY = dt.timedelta(days=1)
Now = Callable[[], dt.datetime]
WORDING = (
    "本{kind}在收到受益人书面付款通知后五个工作日内，无条件地向受益人支付不超过上述金额的款项，"
    "受益人无须举证，本{kind}不可撤销。"
)
SELVES = {"bank": "行", "guarantor": "公司", "insurer": "公司"}


def wall() -> dt.datetime:
    """This machine's clock."""
    return dt.datetime.now(dt.UTC)


class SmallInstitution:
    """One institution in its folder: key, certificate, book. Every verb is safe among threads and durable."""

    def __init__(self, folder: Path, *, platform: Verifier | None = None, now: Now = wall) -> None:
        self.folder, self.platform, self.now = folder, platform, now
        self._lock = threading.RLock()
        facts = json.loads((folder / "institution.json").read_text(encoding="utf-8"))
        self.name, self.kind = str(facts["name"]), str(facts["kind"])
        self.certificate = (folder / "certificate.pem").read_text(encoding="ascii")
        key = serialization.load_pem_private_key((folder / "key.pem").read_bytes(), None)
        assert isinstance(key, Ed25519PrivateKey)  # noqa: S101 - written by `create`
        self.key = key

    @classmethod
    def create(cls, folder: Path, name: str, kind: str, *, at: dt.datetime, days: int = 3650) -> None:
        """A new institution in `folder`, its key 0600; the certificate is good from a day before `at`."""
        folder.mkdir(parents=True, exist_ok=True)
        key = Ed25519PrivateKey.generate()
        subject = x509.Name(
            [x509.NameAttribute(NameOID.ORGANIZATION_NAME, name), x509.NameAttribute(NameOID.COMMON_NAME, name)]
        )
        certificate = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(at - DAY)
            .not_valid_after(at + days * DAY)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .sign(key, None)
        )
        descriptor = os.open(folder / "key.pem", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(
                key.private_bytes(
                    serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
                )
            )
        (folder / "certificate.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        facts = {"name": name, "kind": kind, "account_key": secrets.token_hex(32)}
        (folder / "institution.json").write_text(json.dumps(facts, ensure_ascii=False), encoding="utf-8")
        os.chmod(folder / "institution.json", 0o600)

    # Guarantees ---------------------------------------------------------------------------------------------------

    def issue(self, terms: Mapping[str, Any], applicant: Mapping[str, str], **changed: Any) -> dict[str, Any]:
        """A guarantee for these terms, signed and in the book. `changed` makes an unfit one, for tests and drills."""
        document: dict[str, Any] = {
            "type": guarantee.TYPE,
            "number": f"{self.kind[:1].upper()}{secrets.token_hex(7).upper()}",
            "purpose": terms.get("purpose", "bid"),
            "section": terms["section"],
            "project": terms["project"],
            "issuer": {"name": self.name, "kind": self.kind},
            "applicant": {"name": applicant["name"], "uscc": applicant["uscc"]},
            "beneficiary": {"name": terms["beneficiary"]["name"], "uscc": terms["beneficiary"]["uscc"]},
            "amount_fen": terms["amount_fen"],
            "issued_at": iso(self.now()),
            "expires_on": terms["valid_until"],
            "unconditional": True,
            "wording": WORDING.format(kind=SELVES[self.kind]),
            **changed,
        }
        signed = guarantee.sign(document, self.key, self.certificate)
        with self._lock:
            book = self._book()
            book["guarantees"][signed["number"]] = {"document": signed, "state": "issued", "paid_fen": 0}
            self._keep(book)
        return signed

    def guarantee(self, number: str) -> dict[str, Any]:
        """A guarantee with its state, or Missing."""
        held = self._book()["guarantees"].get(number)
        if held is None:
            raise Missing("guarantee.unknown", number=number[:60])
        return dict(held)

    # Accounts -----------------------------------------------------------------------------------------------------

    def account_for(self, section: str, holder: Mapping[str, str], purpose: str = "bid") -> str:
        """The virtual account of that bidder for that section: always the same, and tells nothing to who has no key.

        `purpose`: bid, or performance for the winner's bond of the contract, which has an account of its own.
        """
        if purpose not in statement.PURPOSES:
            raise Invalid("form.choice", field="purpose", found=purpose[:40], options=list(statement.PURPOSES))
        secret = json.loads((self.folder / "institution.json").read_text(encoding="utf-8"))["account_key"]
        told = "\n".join([section, holder["uscc"], *([purpose] if purpose != "bid" else [])]).encode()
        number = int.from_bytes(hmac.digest(bytes.fromhex(secret), told, hashlib.sha256), "big") % 10**14
        account = f"8{number:014}"
        account += _luhn(account)
        with self._lock:
            book = self._book()
            book["accounts"][account] = {
                "section": section, "holder": holder["uscc"], "name": holder["name"], "purpose": purpose,
            }  # fmt: skip
            self._keep(book)
        return account

    def receive(
        self,
        account: str,
        payer: str,
        payer_account: str,
        amount_fen: int,
        *,
        basic: bool | None = True,
        note: str = "",
    ) -> str:
        """Money comes in on a virtual account; returns the reference. Missing for an account that is none."""
        with self._lock:
            book = self._book()
            held = book["accounts"].get(account)
            if held is None:
                raise Missing("bond.account_unknown", account=account[:40])
            reference = f"{self.now():%Y%m%d}{secrets.token_hex(6)}"
            book["payments"].append(
                {
                    "reference": reference, "direction": "in", "account": account, "holder": held["holder"],
                    "payer": payer, "payer_account": payer_account, "basic": basic, "amount_fen": amount_fen,
                    "at": iso(self.now()), "note": note,
                }
            )  # fmt: skip
            self._keep(book)
        return reference

    def statement(self, section: str) -> dict[str, Any]:
        """The section's signed statement, made once and the same ever after: what was committed to is what is told."""
        with self._lock:
            book = self._book()
            if section not in book["statements"]:
                accounts = {number for number, purpose in _accounts(book, section).items() if purpose == "bid"}
                body = {
                    "type": statement.TYPE,
                    "bank": self.name,
                    "section": section,
                    "number": f"{section}/1",
                    "salt": statement.salted(secrets.token_bytes(32)),
                    "made_at": iso(self.now()),
                    "rows": [one for one in book["payments"] if one["account"] in accounts],
                }
                book["statements"][section] = guarantee.sign(body, self.key, self.certificate)
                self._keep(book)
            return dict(book["statements"][section])

    def later_statement(self, section: str) -> dict[str, Any] | None:
        """What has happened on the section's accounts beyond its statement, signed anew; None where nothing has."""
        stated = {one["reference"] for one in self.statement(section)["rows"]}
        book = self._book()
        purposes = _accounts(book, section)
        rows = [
            {**one, "purpose": purposes[one["account"]]}
            for one in book["payments"]
            if one["account"] in purposes and one["reference"] not in stated
        ]
        if not rows:
            return None
        body = {
            "type": statement.LATER, "bank": self.name, "section": section, "number": f"{section}/{1 + len(rows)}",
            "salt": statement.salted(secrets.token_bytes(32)), "made_at": iso(self.now()), "rows": rows,
        }  # fmt: skip
        return guarantee.sign(body, self.key, self.certificate)

    def commitment(self, section: str) -> dict[str, Any]:
        """The signed hash of the section's statement, given for every section alike: it tells nobody's payment."""
        body = {
            "type": statement.COMMITMENT,
            "bank": self.name,
            "section": section,
            "commitment": statement.commitment_of(self.statement(section)),
            "made_at": iso(self.now()),
        }
        return guarantee.sign(body, self.key, self.certificate)

    # Orders -------------------------------------------------------------------------------------------------------

    def obey(self, order: Mapping[str, Any]) -> dict[str, Any]:
        """Carry out the platform's signed order once; the same order again is the same answer.

        release and claim a guarantee, pay a refund. Raises Invalid("order.signature") unless the platform signed it,
        Missing or Conflict where the guarantee, the payment or the amount is not what the book says.
        """
        if self.platform is None:
            raise Conflict("order.no_platform")
        check_order(order, self.platform)
        with self._lock:
            book = self._book()
            answer = book["orders"].get(order["order"])
            if answer is None:
                answer = self._carry_out(book, order)
                book["orders"][order["order"]] = answer
                self._keep(book)
        return dict(answer)

    def _carry_out(self, book: dict[str, Any], order: Mapping[str, Any]) -> dict[str, Any]:
        reference = f"{self.now():%Y%m%d}{secrets.token_hex(6)}"
        done = {"order": order["order"], "state": "done", "reference": reference, "at": iso(self.now())}
        if order["kind"] == "pay":
            self._pay(book, order, reference)
            return done
        held = book["guarantees"].get(order["guarantee"])
        if held is None:
            raise Missing("guarantee.unknown", number=str(order["guarantee"])[:60])
        if held["state"] != "issued":
            raise Conflict("guarantee.state", number=order["guarantee"], state=held["state"])
        document = held["document"]
        if order["kind"] == "claim":
            if order["amount_fen"] > document["amount_fen"]:
                raise Invalid("guarantee.over", field="amount_fen", most=document["amount_fen"])
            if self.now().date().isoformat() > document["expires_on"]:
                raise Conflict("guarantee.expired", number=order["guarantee"], on=document["expires_on"])
            held["state"], held["paid_fen"] = "claimed", order["amount_fen"]
        else:
            held["state"] = "released"
        return done

    def _pay(self, book: dict[str, Any], order: Mapping[str, Any], reference: str) -> None:
        """A refund goes to the account the money came from, whatever the order says of it, or not at all (R-155)."""
        came = next((one for one in book["payments"] if one["reference"] == order["payment"]), None)
        if came is None:
            raise Missing("bond.payment_unknown", reference=str(order["payment"])[:60])
        if statement.plain_account(came["payer_account"]) != order["account"]:
            raise Conflict("refund.other_account", account=str(order["account"])[-4:], name=came["payer"])
        book["payments"].append(
            {
                **came, "reference": reference, "direction": "out", "amount_fen": order["amount_fen"],
                "at": iso(self.now()), "note": order["order"],
            }
        )  # fmt: skip

    # The book -----------------------------------------------------------------------------------------------------

    def _book(self) -> dict[str, Any]:
        path = self.folder / "book.json"
        if not path.exists():
            return {"guarantees": {}, "accounts": {}, "payments": [], "statements": {}, "orders": {}}
        book: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return book

    def _keep(self, book: dict[str, Any]) -> None:
        path = self.folder / "book.json"
        fresh = path.with_suffix(".new")
        with fresh.open("w", encoding="utf-8") as file:
            json.dump(book, file, ensure_ascii=False)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(fresh, 0o600)
        fresh.replace(path)

    def settle(self, told: Mapping[str, Any], post: Callable[[str, dict[str, Any]], None]) -> list[str]:
        """Commit to the statement of every section whose deadline is over, and tell those that may be told.

        `told`: the platform's list of sections with bonds; `post(path, document)` hands one in. What was handed in is
        not handed in again; returns what was done.
        """
        done = []
        for section in told["sections"]:
            code, sent = section["section"], self._book().get("sent", {})
            if section["failed"] and not section["released"]:
                done += self._give_back(code)
            elif section["closed"] and f"c:{code}" not in sent and not section["released"]:
                post("/bonds/commitments", self.commitment(code))
                done.append(f"c:{code}")
            if section["released"] and f"s:{code}" not in sent:
                post("/bonds/statements", self.statement(code))
                done.append(f"s:{code}")
            later = self.later_statement(code) if section["released"] else None
            if later is not None and f"l:{later['number']}" not in sent:
                post("/bonds/statements", later)
                done.append(f"l:{later['number']}")
            with self._lock:
                book = self._book()
                book.setdefault("sent", {}).update(dict.fromkeys(done, iso(self.now())))
                self._keep(book)
        return done

    def _give_back(self, section: str) -> list[str]:
        """The tender failed before the names: everything goes back to where it came from; nobody is ever told who."""
        with self._lock:
            book = self._book()
            mine = {number for number, held in book["accounts"].items() if held["section"] == section}
            gone = {one["note"] for one in book["payments"] if one["direction"] == "out"}
            back = []
            for one in list(book["payments"]):
                order = f"failed:{one['reference']}"
                if one["account"] in mine and one["direction"] == "in" and order not in gone:
                    reference = f"{self.now():%Y%m%d}{secrets.token_hex(6)}"
                    out = {**one, "reference": reference, "direction": "out", "at": iso(self.now()), "note": order}
                    book["payments"].append(out)
                    back.append(order)
            for held in book["guarantees"].values():
                if held["document"]["section"] == section and held["state"] == "issued":
                    held["state"] = "released"
            self._keep(book)
        return back


def _accounts(book: Mapping[str, Any], section: str) -> dict[str, str]:
    """The section's virtual accounts, each with what it is for."""
    mine = {number: held for number, held in book["accounts"].items() if held["section"] == section}
    return {number: held.get("purpose", "bid") for number, held in mine.items()}


def _luhn(digits: str) -> str:
    """The check digit that makes the number pass Luhn's test, as account numbers do."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return str(-total % 10)


def encoded(signature: bytes) -> str:
    """A signature as documents spell it."""
    return base64.b64encode(signature).decode("ascii")
