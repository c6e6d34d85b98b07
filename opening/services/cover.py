"""The cover of a closing: outsiders' words under its head, or an officer's exception, before anything is opened."""

from __future__ import annotations

from core.act import Act
from core.clock import iso
from core.errors import Conflict, Untimely
from core.ledger.log import append
from opening import queries
from opening.models import Opening
from opening.rules import check_state


def record_cover(act: Act, opening: Opening) -> None:
    """Put on record who covers the closing head; afterwards key holders are given packages (SEALING §5.1).

    Safe twice. Conflict("opening.uncovered") naming who is missing.
    """
    if opening.cover is not None:
        return
    cover = queries.cover(act.session, opening)
    if cover.missing:
        raise Conflict("opening.uncovered", section=opening.section.code, missing=cover.missing)
    _keep(act, opening, cover, None)


def except_cover(act: Act, opening: Opening, reason: str) -> None:
    """An officer lets the opening go on without those who did not answer; who, why and without whom is in the ledger.

    Only after the closing has waited its time: Untimely("opening.cover_waiting"). Conflict("opening.covered") where
    nothing is missing, or where it is on record already.
    """
    check_state(opening, "except_cover", {"closed"})
    cover = queries.cover(act.session, opening)
    if opening.cover is not None or not cover.missing:
        raise Conflict("opening.covered", section=opening.section.code)
    until = opening.state_at + act.trust.patience
    if act.now < until:
        raise Untimely("opening.cover_waiting", until=until, missing=cover.missing)
    _keep(act, opening, cover, {"by": act.actor.name, "reason": reason, "at": iso(act.now)})


def _keep(act: Act, opening: Opening, cover: queries.Cover, exception: dict[str, str] | None) -> None:
    opening.cover = {**cover.told(), "exception": exception}
    act.session.flush()
    append(act, "opening.cover", opening.subject, opening.cover)
