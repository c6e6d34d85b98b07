"""What an organisation's rating earns it on a day, for whoever computes a bond."""

from __future__ import annotations

from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from accounts.models import Organisation
from core.calendar import day_of
from core.law import Snapshot
from credit.models import CreditChoice, CreditImport
from credit.queries.lists import record_told, records_of
from credit.rules import RATINGS, SOURCES, Incentive, incentive_for, judge, matrix


def incentive(session: Session, organisation: Organisation, law: Snapshot, on: date) -> Incentive:
    """What the organisation's public credit rating earns on the Beijing day `on` under the project's frozen `law`.

    `.waived` is the percentage of a bid bond that need not be paid (0 where nothing is earned), `.due(bond_fen)` what
    remains in fen, `.cause` why, `.rule` the dated rule with its source (None where there is none) and `.evidence` the
    list, its digest and the record: all of it may be stored as it is and shown. Neither where a bidder is registered
    nor who owns it can change the answer (R-707). Whether the project uses incentives at all is not asked here.
    A party that any list restricts on that day earns nothing. Reads the newest snapshot taken on or before `on`.
    """
    snapshot = _snapshot_on(session, RATINGS, on)
    rated, _ = records_of(session, RATINGS, organisation.identifier, organisation.name, snapshot=snapshot)
    return incentive_for(
        [record_told(record) for record in rated] if snapshot else [],
        on=on,
        as_of=day_of(snapshot.as_of) if snapshot else None,
        law=matrix(law),
        restricted=any(_restricts(session, source, organisation, law, on) for source in SOURCES),
        evidence={
            "identifier": organisation.identifier,
            "on": on.isoformat(),
            "list": {"version": snapshot.version, "sha256": snapshot.sha256} if snapshot else None,
        },
    )


def uses_incentives(session: Session, project_code: str) -> bool:
    """Whether the project lets good ratings earn anything: yes, unless its tenderee has said no."""
    held = session.scalar(select(CreditChoice).where(CreditChoice.project == project_code))
    return held is None or held.uses_incentives


def _restricts(session: Session, source: str, organisation: Organisation, law: Snapshot, on: date) -> bool:
    snapshot = _snapshot_on(session, source, on)
    if snapshot is None:
        return False
    by_code, _ = records_of(session, source, organisation.identifier, organisation.name, snapshot=snapshot)
    told = [record_told(record) for record in by_code]
    verdict = judge(source, by_code=told, by_name=[], on=on, as_of=on, law=law, document="")
    return verdict.decision == "restricted"


def _snapshot_on(session: Session, source: str, on: date) -> CreditImport | None:
    query = select(CreditImport).where(CreditImport.source == source, CreditImport.finished_at.is_not(None))
    found = session.scalars(query.order_by(CreditImport.version.desc()).limit(400))
    return next((one for one in found if day_of(one.as_of) <= on), None)
