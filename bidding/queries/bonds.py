"""Reads of bonds. Nothing of a section is found here before its bidders' names are public: there is nothing (R-154)."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from bidding.models import (
    Bond,
    BondBook,
    BondDay,
    BondEntry,
    BondInstitution,
    BondOrder,
    BondPayment,
    BondRefund,
    BondStatement,
    Section,
)
from bidding.queries.sections import RECEIVING, law_of
from bidding.queries.sections import section as section_of
from bidding.rules.bonds import MONEY, PAPERS, Known, Payment, build_terms, plain_account, shares
from bidding.rules.law import law_on
from core.act import Actor
from core.calendar import day_of, end_of_day
from core.errors import Missing
from core.law import Snapshot
from credit.queries import uses_incentives
from credit.rules import matrix
from credit.rules.incentives import BOND

OPEN = ("declared", "held", "faulty", "due", "disputed")
"""States in which something of a bond is still to be done."""


def bond_law(section: Section) -> Snapshot:
    """The section's frozen law, with the rules on bonds of that same day which the platform did not ship yet then."""
    frozen = law_of(section)
    project = section.project
    shipped = law_on(
        frozen.regime,
        date.fromisoformat(frozen.on),
        procedure=project.procedure,
        category=project.category,
        is_mandatory=project.is_mandatory,
        region=project.region,
    )
    missing = {key: rule for key, rule in shipped.rules.items() if "bond" in key and key not in frozen.rules}
    return Snapshot(frozen.regime, frozen.on, {**frozen.rules, **missing}, frozen.given)


def relief_rules(session: Session, section: Section, on: date) -> list[dict[str, Any]]:
    """What good ratings take off the section's bond by the rules of that day, the most first; empty where it grants
    none (R-707)."""
    granted = section.bond_fen > 0 and uses_incentives(session, section.project.code)
    return relief_on(section.project.regime, on) if granted else []


def relief_on(regime: str, on: date) -> list[dict[str, Any]]:
    """The same of a regime, for whoever has still to decide whether to grant it."""
    law = matrix(law_on(regime, on))
    rules = [(key.removeprefix(BOND), rule) for key, rule in law.rules.items() if key.startswith(BOND)]
    told = [{"grade": grade, "waived": int(rule.number), **law.cite(rule.key)} for grade, rule in rules]
    return sorted(told, key=lambda one: -one["waived"])


def institutions(session: Session) -> list[BondInstitution]:
    """Every institution, withdrawn ones too, by name."""
    return list(session.scalars(select(BondInstitution).order_by(BondInstitution.name)))


def institution(session: Session, name: str) -> BondInstitution:
    """The institution of that name, or Missing."""
    found = session.scalar(select(BondInstitution).where(BondInstitution.name == name))
    if found is None:
        raise Missing("institution.unknown", name=name[:80])
    return found


def institution_by_id(session: Session, institution_id: int) -> BondInstitution:
    """The institution with that key, or Missing."""
    found = session.get(BondInstitution, institution_id)
    if found is None:
        raise Missing("institution.unknown", name=str(institution_id))
    return found


def known(session: Session) -> list[Known]:
    """The institutions as the rules of guarantees and statements take them."""
    return [Known(one.name, one.kind, one.certificate, one.withdrawn_at) for one in institutions(session)]


def bond_book(session: Session, section: Section) -> BondBook | None:
    """The section's book; None while nothing has been committed or released."""
    return session.scalar(select(BondBook).where(BondBook.section_id == section.id))


def is_released(session: Session, section: Section) -> bool:
    """Whether the bidders' names are public, so that bonds may be known (R-154)."""
    book = bond_book(session, section)
    return book is not None and book.released_at is not None


def bond_terms(session: Session, section: Section) -> dict[str, Any]:
    """What the section asks of a bond, as it stands now."""
    tenderee = section.project.tenderee
    return build_terms(
        section=section.code,
        name=section.name,
        project=section.project.name,
        beneficiary={"name": tenderee.name, "uscc": tenderee.identifier},
        amount_fen=section.bond_fen,
        deadline=section.closing_at,
        validity_days=section.validity_days,
        law=bond_law(section),
        released=is_released(session, section),
        relief=relief_rules(session, section, day_of(section.closing_at)),
    )


def bonded_sections(session: Session) -> list[Section]:
    """Published sections that ask for a bond, newest deadline first: what every institution looks at alike."""
    query = select(Section).where(Section.bond_fen > 0, Section.published_at.is_not(None), Section.round == 1)
    return list(session.scalars(query.order_by(Section.deadline_at.desc(), Section.id)))


def bonded_section(session: Session, section: Section) -> Section:
    """The section the bonds were given for: a round of final offers follows the first one's."""
    return section_of(session, section.first_round) if section.first_round else section


def bonds(session: Session, section: Section, kind: str | None = None) -> list[Bond]:
    """The section's bonds by the bid's number, those without a bid last."""
    query = select(Bond).where(Bond.section_id == section.id)
    if kind is not None:
        query = query.where(Bond.kind == kind)
    return sorted(session.scalars(query), key=lambda bond: (bond.kind, bond.number is None, bond.number or 0, bond.id))


