"""How a closing head is covered by outsiders: which witnesses have cosigned it, which authority has stamped it."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from typing import Any

from sqlalchemy import exists, select
from sqlalchemy.orm import Session, object_session

from core.clock import iso
from core.errors import Conflict
from core.ledger.cosignatures import Cosigner
from core.ledger.vouching import HeadStamp, first_cosigned, first_stamped, vouched
from opening.models import Opening

TIMESTAMP = "timestamp"
"""The name of the authority's part among the parties a closing waits for."""


@dataclass(frozen=True)
class Cover:
    """Who has put their word under a closing head so far, and who is still missing."""

    cosignatures: list[dict[str, Any]]
    timestamps: list[dict[str, Any]]
    missing: list[str]

    def told(self) -> dict[str, Any]:
        """As the ledger tells it."""
        return {"cosignatures": self.cosignatures, "timestamps": self.timestamps, "missing": self.missing}


def cover(session: Session, found: Opening) -> Cover:
    """What outsiders have said of the closing head, or of a later head that contains it."""
    wanted = found.vouchers or {"witnesses": [], "timestamp_roots": []}
    cosignatures, timestamps, missing = [], [], []
    for spelled in wanted["witnesses"]:
        name = Cosigner.parse(spelled).name
        held = first_cosigned(session, found.closing_size, name)
        if held is None:
            missing.append(name)
        else:
            cosignatures.append({"witness": name, "size": held.size, "at": iso(held.cosigned_at)})
    if wanted["timestamp_roots"]:
        head = first_stamped(session, found.closing_size)
        if head is None:
            missing.append(TIMESTAMP)
        else:
            timestamps = [
                {
                    "authority": stamp.authority,
                    "size": stamp.size,
                    "at": iso(stamp.stamped_at),
                    "sha256": hashlib.sha256(base64.b64decode(stamp.token)).hexdigest(),
                }
                for stamp in vouched(session, head).stamps
            ]
    return Cover(cosignatures, timestamps, missing)


def check_covered(found: Opening) -> None:
    """Refuse to hand out any package before the closing is covered: Conflict("opening.uncovered") (SEALING §5.1)."""
    if found.state == "closed" and found.cover is None:
        session = object_session(found)
        missing = cover(session, found).missing if session is not None else []
        raise Conflict("opening.uncovered", section=found.section.code, missing=missing)


def uncovered(session: Session) -> list[Opening]:
    """Openings still at `closed` whose cover is not on record yet."""
    return [
        found
        for found in session.scalars(select(Opening).where(Opening.state == "closed").order_by(Opening.id))
        if found.cover is None
    ]


def unstamped_closings(session: Session) -> list[Opening]:
    """Openings still at `closed` whose closing head no token covers: they are stamped at once, outside the beat."""
    stamped = exists().where(HeadStamp.size >= Opening.closing_size)
    return list(session.scalars(select(Opening).where(Opening.state == "closed", ~stamped).order_by(Opening.id)))
