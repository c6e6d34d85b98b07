"""Building the archive 一标一档: everything of a section in one file that verifies itself (R-560)."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Any

import rfc8785
from sqlalchemy import select
from sqlalchemy.orm import Session

from awards import queries
from awards.models import Archive
from awards.queries.complaints import check_free, complaints, open_complaints
from awards.queries.contracts import contract, contracts, told_contract
from awards.queries.selection import selections
from awards.rules import disclosure
from awards.rules.container import Source, write_container
from awards.services.completeness import Judged, completeness, judged, objects_of
from awards.services.proofs import proved_entries, told_entries, vouched_heads
from awards.services.rounds import identity_packages, package_hash, told_first_round, told_round
from awards.services.told import told_award, told_complaint, told_recordings, told_selection
from bidding import queries as bidding
from bidding import services as bidding_services
from bidding.models import Section
from bidding.queries.bond_record import bond_record
from bidding.queries.bonds import bonded_section
from core.act import Act
from core.clock import iso
from core.draw import record
from core.draw.record import Draw
from core.errors import Conflict
from core.ledger.log import append
from core.store import ObjectStore
from credit import queries as credit
from credit.services import told_fact
from experts import queries as experts
from experts import services as expert_services
from experts.models import Committee
from opening import queries as opening_queries
from opening.models import Opening


def archive_section(act: Act, section: Section, *, warnings: dict[str, Any]) -> Archive:
    """Build the section's archive, keep it in the store, and end the section's life.

    `warnings`: what the watchman hands down, {"scan": {"result", "result_sha256", …} or None, "warnings": […]}.
    Conflict("section.state") unless the section is awarded; Conflict("archive.open", objections) with open objections,
    Conflict("archive.challenge") while a result announced under regime G may still be challenged (R-554).
    """
    if section.state != "awarded":
        raise Conflict(
            "section.state", verb="archive", state=section.state, allowed=["awarded"], subject=section.subject
        )
    publicity = queries.publicity(act.session, section)
    if queries.open_objections(act.session, publicity):
        raise Conflict("archive.open", section=section.code)
    check_free(act.session, section, act.now)
    waiting = open_complaints(act.session, section)
    if waiting:
        raise Conflict("archive.complaint", numbers=[one.number for one in waiting])
    signing = contract(act.session, section)
    if signing is not None and signing.state == "signing":
        raise Conflict("archive.contract", section=section.code)
    if publicity.follows_award and publicity.state != "ended":
        raise Conflict("archive.challenge", section=section.code, ends_at=publicity.ends_at.isoformat())
    bidding_services.mark_archived(act, section)
    members = collect(act, section, warnings)
    objects = objects_of(members)
    members["disclosure"] = disclosure_of(act, section, members, objects)
    sources = [Source(f"{name}.json", rfc8785.dumps(value)) for name, value in members.items()]
    sources += [Source(f"objects/{sha256}", act.store.path(sha256)) for sha256 in sorted(objects)]
    temp = act.store.temp / secrets.token_hex(16)
    try:
        with temp.open("xb") as out:
            manifest = write_container(
                out, section=section.code, built_at=iso(act.now), signer=act.signer, sources=sources
            )
        stored = act.store.adopt(temp)
    finally:
        temp.unlink(missing_ok=True)
    archive = Archive(
        section_id=section.id,
        section=section,
        sha256=stored.sha256,
        size=stored.size,
        contents=[member["path"] for member in manifest["members"]],
        built_at=act.now,
    )
    act.session.add(archive)
    act.session.flush()
    append(act, "archive.build", f"archive:{section.code}", {"sha256": stored.sha256, "size": stored.size})
    return archive


def collect(act: Act, section: Section, warnings: dict[str, Any]) -> dict[str, Any]:
    """Every JSON member of the archive by name, as docs/spec/archive.md describes them."""
    session = act.session
    opening = opening_queries.opening(session, section)
    expert_services.reveal_tables(act, experts.committee(session, section))
    for package in identity_packages(session, section):
        act.store.put(package)
    members = told_members(session, section, warnings)
    first = told_first_round(act, section)
    if first is not None:
        members["first_round"] = first
    members["ledger"] = proved_entries(act, section, opening, handed_down(section, warnings))
    members["trust"] = vouched_heads(act, section, opening)
    members["completeness"] = completeness(act, section, members)
    return members


def disclosure_of(act: Act, section: Section, members: dict[str, Any], objects: set[str]) -> dict[str, Any]:
    """Every part of the file as a salted leaf of its class, under a signed root: what exports show stays provable."""
    edition = disclosure.edition_at(iso(act.now))
    found = disclosure.parts(
        edition,
        [f"{name}.json" for name in members],
        lambda path: members[path.removesuffix(".json")],
        {sha256: act.store.size(sha256) for sha256 in objects},
    )
    salts = [act.chance(32).hex() for _ in found]
    return disclosure.disclosed(section.code, edition, found, salts, act.signer)


def handed_down(section: Section, warnings: dict[str, Any]) -> set[str]:
    """The ledger's subjects that the watchman hands down."""
    return {f"warning:{code}" for code in (section.code, *(warning["code"] for warning in warnings["warnings"]))}


