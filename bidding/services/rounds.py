"""The final-offer round of a negotiation or consultation: sealed offers in a section of their own (R-602)."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime

from bidding import queries, rules
from bidding.lifecycle import SECTION
from bidding.models import Invitee, Section, Trustee
from bidding.services.publication import add_policy, seal_canaries
from core.act import Act
from core.board import publish_notice
from core.clock import iso
from core.errors import Conflict, Invalid
from core.machine import advance
from core.seal import canonical

FINAL_SLOTS = [{"envelope": "schedule", "slot": "schedule", "name": "最后报价表", "required": True}]


def call_final_offers(
    act: Act, section: Section, *, deadline_at: datetime, invited: Sequence[tuple[str, str]]
) -> Section:
    """Open the round of sealed final offers; afterwards the new section takes them until `deadline_at`.

    The first responses must have been opened and their record signed. `invited`: (identifier, name) of those who go on;
    only they may commit. The round is a section of its own, `<code>-F`, with one envelope (the schedule), the same
    trustees' keys, a policy, a closing and an opening of its own; evaluation, award and archive are the new section's.
    Neither who goes on nor how many is told to anybody (R-043, R-602). Raises Conflict("round.none") for a procedure
    with one round, Conflict("round.not_opened"), Conflict("round.too_few") below the procedure's minimum (R-605),
    Invalid("round.deadline") for a deadline that has passed.
    """
    law = queries.law_of(section)
    if law.days("rounds") < 2 or section.round != 1:
        raise Conflict("round.none", section=section.code)
    if section.state != "opened":
        raise Conflict("round.not_opened", section=section.code, state=section.state)
    if len(invited) < law.days("min_bidders_open"):
        raise Conflict("round.too_few", **law.cite("min_bidders_open"), found=len(invited))
    if rules.is_late(act.now, deadline_at):
        raise Invalid("round.deadline", field="deadline_at", at=act.now)
    final = Section(
        code=f"{section.code}-F",
        project_id=section.project_id,
        name=f"{section.name}最后报价",
        estimate_fen=section.estimate_fen,
        control_price_fen=section.control_price_fen,
        bond_fen=section.bond_fen,
        duration_days=section.duration_days,
        validity_days=section.validity_days,
        decrypt_minutes=section.decrypt_minutes,
        qualification=section.qualification,
        accepts_consortium=section.accepts_consortium,
        is_consortium_stated=section.is_consortium_stated,
        credit_rule=section.credit_rule,
        method=section.method,
        particulars=section.particulars,
        envelopes=[{"name": "schedule", "opens": "first", "anonymous": False}],
        slots=FINAL_SLOTS,
        round=2,
        first_round=section.code,
        deadline_at=deadline_at,
        published_at=act.now,
        state=SECTION.start,
        state_at=act.now,
    )
    act.session.add(final)
    act.session.flush()
    act.session.refresh(final, ["project"])
    for trustee in queries.trustees(act.session, section):
        act.session.add(
            Trustee(
                section_id=final.id,
                role=trustee.role,
                person_id=trustee.person_id,
                recipient=trustee.recipient,
                registered_at=act.now,
            )
        )
    for identifier, name in invited:
        salt = act.chance(32).hex()
        act.session.add(
            Invitee(section_id=final.id, name=name, identifier=identifier, salt=salt, is_invited=True, added_at=act.now)
        )
    act.session.flush()
    policy = add_policy(act, final)
    seal_canaries(act, final)
    cited = law.cite("rounds")
    advance(act, section, "call_final", final=final.code, deadline=iso(deadline_at), rule=cited["rule"])
    frozen = hashlib.sha256(canonical(section.project.law)).hexdigest()
    told = {"policy": policy.digest, "law_sha256": frozen, "deadline": iso(deadline_at)}
    advance(act, final, "publish", first_round=section.code, **told)
    publish_notice(
        act,
        kind="final_offers",
        subject=final.subject,
        title=f"{section.project.name}（{section.name}）最后报价通知",
        content={
            "project_code": section.project.code,
            "section_code": final.code,
            "section_name": final.name,
            "first_round": section.code,
            "deadline_at": iso(deadline_at),
            "policy_version": policy.version,
            "policy_sha256": policy.digest,
            "platform_key": str(act.signer.verifier),
            **act.trust.told(),
            "law": [cited],
        },
    )
    return final
