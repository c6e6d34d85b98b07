"""Publication: the legal checks, the frozen law, the first policy with its canaries, the notice on the board."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

from bidding import queries, rules
from bidding.models import Policy, Publication, Section
from bidding.rules.envelopes import is_anonymous, names_of
from bidding.rules.masks import masks_commitments
from bidding.services.two_persons import refuse_blocked, settle
from core.act import Act
from core.board import Notice, publish_notice
from core.clock import iso
from core.errors import Conflict
from core.ledger.log import append
from core.machine import advance
from core.seal import canonical
from core.seal.age import nest
from credit import queries as credit


def publish_section(act: Act, publication: Publication, digest: str) -> Notice:
    """Publish what another person submitted: afterwards the notice is on the board and submissions are open.

    `digest` is of what the actor reviewed; `settle` refuses anything else. All in one act: the legal checks (the first
    BLOCK raises Invalid naming field and rule; `queries.findings` shows all), the law frozen into the project (R-006),
    policy version 1, one canary per trustee, the hashes of the secrets of anonymous labels (暗标), the notice with
    documents, policy and method attached by hash (R-104).
    Raises Conflict("section.published") when it is published already.
    """
    section = publication.section
    if section.state != "draft" or publication.kind != "notice":
        raise Conflict("section.published", section=section.code)
    findings = refuse_blocked(act, section)
    settle(act, publication, digest)
    rules.check_slots(section.slots, names_of(section.envelopes))
    if queries.bill_document(act.session, section) is not None:
        rules.check_boq_slot(section.slots)
    project = section.project
    if project.law is None:
        law = rules.with_document(queries.law_today(project, act.now), section.particulars)
        project.law = law.as_json()
    section.documents_from_at = max(section.documents_from_at or act.now, act.now)
    section.published_at = act.now
    policy = add_policy(act, section)
    seal_canaries(act, section)
    advance(
        act,
        section,
        "publish",
        policy=policy.digest,
        law=project.law["on"],
        law_sha256=hashlib.sha256(canonical(project.law)).hexdigest(),
        deadline=iso(section.closing_at),
    )
    if is_anonymous(section.envelopes):
        append(act, "masks.commit", section.subject, {"commitments": masks_commitments(act.signer.sign, section.code)})
    warned = [{"rule": f.rule, "code": f.code} for f in findings if f.level is rules.Level.WARN]
    if warned:
        append(act, "section.warnings", section.subject, {"findings": warned})
    return publish_notice(
        act,
        kind="tender",
        subject=section.subject,
        title=f"{project.name}（{section.name}）{queries.law_of(section).text('notice_title')}",
        content=notice_content(act, section, policy),
        attachments=notice_attachments(act, section, policy),
    )


def seal_canaries(act: Act, section: Section) -> None:
    """Seal a fresh canary to each trustee of the section; whoever tells its content has the key at hand."""
    for trustee in queries.trustees(act.session, section):
        token = act.chance(32).hex()
        trustee.canary = base64.b64encode(nest(token.encode(), [trustee.recipient])[0]).decode()
        trustee.canary_digest = hashlib.sha256(token.encode()).hexdigest()
        trustee.rehearsed_at = None


def add_policy(act: Act, section: Section) -> Policy:
    """The section's next policy version, stored, in the ledger and as an object anyone can fetch by hash."""
    held = queries.policies(act.session, section)
    recipients = {trustee.role: trustee.recipient for trustee in queries.trustees(act.session, section)}
    content = rules.build_policy(
        section=section.code,
        version=len(held) + 1,
        recipients=recipients,
        deadline=section.closing_at,
        decrypt_minutes=section.decrypt_minutes,
        envelopes=names_of(section.envelopes),
    )
    raw = canonical(content)
    stored = act.store.put(raw)
    policy = Policy(
        section_id=section.id,
        version=content["version"],
        content=content,
        digest=stored.sha256,
        published_at=act.now,
    )
    act.session.add(policy)
    act.session.flush()
    append(act, "policy.publish", section.subject, {"version": policy.version, "digest": policy.digest})
    return policy


def notice_content(act: Act, section: Section, policy: Policy) -> dict[str, Any]:
    """The notice as data: every field of R-104, the control price (R-109), the method's and the policy's hash."""
    project = section.project
    bill, law = queries.bill_document(act.session, section), queries.law_for(section, act.now)
    return {
        "project_code": project.code,
        "project_name": project.name,
        "section_code": section.code,
        "section_name": section.name,
        "regime": project.regime,
        "category": project.category,
        "procedure": project.procedure,
        "ground": project.ground or None,
        "invitation": project.invitation,
        "attempt": project.attempt,
        "predecessor": project.predecessor,
        "is_mandatory": project.is_mandatory,
        "region": project.region,
        "description": project.description,
        "funding": project.funding,
        "tenderee": project.tenderee.name,
        "tenderee_identifier": project.tenderee.identifier,
        "agent": project.agent.name if project.agent else None,
        "agent_identifier": project.agent.identifier if project.agent else None,
        **{name: section.particulars.get(name, "") for name in rules.notice.PARTICULARS},
        "estimate_fen": section.estimate_fen,
        "control_price_fen": section.control_price_fen,
        "bond_fen": section.bond_fen,
        **({"bond_refusal_days": law.days(rules.REFUSAL)} if section.bond_fen and rules.REFUSAL in law.rules else {}),
        "duration_days": section.duration_days,
        "validity_days": section.validity_days,
        "qualification": section.qualification,
        "accepts_consortium": queries.accepts_consortia(section),
        "credit_rule": section.credit_rule,
        "credit_cutoff": section.particulars.get("credit_cutoff", "deadline"),
        "credit_incentives": credit.uses_incentives(act.session, project.code),
        "decrypt_minutes": section.decrypt_minutes,
        "documents_from_at": iso(section.documents_from_at) if section.documents_from_at else None,
        "documents_until_at": iso(section.documents_until_at) if section.documents_until_at else None,
        "deadline_at": iso(section.closing_at),
        "opening_at": iso(section.closing_at),
        "second_opening_at": iso(section.second_opening_at) if section.second_opening_at else None,
        "boq_sha256": bill.sha256 if bill is not None else None,
        "method_sha256": hashlib.sha256(canonical(section.method)).hexdigest(),
        "policy_version": policy.version,
        "policy_sha256": policy.digest,
        "platform_key": str(act.signer.verifier),
        "envelopes": [
            {"envelope": one["name"], **{k: one[k] for k in ("opens", "anonymous")}} for one in section.envelopes
        ],
        **act.trust.told(),
        "slots": section.slots,
    }


def notice_attachments(act: Act, section: Section, policy: Policy) -> list[dict[str, Any]]:
    """The newest documents, the policy and the method, each by name, hash and size; the same bytes for all (R-024)."""
    method = act.store.put(canonical(section.method))
    listed = [
        {"name": document.name, "sha256": document.sha256, "size": document.size}
        for document in queries.documents(act.session, section)
    ]
    listed.append({"name": "policy.json", "sha256": policy.digest, "size": act.store.size(policy.digest)})
    listed.append({"name": "method.json", "sha256": method.sha256, "size": method.size})
    return listed
