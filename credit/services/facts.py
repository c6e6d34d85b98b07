"""Facts that later stages found about parties: recorded once for each decision, withdrawn by a fact, never deleted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from accounts.rules import normalise_uscc
from core.act import Act
from core.calendar import day_of
from core.errors import Conflict, Invalid
from core.law import Snapshot
from core.ledger.log import append
from core.outbox import post
from credit import queries
from credit.models import CreditFact
from credit.rules import EACH, fact_rule

WITHDRAWN = "withdrawn"
"""The kind of a fact that withdraws another."""
REASON = (4, 2000)


def record_fact(
    act: Act,
    *,
    kind: str,
    identifier: str,
    name: str,
    section_code: str,
    source: str,
    decision: str,
    facts: Mapping[str, Any],
    law: Snapshot | None = None,
    decided_on: date | None = None,
    member_of: str = "",
) -> CreditFact:
    """Keep a fact a later stage found about a party, for example a confirmed collusion; it judges nobody by itself.

    `source`: the subject in the ledger of what decided it; `decision`: the decision's number or what it says in short;
    `facts["reason"]`: why; `decided_on`: the Beijing day, today unless told; `law`: the project's frozen rules, today's
    without. The same kind from the same source about the same party is one fact: told again, the one that is held comes
    back. Of people who have no organisation's code the pool's number is told, never their own. Conflict
    ("credit.fact_withdrawn") for one that was withdrawn: what was reversed comes back only by another decision.
    """
    code = _code(identifier)
    held = queries.fact_from(act.session, kind=kind, identifier=code, source=source)
    if held is not None:
        if queries.withdrawal(act.session, held) is not None:
            raise Conflict("credit.fact_withdrawn", number=held.id)
        return held
    day = decided_on or day_of(act.now)
    fact = _added(
        act,
        CreditFact(
            identifier=code,
            name=name[:200],
            kind=kind,
            section=section_code,
            source=source[:120],
            decision=decision.strip()[:200],
            decided_on=day.isoformat(),
            rule=fact_rule(kind, law, day),
            member_of=_code(member_of),
            facts=dict(facts),
            recorded_at=act.now,
        ),
    )
    append(act, "credit.fact", subject_of(fact), told_fact(fact) | {"actor": act.actor.name})
    _tell(act, fact, "credit.fact_recorded", number=fact.id)
    return fact


def record_joint_fact(
    act: Act, *, identifier: str, members: Iterable[tuple[str, str]], **rest: Any
) -> list[CreditFact]:
    """The same of a bidder that may be a consortium: of each member, or of its lead alone, as the kind's rule says.

    `members`: code and name of each, the lead among them or not; empty for who bids alone.
    """
    found = [record_fact(act, identifier=identifier, **rest)]
    if found[0].rule["value"] == EACH:
        for code, name in members:
            if _code(code) != found[0].identifier:
                found.append(record_fact(act, **{**rest, "identifier": code, "name": name, "member_of": identifier}))
    return found


def withdraw_fact(act: Act, fact: CreditFact, *, source: str, decision: str, reason: str) -> CreditFact:
    """What decided a fact was reversed: a new fact withdraws it, and it is told to its party.

    `source`: the subject in the ledger of what reversed it. Conflict("credit.fact_withdrawn") for one that is withdrawn
    already or withdraws itself another; Invalid: form.length of the reason, form.required of the decision's number.
    """
    if fact.withdraws_id is not None or queries.withdrawal(act.session, fact) is not None:
        raise Conflict("credit.fact_withdrawn", number=fact.id)
    reason, decision = reason.strip(), decision.strip()
    if not decision:
        raise Invalid("form.required", field="decision")
    if not REASON[0] <= len(reason) <= REASON[1]:
        raise Invalid("form.length", field="reason", least=REASON[0], most=REASON[1], found=len(reason))
    made = _added(
        act,
        CreditFact(
            identifier=fact.identifier,
            name=fact.name,
            kind=WITHDRAWN,
            section=fact.section,
            source=source[:120],
            decision=decision[:200],
            decided_on=day_of(act.now).isoformat(),
            rule=fact_rule(WITHDRAWN, None, day_of(act.now)),
            member_of=fact.member_of,
            withdraws_id=fact.id,
            facts={"reason": reason},
            recorded_at=act.now,
        ),
    )
    append(act, "credit.fact_withdrawn", subject_of(made), told_fact(made) | {"actor": act.actor.name})
    _tell(act, fact, "credit.fact_withdrawn", number=fact.id, reason=reason[:200])
    return made


def subject_of(fact: CreditFact) -> str:
    """Where a fact stands in the ledger: with its section, or with what decided it where it has none."""
    return f"section:{fact.section}" if fact.section else fact.source


def told_fact(fact: CreditFact) -> dict[str, Any]:
    """What the ledger and the archive say of a fact."""
    return {
        "number": fact.id, "kind": fact.kind, "identifier": fact.identifier, "name": fact.name,
        "member_of": fact.member_of, "source": fact.source, "decision": fact.decision, "decided_on": fact.decided_on,
        "rule": fact.rule, "withdraws": fact.withdraws_id, "facts": fact.facts,
    }  # fmt: skip


def _code(text: str) -> str:
    """A code as facts keep it: what a consortium seals of its members is any text, and no longer than the column."""
    return normalise_uscc(text)[:40]


def _added(act: Act, fact: CreditFact) -> CreditFact:
    act.session.add(fact)
    act.session.flush()
    return fact


def _tell(act: Act, fact: CreditFact, template: str, **facts: Any) -> None:
    organisation = queries.organisation_of(act.session, fact.identifier)
    if organisation is not None:
        post(act, key=f"{template}:{fact.id}", recipient=f"organisation:{organisation.id}", template=template, **facts)
