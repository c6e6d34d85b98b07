"""Recording a trade that was made outside the platform, with its reason (平台之外无交易)."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date

from sqlalchemy import func, select

from accounts.models import Organisation
from core.act import Act
from core.calendar import day_of
from core.clock import BEIJING
from core.errors import Forbidden, Invalid
from core.ledger.log import append
from window.models import OutsideTrade
from window.rules import check_outside, grounds


def record_outside(
    act: Act,
    *,
    project: str,
    name: str,
    matter: str,
    traded_on: date,
    amount_fen: int,
    counterpart: str,
    ground: str,
    reason: str,
) -> OutsideTrade:
    """Keep what the actor's organisation traded outside; afterwards it is public with what the catalogue says of it.

    What had to be traded here is recorded all the same and told as such: the record must not be what makes it vanish.
    Invalid("outside.future"), Invalid("outside.ground") for an exception the law does not know for the matter.
    """
    unit = act.session.get(Organisation, act.actor.organisation_id or 0)
    if unit is None:
        raise Forbidden("outside.unit")
    if traded_on > day_of(act.now):
        raise Invalid("outside.future", field="traded_on")
    if ground and ground not in grounds(matter, traded_on):
        raise Invalid("outside.ground", field="ground")
    found = check_outside(matter, amount_fen, ground, traded_on)
    prefix = f"PW{act.now.astimezone(BEIJING).year}-"
    count = act.session.scalar(
        select(func.count()).select_from(OutsideTrade).where(OutsideTrade.number.startswith(prefix))
    )
    number = f"{prefix}{(count or 0) + 1:05d}"
    facts = {
        "number": number, "unit": unit.name, "identifier": unit.identifier, "project": project, "name": name,
        "matter": matter, "traded_on": traded_on.isoformat(), "amount_fen": amount_fen, "ground": ground,
        "reason": reason, "finding": asdict(found),
    }  # fmt: skip
    entry = append(act, "outside.record", f"outside:{number}", facts)
    held = OutsideTrade(
        number=number,
        organisation_id=unit.id,
        identifier=unit.identifier,
        unit=unit.name,
        project=project,
        name=name,
        matter=matter,
        traded_on=traded_on.isoformat(),
        amount_fen=amount_fen,
        counterpart=counterpart,
        ground=ground,
        reason=reason,
        verdict=found.verdict,
        finding=asdict(found),
        recorded_at=act.now,
        leaf_index=entry.leaf_index,
    )
    act.session.add(held)
    act.session.flush()
    return held