def told_members(session: Session, section: Section, warnings: dict[str, Any]) -> dict[str, Any]:
    """Every JSON member but those that speak of the log; only reads."""
    opening = opening_queries.opening(session, section)
    committee = experts.committee(session, section)
    return {
        **told_round(session, section, opening),
        "draws": [_draw(session, draw, committee, opening) for draw in _draws(session, section)],
        "evaluation": committee.result,
        "bid_clarifications": _clarifications(session, committee),
        "opinions": _opinions(session, opening),
        "award": told_award(session, section),
        "selection": told_selection(session, section),
        "contracts": [told_contract(session, one) for one in contracts(session, section)],
        "recordings": told_recordings(session, section),
        "complaints": [told_complaint(session, one) for one in complaints(session, section)],
        "bonds": bond_record(session, bonded_section(session, section)),
        "credit": [
            {
                "stage": c.stage,
                "identifier": c.identifier,
                "name": c.name,
                "source": c.source,
                "checked_at": iso(c.checked_at),
                "checked_by": c.checked_by,
                "outcome": c.outcome,
                "decision": c.decision,
                "rule": c.rule,
                "evidence": c.evidence,
                "evidence_sha256": c.evidence_sha256,
            }
            for c in credit.checks(session, section.code)
        ],
        "credit_facts": [
            {**told_fact(one), "recorded_at": iso(one.recorded_at)} for one in credit.told_facts(session, section.code)
        ],
        "warnings": warnings,
        "reports": [
            {"kind": "opening_record", "sha256": opening.record_sha256},
            {"kind": "evaluation_report", "sha256": committee.report_sha256},
            *(
                {"kind": "superseded_evaluation_report", "sha256": sha256}
                for sha256 in queries.superseded_reports(session, committee.subject)
            ),
            *(
                {"kind": "selection_report", "sha256": one.report_sha256}
                for one in selections(session, queries.publicity(session, section))
                if one.report_sha256
            ),
            *(
                [{"kind": "first_opening_record", "sha256": opening.first_sitting["record_sha256"]}]
                if opening.first_sitting
                else []
            ),
            *({"kind": "later_opening_record", "sha256": one["record_sha256"]} for one in opening.later_sittings),
        ],
    }


def preview(session: Session, store: ObjectStore, section: Section, warnings: dict[str, Any], now: datetime) -> Judged:
    """What the file would hold if it were sealed now, against the list in force; nothing is written."""
    members = told_members(session, section, warnings)
    opening = opening_queries.opening(session, section)
    told = [entry.kind for entry in told_entries(session, section, opening, handed_down(section, warnings))]
    packages = {
        package_hash(package) for row in bidding.submissions(session, section) for package in row.identity.values()
    }
    return judged(store, section, members, told, iso(now), made=packages)


def _opinions(session: Session, opening: Opening) -> list[dict[str, Any]]:
    """What the reference opinions said of each bid (AI 预审), with pages and quotations; empty where none was made."""
    found = ((bid, experts.opinion_of(session, bid)) for bid in opening_queries.bids(session, opening))
    return [
        {
            "number": bid.number,
            "content": made.content,
            "program_sha256": made.program_sha256,
            "made_at": iso(made.made_at),
        }
        for bid, made in found
        if made is not None
    ]


def _draws(session: Session, section: Section) -> list[Draw]:
    return list(
        session.scalars(select(Draw).where(Draw.section == section.code, Draw.state == "concluded").order_by(Draw.id))
    )


def _draw(session: Session, draw: Draw, committee: Committee, opening: Opening) -> dict[str, Any]:
    held = record.nonces(session, draw)
    told: dict[str, Any] = {
        "label": draw.label,
        "parties": draw.parties,
        "parameters": draw.parameters,
        "commitments": {nonce.party: nonce.commitment for nonce in held},
        "reveals": {nonce.party: nonce.reveal for nonce in held},
        "extra": [],
        "candidates": draw.candidates,
        "list_digest": draw.list_digest,
        "seed": draw.seed,
        "outcome": draw.outcome,
    }
    if draw.label.startswith("coefficients:"):
        told["extra"] = [nonce["nonce"] for nonce in opening.coefficients["bid_nonces"]] if opening.coefficients else []
    else:
        told["round"] = next(held for held in committee.rounds if held["label"] == draw.label)
        told["specialities"] = told["round"]["specialities"]
        told["seats"] = committee.shape["seats"]
    return told


def _clarifications(session: Session, committee: Committee) -> list[dict[str, Any]]:
    """What the committee asked bidders, and what they answered, as it was signed."""
    return [
        {
            "question": experts.question_of(one),
            "state": one.state,
            "answer": experts.answer_of(one),
            "signature": one.signature,
            "answered_at": iso(one.answered_at) if one.answered_at else None,
        }
        for one in experts.bid_clarifications(session, committee)
    ]
