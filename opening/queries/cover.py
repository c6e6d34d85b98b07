"""How a closing head is covered by outsiders: which witnesses have cosigned it, which authority has stamped it."""

from __future__ import annotations

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from core.ledger.vouching import HeadStamp
from opening.models import Opening


def unstamped_closings(session: Session) -> list[Opening]:
    """Openings still at `closed` whose closing head no token covers: they are stamped at once, outside the beat."""
    stamped = exists().where(HeadStamp.size >= Opening.closing_size)
    return list(session.scalars(select(Opening).where(Opening.state == "closed", ~stamped).order_by(Opening.id)))