def bond(session: Session, section: Section, number: int, kind: str = "bid") -> Bond | None:
    """The bond of that bid; None where none was asked."""
    query = select(Bond).where(Bond.section_id == section.id, Bond.kind == kind, Bond.number == number)
    return session.scalar(query)


def bond_by_id(session: Session, bond_id: int) -> Bond:
    """The bond with that key, or Missing."""
    found = session.get(Bond, bond_id)
    if found is None:
        raise Missing("bond.unknown")
    return found


def own_bonds(session: Session, actor: Actor) -> list[Bond]:
    """The bonds of the actor's organisation, newest first."""
    if actor.organisation_id is None:
        return []
    return list(
        session.scalars(select(Bond).where(Bond.organisation_id == actor.organisation_id).order_by(Bond.id.desc()))
    )


def payments(session: Session, bond: Bond, direction: str | None = None) -> list[BondPayment]:
    """The bank's lines of a bond, in their order."""
    query = select(BondPayment).where(BondPayment.bond_id == bond.id)
    if direction is not None:
        query = query.where(BondPayment.direction == direction)
    return list(session.scalars(query.order_by(BondPayment.paid_at, BondPayment.id)))


def as_payments(rows: list[BondPayment]) -> list[Payment]:
    """Lines as the rules take them."""
    return [
        Payment(
            one.reference, one.direction, one.account, one.holder, one.payer, one.payer_account, one.basic,
            one.amount_fen, one.paid_at, one.note,
        )
        for one in rows
    ]  # fmt: skip


def statements(session: Session, section: Section) -> list[BondStatement]:
    """The statements taken in for a section, newest first."""
    query = select(BondStatement).where(BondStatement.section_id == section.id)
    return list(session.scalars(query.order_by(BondStatement.id.desc())))


def paying_account(session: Session, section: Section, number: int, declared: Any) -> str:
    """The account the bid's bond was paid from, by the bank's line or, before there is one, as the sealed bid says it;
    empty for a guarantee, which has none. Two bids with one account are deemed colluding (R-651)."""
    held = bond(session, section, number)
    lines = payments(session, held, "in") if held is not None else []
    if lines:
        return lines[0].payer_account
    said = declared if isinstance(declared, dict) else {}
    return plain_account(str(said.get("account", ""))) if said.get("form") in MONEY else ""


def refunds(session: Session, bond: Bond) -> list[BondRefund]:
    """The refunds of a bond, in their order."""
    return list(session.scalars(select(BondRefund).where(BondRefund.bond_id == bond.id).order_by(BondRefund.id)))


def refund(session: Session, refund_id: int) -> BondRefund:
    """The refund with that key, or Missing."""
    found = session.get(BondRefund, refund_id)
    if found is None:
        raise Missing("refund.unknown")
    return found


def refund_of(session: Session, bond: Bond, refund_id: int) -> BondRefund:
    """The bond's refund with that key, or Missing."""
    found = refund(session, refund_id)
    if found.bond_id != bond.id:
        raise Missing("refund.unknown")
    return found


def unrefunded(session: Session, bond: Bond) -> list[BondPayment]:
    """The payments of a bond that no refund under way or done covers yet."""
    taken = select(BondRefund.payment_id).where(
        BondRefund.bond_id == bond.id, BondRefund.state.in_(("prepared", "approved", "paid"))
    )
    back = shares_of(session, bond)
    return [one for one in payments(session, bond, "in") if back[one.id] and one.id not in set(session.scalars(taken))]


def is_going_back(session: Session, bond: Bond) -> bool:
    """Whether some refund of it is prepared, approved or paid."""
    return any(one.state in ("prepared", "approved", "paid") for one in refunds(session, bond))


def kept_fen(bond: Bond) -> int:
    """What a decision keeps of money the rest of which goes back; 0 where there is no such decision."""
    parted = bond.state != "forfeited" and bond.form not in PAPERS and bond.decision is not None
    return int(bond.decision["kept_fen"]) if parted and bond.decision is not None else 0


def shares_of(session: Session, bond: Bond) -> dict[int, int]:
    """What goes back on each of its payments, by their ids."""
    return shares([(one.id, one.amount_fen) for one in payments(session, bond, "in")], kept_fen(bond))


def owed_fen(session: Session, bond: Bond) -> int:
    """What is still to go back of a bond: what the bank holds less what a decision keeps."""
    return held_fen(session, bond) - kept_fen(bond)


def held_fen(session: Session, bond: Bond) -> int:
    """What the bank holds of a bond: in less out."""
    rows = payments(session, bond)
    paid = sum(one.principal_fen for one in refunds(session, bond) if one.state == "paid")
    return sum(one.amount_fen for one in rows if one.direction == "in") - paid


def released_sections(session: Session) -> list[Section]:
    """The sections whose bonds may be seen, newest first."""
    query = select(Section).join(BondBook).where(BondBook.released_at.is_not(None))
    return list(session.scalars(query.order_by(BondBook.released_at.desc(), Section.id.desc())))


