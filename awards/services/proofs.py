"""What the log says of a section for its archive: its entries with proofs, and what outsiders put under the heads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from bidding import queries as bidding
from bidding.models import Section
from bidding.queries.bonds import bonded_section
from core.act import Act
from core.draw.record import Draw
from core.ledger.log import LedgerEntry, consistency, entries_of, head_of_size, inclusion, signed_head
from core.ledger.vouching import first_stamped, vouched
from core.timestamps import root_fingerprint
from experts import queries as experts
from experts.models import Member, Sheet
from opening import queries as opening_queries
from opening.models import Opening


def proved_entries(act: Act, section: Section, opening: Opening, handed_down: set[str]) -> dict[str, Any]:
    """Every entry on the section's own things and on `handed_down` subjects, each with its proof in a fresh head."""
    return proved(act, opening, told_entries(act.session, section, opening, handed_down))


def proved(act: Act, opening: Opening, entries: Sequence[LedgerEntry]) -> dict[str, Any]:
    """The entries with their proofs in a fresh head, and that the opening's closing head is a beginning of it."""
    session, head = act.session, signed_head(act)
    return {
        "checkpoint": head.note,
        "closing": opening.closing_note,
        "consistency": consistency(session, opening.closing_size, head.size),
        "entries": [
            {**entry.told(), "proof": inclusion(session, entry.leaf_index, head.size)}
            for entry in sorted(entries, key=lambda entry: entry.leaf_index)
        ],
    }


def vouched_heads(act: Act, section: Section, opening: Opening) -> dict[str, Any]:
    """What outsiders have put under the heads that matter: each submission's, the closing's and the record's."""
    session, size = act.session, signed_head(act).size
    authority = act.trust.authority
    named = (opening.vouchers or {}).get("timestamp_roots", [])
    roots = [root for root in (authority.roots if authority else ()) if root_fingerprint(root) in named]
    wanted = {row["size"] for kind in ("cosignatures", "timestamps") for row in (opening.cover or {}).get(kind, [])}
    covered = [row.leaf_index for row in bidding.submissions(session, section)]
    covered += [entry.leaf_index for subject in opening.subjects for entry in entries_of(session, subject)]
    stamped = (first_stamped(session, index + 1) for index in covered)
    wanted |= {head.size for head in stamped if head is not None and head.size <= size}
    return {
        "roots": [root.public_bytes(Encoding.PEM).decode() for root in roots],
        "heads": [
            {
                **vouched(session, head_of_size(session, leaves)).told(),
                "consistency": consistency(session, leaves, size),
            }
            for leaves in sorted(wanted)
        ],
    }


def told_entries(session: Session, section: Section, opening: Opening, handed_down: set[str]) -> list[LedgerEntry]:
    """Every entry on the section's own things and on `handed_down` subjects, and its submissions' commitments."""
    code = section.code
    committee = experts.committee(session, section)
    bonded = bonded_section(session, section)
    rows = bidding.submissions(session, section)
    subjects = {
        section.subject,
        *opening.subjects,
        committee.subject,
        f"publicity:{code}",
        f"project:{section.project.code}",
    }
    subjects |= handed_down | {row.subject for row in rows}
    subjects |= {bid.subject for bid in opening_queries.bids(session, opening)}
    subjects |= {draw.subject for draw in session.scalars(select(Draw).where(Draw.section == code))}
    subjects |= {asked.subject for asked in experts.bid_clarifications(session, committee)}
    subjects |= {asked.subject for asked in experts.rollbacks(session, committee)}
    members = list(session.scalars(select(Member).where(Member.committee_id == committee.id)))
    subjects |= {member.subject for member in members}
    for sheet in session.scalars(select(Sheet).where(Sheet.member_id.in_([member.id for member in members]))):
        subjects.add(sheet.subject)
    return list(
        session.scalars(
            select(LedgerEntry).where(
                or_(
                    LedgerEntry.subject.in_(subjects),
                    LedgerEntry.leaf_index.in_([row.leaf_index for row in rows]),
                    LedgerEntry.subject.startswith(f"objection:{code}:", autoescape=True),
                    LedgerEntry.subject.startswith(f"selection:{code}:", autoescape=True),
                    LedgerEntry.subject.startswith(f"contract:{code}:", autoescape=True),
                    LedgerEntry.subject.startswith(f"recording:{code}:", autoescape=True),
                    LedgerEntry.subject.startswith(f"complaint:{code}:", autoescape=True),
                    LedgerEntry.subject.startswith(f"bond:{bonded.code}:", autoescape=True),
                    LedgerEntry.subject.startswith(f"direct:{code}:", autoescape=True),
                    LedgerEntry.subject.startswith(f"consultation:experts:{code}:", autoescape=True),
                    LedgerEntry.subject.startswith(f"masked:{code}:", autoescape=True),
                )
            )
        )
    )


def round_entries(session: Session, section: Section, opening: Opening) -> list[LedgerEntry]:
    """Every entry of a round that was followed by final offers: of its section, opening, submissions and bids."""
    rows = bidding.submissions(session, section)
    subjects = {section.subject, *opening.subjects, *(row.subject for row in rows)}
    subjects |= {bid.subject for bid in opening_queries.bids(session, opening)}
    return list(
        session.scalars(
            select(LedgerEntry).where(
                or_(LedgerEntry.subject.in_(subjects), LedgerEntry.leaf_index.in_([row.leaf_index for row in rows]))
            )
        )
    )
