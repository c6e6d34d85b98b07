"""Checking a party against every list, and what comes later: asking again, a person's look with its evidence."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import date, datetime
from typing import Any

import rfc8785

from accounts.rules import normalise_uscc
from core.act import SYSTEM, Act
from core.calendar import day_of
from core.clock import iso
from core.errors import Conflict, Invalid
from core.law import Snapshot
from core.ledger.log import append
from credit import queries
from credit.models import CreditCheck
from credit.queries.replay import verdict_of
from credit.rules import CHANNELS, REPAIR, SOURCES, matrix, normal_name, read_row, whole
from credit.rules.answers import Answer, Question, told

EVIDENCE = "sunbid-credit-evidence/v2"
ROLES = ("bidder", "member", "agency", "expert", "person")
"""Who is asked about: a bidder, a member of its consortium, an agency, an expert, a bidder's person (R-704, R-708)."""
STAGES = ("qualification", "opening", "evaluation", "award", "manual")
MOST_SHOT = 20 * 1024 * 1024
SHOTS = {b"%PDF": "pdf", b"\x89PNG": "png", b"\xff\xd8\xff": "jpg"}


def check_party(
    act: Act,
    *,
    section_code: str,
    stage: str,
    identifier: str,
    name: str,
    law: Snapshot,
    document: str = "",
    cutoff: date | None = None,
    role: str = "bidder",
    member_of: str = "",
    region: str = "",
) -> list[CreditCheck]:
    """Check a party against every list and keep, per list, what was asked, found and decided (R-702).

    `document` is the tender document's own credit rule, where the regime leaves the effect to it; `cutoff` the day at
    which it measures bans (R-705). Nothing is decided for the committee: "restricted" says which rule restricts,
    "informed" that a record exists without effect by law, "pending" that the source has not answered or a person must
    look, "clear" that a fresh list has nothing. The key is the code (R-709). A list whose source answers queries is
    pending until it has: nobody waits for it here (`ask_sources`).
    """
    identifier = normalise_uscc(identifier)
    made = []
    for source in SOURCES:
        asked = Question(source, identifier, name)
        settings = queries.source_settings(act.session, source)
        frame = _frame(asked, section_code, stage, law, document, cutoff, role, member_of, region)
        if settings is not None and settings.is_asked:
            made.append(_keep_unanswered(act, asked, frame))
        else:
            answer = queries.answer_of_snapshot(act.session, asked, queries.newest_import(act.session, source))
            made.append(keep_answer(act, asked, answer, frame))
    return made


def check_consortium(
    act: Act, members: list[tuple[str, str]], *, lead: str, **asked: Any
) -> tuple[str, list[CreditCheck]]:
    """Check the lead and every member, each against every list, and what it makes of the whole (R-704)."""
    made = []
    for identifier, name in members:
        inside = normalise_uscc(identifier) != normalise_uscc(lead)
        made += check_party(
            act,
            identifier=identifier,
            name=name,
            role="member" if inside else "bidder",
            member_of=normalise_uscc(lead) if inside else "",
            **asked,
        )
    return whole(check.decision for check in made), made


def check_other(
    act: Act, section_code: str, *, identifier: str, name: str, role: str, member_of: str, stage: str
) -> list[CreditCheck]:
    """Check somebody else a section has to do with: a member, an agency, an expert, a bidder's person (R-704, R-708).

    Under the law, document and cut-off its bidders were checked by. Raises Invalid credit.stage, .role, .member_of,
    .party and .no_parties.
    """
    known = [held for held in queries.parties(act.session, section_code) if "law_on" in held.evidence]
    if not known:
        raise Invalid("credit.no_parties", field="section", section=section_code)
    if stage not in STAGES:
        raise Invalid("credit.stage", field="stage", found=stage)
    if role not in ROLES or role == "bidder":
        raise Invalid("credit.role", field="role", found=role)
    leads = {held.identifier for held in known if held.role == "bidder"}
    if (role == "member") != bool(member_of) or (member_of and member_of not in leads):
        raise Invalid("credit.member_of", field="member_of")
    if not 6 <= len(normalise_uscc(identifier)) <= 40 or not name.strip() or len(name) > 200:
        raise Invalid("credit.party", field="identifier")
    return check_party(
        act,
        section_code=section_code,
        stage=stage,
        identifier=identifier,
        name=name.strip(),
        law=law_of(known[0]),
        document=known[0].evidence["document"],
        cutoff=cutoff_of(known[0]),
        role=role,
        member_of=member_of,
        region=known[0].region,
    )


def check_again(act: Act, section_code: str, stage: str) -> list[CreditCheck]:
    """Ask about every party of a section once more, under the same law, document and cut-off (R-703)."""
    if stage not in STAGES:
        raise Invalid("credit.stage", field="stage", found=stage)
    made = _check_parties(act, section_code, stage)
    if not made:
        raise Invalid("credit.no_parties", field="section", section=section_code)
    return made


