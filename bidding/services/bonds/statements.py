"""Banks' statements taken in: what was committed to before the names, later ones, CSV by hand; each line matched."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from bidding.models import Bond, BondBook, BondPayment, BondStatement, Section
from bidding.queries import bonds as queries
from bidding.queries.sections import section as section_of
from bidding.rules.bonds import Payment, books, fault
from bidding.rules.bonds.statement import (
    LATER,
    PURPOSES,
    STATEMENT_KEYS,
    TYPE,
    BadRow,
    commitment_of,
    digest_of,
    payments_of,
    read_csv,
    read_signed,
    type_of,
)
from bidding.services.bonds.books import post
from bidding.services.bonds.matching import judge
from bidding.services.bonds.performance import is_payable, judge_performance
from core.act import Act
from core.errors import Invalid, Untimely
from core.ledger.log import append


def take_signed_statement(act: Act, raw: bytes) -> BondStatement:
    """Take in a bank's signed statement; the same one again is the same answer and changes nothing.

    Raises Untimely("statement.sealed") before the names are public, and nothing is kept of it (R-154);
    Invalid("statement.differs") where it is not what this bank had committed to before the names. What happens on the
    accounts afterwards comes in a later statement, any number of them: what went out, and performance bonds paid in.
    """
    kind = LATER if type_of(raw) == LATER else TYPE
    told, bank = read_signed(raw, kind, STATEMENT_KEYS, queries.known(act.session))
    section = section_of(act.session, str(told["section"])[:60])
    _check_released(act, section)
    held = _held(act, digest_of(raw))
    if held is not None:
        return held
    book = queries.bond_book(act.session, section)
    if kind == LATER:
        lines = payments_of(told, purposes=PURPOSES)
        _check_later(act, bank.name, lines, book)
        return _take(act, section, bank.name, lines, [], digest_of(raw), source="later", committed=False)
    promised = (book.commitments if book else {}).get(bank.name)
    if promised is not None and promised["commitment"] != commitment_of(told):
        raise Invalid("statement.differs", field="file", bank=bank.name, promised=promised["commitment"][:16])
    return _take(
        act, section, bank.name, payments_of(told), [], digest_of(raw), source="signed", committed=promised is not None
    )


def import_statement(act: Act, section: Section, bank: str, raw: bytes) -> BondStatement:
    """Take in a bank's CSV by hand; lines that cannot be read are kept with their reason and lose nothing else.

    The same file again is the same answer. Raises Untimely("statement.sealed") before the names are public.
    """
    _check_released(act, section)
    if not bank.strip():
        raise Invalid("form.required", field="bank")
    held = _held(act, digest_of(raw))
    if held is not None:
        return held
    payments, bad = read_csv(raw)
    return _take(act, section, bank.strip()[:120], payments, bad, digest_of(raw), source="csv", committed=False)


def _check_released(act: Act, section: Section) -> None:
    if not queries.is_released(act.session, section):
        raise Untimely("statement.sealed", section=section.code)


def _check_later(act: Act, bank: str, lines: Sequence[Payment], book: BondBook | None) -> None:
    """A bid bond cannot come to light after the names: a line nobody had told of then is refused (R-154)."""
    for one in lines:
        is_new = one.purpose == "bid" and one.direction == "in" and _line(act, bank, one.reference) is None
        if is_new and book is not None and book.released_at is not None and one.at < book.released_at:
            raise Invalid("statement.earlier", field="file", reference=one.reference, bank=bank)


def _line(act: Act, bank: str, reference: str) -> BondPayment | None:
    query = select(BondPayment).where(BondPayment.bank == bank, BondPayment.reference == reference)
    return act.session.scalar(query)


def _held(act: Act, digest: str) -> BondStatement | None:
    return act.session.scalar(select(BondStatement).where(BondStatement.digest == digest))


def _take(
    act: Act,
    section: Section,
    bank: str,
    payments: Sequence[Payment],
    bad: Sequence[BadRow],
    digest: str,
    *,
    source: str,
    committed: bool,
) -> BondStatement:
    statement = BondStatement(
        section_id=section.id, bank=bank, digest=digest, source=source, is_committed=committed, rows=len(payments),
        bad_rows=[one.as_json() for one in bad], taken_at=act.now, taken_by=act.actor.name,
    )  # fmt: skip
    act.session.add(statement)
    act.session.flush()
    fresh = known = 0
    for one in payments:
        if _keep_line(act, section, bank, statement, one):
            fresh += 1
        else:
            known += 1
    append(
        act,
        "bond.statement",
        section.subject,
        {
            "bank": bank, "sha256": digest, "source": source, "committed": committed, "lines": len(payments),
            "fresh": fresh, "known": known, "bad": len(bad), "actor": act.actor.name,
        },
    )  # fmt: skip
    for bond in queries.bonds(act.session, section, "bid"):
        judge(act, bond)
    for bond in queries.bonds(act.session, section, "performance"):
        judge_performance(act, bond)
    return statement


def _keep_line(act: Act, section: Section, bank: str, statement: BondStatement, one: Payment) -> bool:
    """Keep one line, post it, and match it; False where it was known. A known reference must say the same again."""
    held = _line(act, bank, one.reference)
    if held is not None:
        same = (held.direction, held.amount_fen, held.payer_account) == (
            one.direction, one.amount_fen, one.payer_account
        )  # fmt: skip
        if not same or held.section_id != section.id:
            raise Invalid("statement.contradicts", field="file", reference=one.reference)
        held.statement_id = held.statement_id or statement.id
        return False
    bond = _bond_for(act, section, one)
    line = BondPayment(
        section_id=section.id, bond_id=bond.id, statement_id=statement.id, bank=bank, reference=one.reference,
        direction=one.direction, account=one.account, holder=one.holder, payer=one.payer,
        payer_account=one.payer_account, basic=one.basic, amount_fen=one.amount_fen, paid_at=one.at, note=one.note,
    )  # fmt: skip
    act.session.add(line)
    act.session.flush()
    if one.direction == "in":
        owed = books.STRAY if bond.number is None else books.PERFORMANCE if bond.kind == "performance" else books.HELD
        post(act, section, bond, f"in:{bank}:{one.reference}", books.received(one.amount_fen, owed=owed))
    return True


def _bond_for(act: Act, section: Section, one: Payment) -> Bond:
    """The bond of whoever the virtual account was opened for, and of its purpose; where none is waited for, one
    without a bid, whose money goes back."""
    performs = one.purpose == "performance"
    mine = [b for b in queries.bonds(act.session, section) if b.holder.upper() == one.holder.upper()]
    for bond in mine:
        if bond.kind == one.purpose and (not performs or is_payable(bond)):
            return bond
    for bond in mine if performs else []:
        if bond.number is None:
            return bond
    found = fault("bond.not_awaited" if performs else "bond.no_bid", "R-556" if performs else "R-155", found=one.payer)
    bond = Bond(
        section_id=section.id, section=section, kind="bid", number=None, holder=one.holder[:40], name=one.payer,
        organisation_id=None, form="transfer", asked_fen=0, declared=None, relief=None, faults=[found.as_json()],
        state="declared", state_at=act.now,
    )  # fmt: skip
    act.session.add(bond)
    act.session.flush()
    return bond
