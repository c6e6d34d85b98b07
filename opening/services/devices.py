"""What is kept of the machines bids were made on: a key per project, and a record only the regulator's key opens."""

from __future__ import annotations

import hashlib

from accounts.rules import Role
from core.act import Act
from core.errors import Conflict, Forbidden
from core.ledger.log import append
from core.seal.age import check_recipient
from core.vault import seal_to
from opening import queries
from opening.models import Bid, DeviceRecord, RegulatorKey
from opening.rules.devices import raw_of

DOMAIN = b"sunbid-device-key/v1\n"


def device_key(act: Act, project: str) -> bytes:
    """The project's key for identifiers of machines: SHA-256 of the platform key's signature over domain and code.

    Ed25519 signs the same alike each time; nothing is stored, and who has no platform key has no project's key.
    """
    return hashlib.sha256(act.signer.sign(DOMAIN + project.encode())).digest()


def name_regulator_key(act: Act, recipient: str) -> RegulatorKey:
    """From here on what bids tell of their machines is sealed to this recipient (age1…), whose holder alone reads it.

    Records sealed to an earlier key stay as they are: only that one opens them. Conflict("regulator.named") for the
    key in force.
    """
    if not act.actor.has(Role.SUPERVISOR):
        raise Forbidden("regulator.supervisor")
    check_recipient(recipient)
    held = queries.regulator_key(act.session)
    if held is not None:
        if held.recipient == recipient:
            raise Conflict("regulator.named")
        held.withdrawn_at = act.now
    key = RegulatorKey(recipient=recipient, named_at=act.now, named_by=act.actor.name)
    act.session.add(key)
    act.session.flush()
    append(act, "regulator.name", "regulator:key", {"recipient": recipient, "actor": act.actor.name})
    return key


def keep_record(act: Act, bid: Bid, device: object) -> None:
    """Seal what the bid told of its machine to the regulator's key; without one, or without a word, nothing is kept."""
    held, raw = queries.regulator_key(act.session), raw_of(device)
    if held is None or not raw:
        return
    told = {"submission": bid.submission.digest, "device": raw}
    act.session.add(
        DeviceRecord(bid_id=bid.id, bid=bid, recipient=held.recipient, sealed=seal_to(held.recipient, told))
    )
    act.session.flush()