def check_qualification(act: Act, section_code: str) -> list[CreditCheck]:
    """The committee takes its seats: every bidder and every member of a consortium is asked about anew (R-701, R-704).

    The platform asks by itself, whoever's act it is in; the newest answer is what the committee is shown (R-703).
    """
    return _check_parties(replace(act, actor=SYSTEM), section_code, "qualification")


def _check_parties(act: Act, section_code: str, stage: str) -> list[CreditCheck]:
    known = queries.parties(act.session, section_code)
    asked = [held for held in known if held.adapter != "ledger" and "law_on" in held.evidence]
    return [check for held in asked for check in _again(act, held, stage)]


def check_party_again(act: Act, section_code: str, identifier: str, stage: str) -> list[CreditCheck]:
    """Ask about one party and its consortium's members once more."""
    held = queries.parties(act.session, section_code, member_of=identifier)
    return [check for one in held if "law_on" in one.evidence for check in _again(act, one, stage)]


def clear_for_award(act: Act, section_code: str, identifier: str, law: Snapshot) -> None:
    """Ask about the party and its members again unless today's answer is there, and refuse what the law stops (R-703).

    Conflict("credit.stage_restricted") where a list restricts one of them, Conflict("credit.stage_pending") where a
    query has no answer and the regime lets nobody win unchecked. A party that was never asked about passes.
    """
    identifier = normalise_uscc(identifier)
    held = [
        check
        for party in queries.parties(act.session, section_code, member_of=identifier)
        for check in queries.newest_checks(act.session, section_code, party.identifier).values()
    ]
    if any(
        day_of(check.checked_at) != day_of(act.now) or (check.decision == "pending" and check.outcome != "unanswered")
        for check in held
    ):
        check_party_again(act, section_code, identifier, "award")
    queries.check_clearance(act.session, section_code, identifier, law, "award")


def _again(act: Act, held: CreditCheck, stage: str) -> list[CreditCheck]:
    return check_party(
        act,
        section_code=held.section,
        stage=stage,
        identifier=held.identifier,
        name=held.name,
        law=law_of(held),
        document=held.evidence["document"],
        cutoff=cutoff_of(held),
        role=held.role,
        member_of=held.member_of,
        region=held.region,
    )


def law_of(check: CreditCheck) -> Snapshot:
    """The law under which a check was decided."""
    evidence = check.evidence
    return Snapshot(evidence["regime"], evidence["law_on"], {}, evidence.get("given", {}))


def cutoff_of(check: CreditCheck) -> date | None:
    """The day at which its bans were measured."""
    return date.fromisoformat(check.evidence["cutoff"]) if check.evidence.get("cutoff") else None


def _frame(
    asked: Question, section: str, stage: str, law: Snapshot, document: str, cutoff: date | None, role: str,
    member_of: str, region: str,
) -> dict[str, Any]:  # fmt: skip
    """What of the evidence is known before the source is asked."""
    return {
        "type": EVIDENCE,
        "section": section,
        "stage": stage,
        "party": {"identifier": asked.identifier, "name": asked.name, "role": role, "member_of": member_of},
        "source": {"code": asked.source, "title": SOURCES[asked.source], "channel": CHANNELS[asked.source]},
        "region": region,
        "regime": matrix(law).regime,
        "law_on": law.on,
        "given": law.given,
        "document": document,
        "cutoff": cutoff.isoformat() if cutoff else None,
        "repair": REPAIR[asked.source],
    }


def frame_of(check: CreditCheck) -> dict[str, Any]:
    """The same of a check that is followed by another."""
    names = (
        "section", "stage", "party", "source", "region", "regime", "law_on", "given", "document", "cutoff", "repair",
    )  # fmt: skip
    return {"type": EVIDENCE, **{name: check.evidence[name] for name in names}}


def _keep_unanswered(act: Act, asked: Question, frame: dict[str, Any]) -> CreditCheck:
    nonce = act.chance(16).hex()
    rule = matrix(Snapshot(frame["regime"], frame["law_on"], {}, frame["given"])).cite("credit.evidence")
    evidence = {
        **frame,
        "query": {"at": iso(act.now), "by": act.actor.name, "nonce": nonce},
        "adapter": "api",
        "list": None,
        "records": [],
        "outcome": "unanswered",
        "decision": "pending",
        "rule": rule,
    }
    return _keep(act, evidence, source_as_of=None, raw_sha256=None, feedback_at=None, next_ask_at=act.now)


