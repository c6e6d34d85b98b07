"""The opening record: drawn up from the facts, printed, signed by the platform, published, and handed over (R-260)."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any

import jinja2
import rfc8785

from accounts.queries import certificates, person_by_id
from accounts.rules import verify_signature
from bidding import services as bidding_services
from core import money
from core.act import Act
from core.board import publish_notice
from core.clock import BEIJING, from_iso, iso
from core.errors import Conflict, Invalid
from core.ledger.log import append
from core.machine import advance
from core.render.papers import paper_templates
from core.render.pdf import Attachment, render_pdf
from opening import queries
from opening.models import Opening
from opening.rules import record_message
from opening.services.preconditions import check_conditions
from opening.services.reading import sitting_name


@cache
def _pages() -> jinja2.Environment:
    return paper_templates(
        fen=money.grouped,
        upper=money.upper,
        beijing=_beijing,
        clock=lambda text: _beijing(text)[-8:] if text else "—",
    )


def _beijing(text: str | None) -> str:
    """`2026-11-21 09:30:00` in Beijing for an instant as `iso` writes it; a dash for none."""
    return f"{from_iso(text).astimezone(BEIJING):%Y-%m-%d %H:%M:%S}" if text else "—"


def render_record(facts: dict[str, Any], *, at: datetime, extra: Sequence[Attachment] = ()) -> bytes:
    """The record's PDF from `queries.record_facts`, the facts themselves attached as JSON; equal facts, equal pages."""
    html = _pages().get_template("opening/record_print.html").render(facts=facts, at=iso(at), locale="zh")
    data = Attachment("opening-record.json", rfc8785.dumps(facts), "开标记录数据（RFC 8785）", at)
    return render_pdf(html, attachments=[data, *extra])


def sign_record(act: Act, opening: Opening, pdf: bytes | None = None, facts: dict[str, Any] | None = None) -> None:
    """Sign and publish the opening record; afterwards the PDF is stored, public, and its hash is in the ledger.

    Pages take a second to print, so a caller may bring `pdf` with the `facts` it was printed from; if anything has
    changed since, Conflict("record.changed"). Refused while an objection is unanswered (R-259).
    """
    check_conditions(act, opening, "sign_record")
    section = opening.section
    now_facts = queries.record_facts(act.session, section)
    if facts is not None and facts != now_facts:
        raise Conflict("record.changed", section=section.code)
    stored = act.store.put(pdf if pdf is not None and facts is not None else render_record(now_facts, at=act.now))
    opening.record = now_facts
    opening.record_sha256 = stored.sha256
    opening.record_signatures = [
        {
            "by": act.signer.verifier.name,
            "key": str(act.signer.verifier),
            "signature": act.signer.sign(record_message(stored.sha256)).hex(),
            "at": iso(act.now),
        }
    ]
    advance(
        act,
        opening,
        "sign_record",
        record_sha256=stored.sha256,
        facts_sha256=hashlib.sha256(rfc8785.dumps(now_facts)).hexdigest(),
        signatures=opening.record_signatures,
        signed_by=act.actor.name,
    )
    publish_notice(
        act,
        kind="opening_record",
        subject=section.subject,
        title=f"{section.project.name}（{section.name}）{sitting_name(opening)}开标记录",
        content={
            "section": section.code,
            "record": now_facts,
            "record_sha256": stored.sha256,
            "signatures": opening.record_signatures,
        },
        attachments=[{"name": _file(opening), "sha256": stored.sha256, "size": stored.size}],
    )


def _file(opening: Opening) -> str:
    return f"opening-record-{opening.section.code}{f'-{opening.sitting}' if opening.sitting > 1 else ''}.pdf"


def cosign_record(act: Act, opening: Opening, *, signature: str | None = None) -> None:
    """A supervisor signs the record's hash too: with their certificate's key, or by the sign-in they came with.

    `signature` (base64 DER) over `rules.record_message` must be of one of the person's own certificates; without one
    the platform attests that this signed-in person confirmed the hash. Once per person: Conflict("record.cosigned").
    It stops nothing and nobody needs it to go on.
    """
    if opening.record_sha256 is None or not act.actor.has("supervisor"):
        raise Conflict("record.unsigned", section=opening.section.code)
    if any(held.get("login") == act.actor.name for held in opening.record_signatures):
        raise Conflict("record.cosigned")
    person = person_by_id(act.session, act.actor.person_id or 0)
    entry = {"by": person.name, "login": act.actor.name, "role": "supervisor", "at": iso(act.now)}
    if signature is None:
        entry["method"] = "sign_in"
    else:
        fingerprint = _own_certificate(act, signature, record_message(opening.record_sha256))
        entry |= {"method": "certificate", "certificate": fingerprint, "signature": signature}
    opening.record_signatures = [*opening.record_signatures, entry]
    append(
        act, "opening.cosign_record", opening.subject, {"record_sha256": opening.record_sha256, "cosignature": entry}
    )
    act.session.flush()


def _own_certificate(act: Act, signature: str, message: bytes) -> str:
    """The fingerprint of the actor's own valid certificate that made the signature; Invalid("record.signature")."""
    for certificate in certificates(act.session, act.actor.person_id or 0):
        good = certificate.revoked_at is None and certificate.not_before <= act.now < certificate.not_after
        try:
            if good and verify_signature(certificate.pem, base64.b64decode(signature, validate=True), message):
                return str(certificate.fingerprint)
        except ValueError:
            break
    raise Invalid("record.signature", field="signature")


def hand_over(act: Act, opening: Opening) -> None:
    """Hand the opened bids over to evaluation: the section is opened, the hall is done or waits for a second sitting.

    The second sitting's bids go to the committee that has been at work since the first.
    """
    advance(act, opening, "hand_over")
    if opening.sitting == 1:
        bidding_services.mark_opened(act, opening.section, record_sha256=opening.record_sha256)
