"""Renewing the timestamps of closed files: the authority is asked outside any transaction, its answer kept in one."""

from __future__ import annotations

import base64
import hashlib

from sqlalchemy.orm import Session

from awards.models import Archive, Renewal
from awards.queries import archives
from awards.rules.renewal import body_of, kept_until, next_due
from bidding import queries as bidding
from core.act import SYSTEM, Act, Platform
from core.clock import iso
from core.errors import Conflict, Missing
from core.ledger.log import append
from core.timestamps import ask, check_token


def renew_archive(platform: Platform, code: str) -> Renewal:
    """Stamp the section's closed file anew and keep the token; Missing("timestamp.unreachable") without an answer."""
    authority = platform.trust.authority
    if authority is None:
        raise Missing("timestamp.unreachable", url="—", error="—")
    with platform.reading() as session:
        body, covered = _body(session, _held(session, code))
    token = ask(authority, body.encode()).token
    with platform.act(SYSTEM) as act:
        return keep_renewal(act, _held(act.session, code), token, covered)


def keep_renewal(act: Act, held: Archive, token: bytes, covered: int) -> Renewal:
    """Keep a token over the file as it stands; Conflict("archive.renewed") when another came first."""
    body, now_covered = _body(act.session, held)
    if covered != now_covered:
        raise Conflict("archive.renewed", section=held.section.code)
    authority = act.trust.authority
    said = check_token(token, body.encode(), authority.roots if authority else ())
    number = len(archives.renewals(act.session, held)) + 1
    made = Renewal(
        archive_id=held.id, number=number, layers=covered, authority=said.authority, stamped_at=said.at,
        token=base64.b64encode(token).decode(), kept_at=act.now,
    )  # fmt: skip
    held.renew_at = min(next_due(act.now), kept_until(held.built_at))
    act.session.add(made)
    act.session.flush()
    facts = {"number": number, "token_sha256": hashlib.sha256(token).hexdigest(), "at": iso(said.at)}
    append(act, "archive.renew", f"archive:{held.section.code}", facts)
    return made


def _body(session: Session, held: Archive) -> tuple[str, int]:
    layers = archives.layers(session, held)
    before = archives.renewals(session, held)
    token = hashlib.sha256(base64.b64decode(before[-1].token)).hexdigest() if before else None
    return body_of(held.section.code, len(before) + 1, held.sha256, layers, token), len(layers)


def _held(session: Session, code: str) -> Archive:
    held = archives.archive(session, bidding.section(session, code))
    if held is None:
        raise Missing("object.unknown")
    return held