def keep_answer(
    act: Act,
    asked: Question,
    answer: Answer,
    frame: dict[str, Any],
    *,
    follows: CreditCheck | None = None,
    more: dict[str, Any] | None = None,
) -> CreditCheck:
    """Judge what a source said and keep it as a check; a list that is missing or too old has not answered."""
    law = Snapshot(frame["regime"], frame["law_on"], {}, frame["given"])
    cutoff = date.fromisoformat(frame["cutoff"]) if frame["cutoff"] else None
    verdict = verdict_of(asked, answer, act.now, law, frame["document"], cutoff)
    evidence: dict[str, Any] = {
        **frame,
        "query": {"at": iso(act.now), "by": act.actor.name, "nonce": asked.nonce},
        "adapter": answer.adapter,
        "list": answer.told if answer.adapter == "snapshot" else None,
        "records": [{**record, "matched_by": "code"} for record in answer.by_code]
        + [{**record, "matched_by": "name"} for record in answer.by_name],
        "outcome": verdict.outcome,
        "decision": verdict.decision,
        "rule": verdict.rule,
        **(more or {}),
    }
    if follows is not None:
        evidence["follows"] = follows.evidence_sha256
    return _keep(
        act,
        evidence,
        source_as_of=answer.as_of,
        raw_sha256=answer.raw_sha256,
        feedback_at=None if verdict.outcome in ("no_list", "stale_list") else act.now,
        follows=follows,
    )


def _keep(
    act: Act,
    evidence: dict[str, Any],
    *,
    source_as_of: datetime | None,
    raw_sha256: str | None,
    feedback_at: datetime | None,
    next_ask_at: datetime | None = None,
    follows: CreditCheck | None = None,
) -> CreditCheck:
    party = evidence["party"]
    check = CreditCheck(
        section=evidence["section"],
        stage=evidence["stage"],
        identifier=party["identifier"],
        name=party["name"],
        role=party["role"],
        member_of=party["member_of"],
        source=evidence["source"]["code"],
        adapter=evidence["adapter"],
        region=evidence["region"],
        source_as_of=source_as_of,
        raw_sha256=raw_sha256,
        checked_at=act.now,
        checked_by=act.actor.name,
        feedback_at=feedback_at,
        follows_id=follows.follows_id or follows.id if follows is not None else None,
        outcome=evidence["outcome"],
        decision=evidence["decision"],
        rule=evidence["rule"],
        evidence=evidence,
        evidence_sha256=hashlib.sha256(rfc8785.dumps(evidence)).hexdigest(),
        attempts=0,
        next_ask_at=next_ask_at,
    )
    act.session.add(check)
    act.session.flush()
    append(
        act,
        "credit.check",
        f"section:{check.section}",
        {
            "identifier": check.identifier,
            "source": check.source,
            "stage": check.stage,
            "outcome": check.outcome,
            "decision": check.decision,
            "evidence_sha256": check.evidence_sha256,
            "actor": act.actor.name,
        },
    )
    return check


def keep_evidence(
    act: Act,
    check: CreditCheck,
    *,
    file: bytes,
    name: str,
    site: str,
    looked_at: datetime,
    record: dict[str, str] | None,
) -> CreditCheck:
    """Keep what a person saw at the source: the picture or printout, the site, when, and the record found, if any.

    The decision follows from the same matrix as for a list. Raises Invalid credit.shot (no PDF, PNG or JPEG),
    .shot_large, .site, .looked_at, the refusals of `read_row`, and Conflict("credit.superseded") where a later check
    counts instead of this one.
    """
    if queries.successor(act.session, check) is not None:
        raise Conflict("credit.superseded", field="file")
    if check.adapter == "ledger":
        raise Conflict("credit.superseded", field="file")
    kind = next((kind for start, kind in SHOTS.items() if file.startswith(start)), None)
    if kind is None:
        raise Invalid("credit.shot", field="file")
    if len(file) > MOST_SHOT:
        raise Invalid("credit.shot_large", field="file", most=MOST_SHOT)
    if "." not in site or len(site) > 200 or any(sign.isspace() for sign in site):
        raise Invalid("credit.site", field="site")
    if looked_at > act.now or day_of(looked_at) < day_of(check.checked_at):
        raise Invalid("credit.looked_at", field="looked_at", looked_at=looked_at)
    stored = act.store.put(file)
    rows = () if record is None else (_seen(check, record),)
    answer = Answer("manual", looked_at, rows, (), False, stored.sha256)
    asked = Question(check.source, check.identifier, check.name)
    shot = {
        "site": site,
        "looked_at": iso(looked_at),
        "file": {"sha256": stored.sha256, "size": stored.size, "name": name[:200], "kind": kind},
    }
    return keep_answer(act, asked, answer, frame_of(check), follows=check, more={"seen": shot})


def _seen(check: CreditCheck, record: dict[str, str]) -> dict[str, Any]:
    row = read_row({**record, "identifier": check.identifier, "name": normal_name(check.name)})
    return told(row._asdict())
