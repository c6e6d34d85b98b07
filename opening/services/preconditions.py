"""The guard before every move of the host: the same table of preconditions the desk shows."""

from __future__ import annotations

from core.act import Act
from opening import queries
from opening.models import Opening
from opening.rules import first_unmet


def check_conditions(act: Act, opening: Opening, verb: str) -> None:
    """Refuse the host's move while one of its binding preconditions is not met, with that precondition's refusal."""
    refusal = first_unmet(verb, queries.standing(act.session, opening, act.now))
    if refusal is not None:
        raise refusal
