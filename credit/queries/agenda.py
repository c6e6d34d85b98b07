"""What waits for whom about credit: corrections to forward, answers that have not come, lists too old to rely on."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from accounts.rules import Role
from core.act import Actor
from core.agenda import Item, Kind
from core.calendar import day_of
from core.law import freeze
from credit.queries.corrections import corrections
from credit.queries.lists import newest_import, running_imports
from credit.queries.statistics import unanswered
from credit.rules import SOURCES, rulebook

KINDS = {
    "credit.correct": Kind("credit.correction", ("credit.answer_correction",)),
    "credit.unanswered": Kind("credit.ledger", ("credit.keep_evidence", "credit.check_again", "credit.check_other")),
    "credit.stale": Kind("credit.imports", ("credit.import_list",)),
    "credit.running": Kind("credit.imports", ("credit.abandon_import",), must=False),
}


def agenda(session: Session, actor: Actor, now: datetime) -> Iterator[Item]:
    """Everything of this floor that the actor must or may do at the instant."""
    if not actor.has(Role.OFFICER, Role.OPERATOR):
        return
    law = freeze(rulebook(), "*", day_of(now))
    for one in corrections(session, is_open=True):
        facts = {"number": one.id, "state": f"credit_correction.{one.state}"}
        yield Item("credit.correct", {"number": one.id}, name=one.check.name, facts=facts)
    late = [one for one in unanswered(session, now=now) if one.step == "by_hand"]
    if late:
        yield Item("credit.unanswered", facts={"n": len(late)}, rule=law.cite("credit.answer_within"))
    if not actor.has(Role.OPERATOR):
        return
    for source in SOURCES:
        newest = newest_import(session, source)
        until = None if newest is None else newest.as_of + timedelta(days=law.days("credit.most_days"))
        if until is None or until <= now:
            facts = {"source": f"credit_source.{source}"}
            yield Item("credit.stale", due=until, facts=facts, rule=law.cite("credit.most_days"))
    for held in running_imports(session):
        yield Item("credit.running", facts={"source": f"credit_source.{held.source}"})
