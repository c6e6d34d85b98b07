"""The evidence of a lead on paper, and what its scan was made from as one file: both ledgered when they are taken."""

from __future__ import annotations

import hashlib
import tarfile
from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import cache
from typing import Any

import jinja2
import rfc8785
from sqlalchemy.orm import Session

from collusion import queries
from collusion.models import Warning
from collusion.rules import material as materials
from core.act import Act
from core.clock import BEIJING, from_iso, iso
from core.errors import Missing
from core.ledger.log import append
from core.render.papers import paper_templates
from core.render.pdf import Attachment, render_pdf
from core.store import ObjectStore

FORMAT = "sunbid-lead/v1"
MOST_PASSAGES = 20


@cache
def _pages() -> jinja2.Environment:
    return paper_templates(
        beijing=lambda text: f"{from_iso(text).astimezone(BEIJING):%Y-%m-%d %H:%M:%S}" if text else "—",
        percent=lambda value: f"{100 * value:.3g}%",
        marked=marked,
    )


def marked(side: dict[str, Any]) -> list[tuple[str, str]]:
    """A passage's text in parts: ("equal" | "explained" | "", text)."""
    text, kind = side["text"], [""] * len(side["text"])
    for name, spans in (("explained", side["explained"]), ("equal", side["equal"])):
        for start, end in spans:
            kind[start:end] = [name] * (end - start)
    parts: list[tuple[str, str]] = []
    for letter, name in zip(text, kind, strict=True):
        if parts and parts[-1][0] == name:
            parts[-1] = (name, parts[-1][1] + letter)
        else:
            parts.append((name, letter))
    return parts


def lead_facts(session: Session, found: Warning) -> dict[str, Any]:
    """Everything the paper says, as data: the card as it was raised, what people did since, how to make it again."""
    made = queries.scan_behind(session, found)
    if made is None:
        raise Missing("material.none")
    return {
        "format": FORMAT,
        "code": found.code,
        "section": {"code": found.section.code, "name": found.section.name},
        "ring": found.ring,
        "tier": found.tier,
        "state": found.state,
        "raised_at": iso(found.raised_at),
        "scanned_at": iso(made.scanned_at),
        "card": found.card,
        "decision": found.decision,
        "decided_at": iso(found.decided_at) if found.decided_at else None,
        "proposal": found.proposal,
        "materials": [
            {
                "bidder": one.bidder,
                "question": one.question,
                "asked_at": iso(one.asked_at),
                "answer": one.answer,
                "answered_at": iso(one.answered_at) if one.answered_at else None,
                "files": [file["sha256"] for file in one.files],
            }
            for one in queries.materials(session, found)
        ],
        "machine_links": [
            {"reason": link.reason, "asked_at": iso(link.asked_at), "answer": link.answer, "sha256": link.answer_sha256}
            for link in queries.device_links(session, found)
        ],
        "result_sha256": made.result_sha256,
        "material": made.material,
        "command": materials.command_line(made.material) if made.material else None,
        "rescans": found.card.get("rescans", []),
        "opened_later": [
            {"number": bid.number, "name": bid.name} for bid in queries.opened_later(session, found.section)
        ],
    }


def render_lead(
    facts: dict[str, Any], result: dict[str, Any], *, at: datetime, extra: Sequence[Attachment] = ()
) -> bytes:
    """The PDF of a lead, its facts and the scan's result attached as JSON; equal facts, equal pages."""
    html = _pages().get_template("collusion/lead_print.html").render(
        facts=facts, at=iso(at), locale="zh", most_passages=MOST_PASSAGES
    )  # fmt: skip
    attached = [
        Attachment("lead.json", rfc8785.dumps(facts), "线索数据（RFC 8785）", at),
        Attachment(materials.RESULT, rfc8785.dumps(result), "筛查结果（RFC 8785），复现命令得到同样的字节", at),
    ]
    return render_pdf(html, attachments=[*attached, *extra])


def note_paper(act: Act, found: Warning, pdf: bytes) -> str:
    """Note in the ledger who took the evidence of a lead away, and the paper's SHA-256, which is returned."""
    sha256 = hashlib.sha256(pdf).hexdigest()
    append(act, "warning.paper", found.subject, {"by": act.actor.name, "sha256": sha256, "size": len(pdf)})
    return sha256


def take_material(act: Act, found: Warning) -> dict[str, Any]:
    """What the scan of a lead was made from; Missing("material.none") for scans of before it was kept. Ledgered."""
    made = queries.scan_behind(act.session, found)
    if made is None or not made.material:
        raise Missing("material.none")
    append(act, "warning.material", found.subject, {"by": act.actor.name, "result_sha256": made.result_sha256})
    return dict(made.material)


def packed(store: ObjectStore, held: dict[str, Any], result: bytes) -> Iterator[bytes]:
    """A tar of everything a scan read, its result, and the command as a script; equal material, equal bytes."""
    script = (
        f'#!/bin/sh\nset -e\ncd "$(dirname "$0")"\n{materials.command_line(held)}\nsha256sum scan.json result.json\n'
    )
    told = {"reproduce.sh": script.encode(), "result.json": result}
    for path, content in told.items():
        yield _head(path, len(content)) + content + bytes(-len(content) % tarfile.BLOCKSIZE)
    for path, sha256 in sorted(materials.paths(held).items()):
        size = store.size(sha256)
        yield _head(path, size)
        with store.open(sha256) as stream:
            while chunk := stream.read(1 << 20):
                yield chunk
        yield bytes(-size % tarfile.BLOCKSIZE)
    yield bytes(2 * tarfile.BLOCKSIZE)


def _head(path: str, size: int) -> bytes:
    info = tarfile.TarInfo(path)
    info.size, info.mode = size, 0o755 if path.endswith(".sh") else 0o644
    return info.tobuf(tarfile.PAX_FORMAT)


__all__ = ["lead_facts", "marked", "note_paper", "packed", "render_lead", "take_material"]
