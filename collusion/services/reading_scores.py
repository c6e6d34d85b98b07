"""How scores are read as probabilities here: fitted to what people decided, taken with a reason, taken back at will."""

from __future__ import annotations

from typing import Any

from accounts.rules import Role
from collusion import queries
from collusion.models import ScoreReading
from collusion.rules import local
from collusion.services.deciding import check_reason
from core.act import Act
from core.errors import Conflict, Forbidden, Invalid
from core.ledger.log import append


def refit(act: Act, reason: str) -> ScoreReading:
    """Read scores from now on as what was decided says; cards already raised stay as they are.

    Invalid("model.few") below LEAST decided leads or LEAST_EACH of either outcome; Conflict("model.no_better") where it
    reads leads it has not seen no better than what is in force.
    """
    _check(act, reason)
    decided = queries.decided_scores(act.session)
    if not local.enough(decided):
        raise Invalid("model.few", field="model_reason", found=len(decided), least=local.LEAST, each=local.LEAST_EACH)
    made = local.fit(decided, queries.line_in_force(act.session))
    if not made.better:
        raise Conflict("model.no_better", before=made.brier_before, after=made.brier_after)
    held = queries.readings(act.session)
    content = {
        "offset": made.line.offset,
        "slope": made.line.slope,
        "count": made.count,
        "upheld": made.upheld,
        "brier_before": made.brier_before,
        "brier_after": made.brier_after,
    }
    return _keep(act, "model.refit", content, held[0].id if held else None, reason)


def roll_back(act: Act, reason: str) -> ScoreReading:
    """Read scores again as before the reading in force; Conflict("model.shipped") where that is the shipped one."""
    _check(act, reason)
    held = {one.id: one for one in queries.readings(act.session)}
    current = next(iter(held.values()), None)
    if current is None or queries.line_in_force(act.session) == local.SHIPPED:
        raise Conflict("model.shipped")
    before = held[current.before_id] if current.before_id is not None else None
    shipped = {"offset": local.SHIPPED.offset, "slope": local.SHIPPED.slope, "count": 0}
    content = dict(before.content) if before is not None else shipped
    return _keep(act, "model.roll_back", content, before.before_id if before is not None else None, reason)


def _check(act: Act, reason: str) -> None:
    if not act.actor.has(Role.SUPERVISOR):
        raise Forbidden("model.supervisor")
    check_reason(reason, "model_reason")


def _keep(act: Act, kind: str, content: dict[str, Any], before_id: int | None, reason: str) -> ScoreReading:
    made = ScoreReading(
        content=content, before_id=before_id, reason=reason.strip(), decided_at=act.now, decided_by=act.actor.name
    )
    act.session.add(made)
    act.session.flush()
    told = {name: repr(value) if isinstance(value, float) else value for name, value in content.items()}
    append(act, kind, "leads", {**told, "reason": made.reason, "by": act.actor.name})
    return made