def due_bonds(session: Session) -> list[Bond]:
    """Every bond that is to go back, the earliest last day first."""
    return list(session.scalars(select(Bond).where(Bond.state == "due").order_by(Bond.due_on, Bond.id)))


def overdue(session: Session, today: date) -> list[Bond]:
    """Those whose last day is over."""
    return [one for one in due_bonds(session) if one.due_on is not None and one.due_on < today.isoformat()]


def waiting_orders(session: Session, now: datetime, limit: int = 20) -> list[BondOrder]:
    """Orders no institution has answered yet and that may be handed over now."""
    query = select(BondOrder).where(BondOrder.done_at.is_(None), BondOrder.due_at <= now)
    return list(session.scalars(query.order_by(BondOrder.id).limit(limit)))


def orders(session: Session, bond: Bond) -> list[BondOrder]:
    """The orders about a bond, in their order."""
    return list(session.scalars(select(BondOrder).where(BondOrder.bond_id == bond.id).order_by(BondOrder.id)))


def last_day(session: Session) -> BondDay | None:
    """The newest closed day of the books."""
    return session.scalar(select(BondDay).order_by(BondDay.on.desc()).limit(1))


def day_to_close(session: Session, now: datetime) -> date | None:
    """Yesterday, where there are postings and it is not closed yet; days without a tick are closed with it."""
    yesterday = day_of(now) - timedelta(days=1)
    last = last_day(session)
    if last is not None and last.on >= yesterday.isoformat():
        return None
    first = session.scalar(select(BondEntry.id).where(BondEntry.at < end_of_day(yesterday)).limit(1))
    return yesterday if first is not None else None


def days(session: Session, limit: int = 30) -> list[BondDay]:
    """Closed days, newest first."""
    return list(session.scalars(select(BondDay).order_by(BondDay.on.desc()).limit(limit)))


RECOUNT = text(
    """
    SELECT p.amount_fen AS came,
           p.payer_account AS account,
           p.payer AS name,
           p.paid_at AS paid_at,
           (SELECT COALESCE(SUM(r.principal_fen), 0) FROM bond_refund r
             WHERE r.payment_id = p.id AND r.state IN ('approved', 'paid')) AS gone,
           (SELECT COUNT(*) FROM bond_refund r
             WHERE r.payment_id = p.id AND r.state IN ('approved', 'paid')) AS times,
           (SELECT -COALESCE(SUM(e.amount_fen), 0) FROM bond_entry e
             WHERE e.bond_id = :bond AND e.account IN ('held', 'stray', 'performance')) AS owed,
           (SELECT COALESCE(SUM(b.amount_fen), 0) FROM bond_payment b
             WHERE b.bond_id = :bond AND b.direction = 'in'
               AND (b.paid_at > p.paid_at OR (b.paid_at = p.paid_at AND b.id > p.id))) AS newer,
           (SELECT -COALESCE(SUM(k.amount_fen), 0) FROM bond_entry k
             WHERE k.bond_id = :bond AND k.account = 'kept') AS kept
      FROM bond_payment p
     WHERE p.id = :payment AND p.direction = 'in' AND p.bond_id = :bond
    """
)
"""What a refund may be, asked of the tables anew: no row this process holds in memory has a part in it (R27)."""


def recount(session: Session, refund: BondRefund) -> dict[str, Any] | None:
    """What came in on the payment and from where, what has gone back on it, what the books owe; None: nothing."""
    session.flush()
    row = session.execute(RECOUNT, {"bond": refund.bond_id, "payment": refund.payment_id}).mappings().one_or_none()
    return None if row is None else dict(row)


def public_statistics(session: Session) -> dict[str, Any]:
    """What everybody may know: bonds of sections whose names are public, by form and state, and how punctual refunds
    are. No bidder is named."""
    forms = session.execute(
        select(Bond.form, func.count(), func.sum(Bond.asked_fen)).where(Bond.kind == "bid", Bond.number.is_not(None))
        .group_by(Bond.form).order_by(func.count().desc())
    )  # fmt: skip
    paid = session.execute(
        select(
            func.count(), func.sum(BondRefund.principal_fen), func.sum(BondRefund.interest_fen),
            func.sum(BondRefund.fee_fen),
        ).where(BondRefund.state == "paid")
    ).one()  # fmt: skip
    states = session.execute(select(Bond.state, func.count()).where(Bond.kind == "bid").group_by(Bond.state))
    late = session.scalar(select(func.count()).where(BondRefund.state == "paid", BondRefund.fee_fen > 0))
    return {
        "forms": [{"form": form, "count": count, "asked_fen": int(fen or 0)} for form, count, fen in forms],
        "states": {row[0]: row[1] for row in states},
        "refunds": {"count": paid[0], "principal_fen": int(paid[1] or 0), "interest_fen": int(paid[2] or 0),
                    "fee_fen": int(paid[3] or 0), "late": int(late or 0)},
        "receiving": session.scalar(
            select(func.count()).select_from(Section).where(Section.bond_fen > 0, Section.state.in_(RECEIVING))
        ) or 0,
    }  # fmt: skip
