"""A draw on record: announced, committed, frozen, revealed, drawn, each step in the ledger."""

from __future__ import annotations

from typing import Any, ClassVar

from sqlalchemy import ForeignKey, String, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from core.act import Act
from core.db import Base, Json, Row, Staged
from core.draw import mechanism
from core.errors import Conflict, Invalid, Missing
from core.ledger.log import append
from core.machine import Lifecycle, advance, move

LIFECYCLE = Lifecycle(
    "draw",
    "announced",
    {
        "freeze": move("announced", "frozen"),
        "conclude": move("frozen", "concluded"),
        "void": move(("announced", "frozen"), "void"),
    },
)


class Draw(Base, Staged):
    """One draw: its label, the parties that must commit, the frozen candidate list, the published seed."""

    __tablename__ = "draw"
    lifecycle: ClassVar[Lifecycle] = LIFECYCLE

    label: Mapped[str] = mapped_column(String(160), unique=True)
    section: Mapped[str] = mapped_column(String(60), index=True)
    parameters: Mapped[Any] = mapped_column(Json)
    parties: Mapped[Any] = mapped_column(Json)
    candidates: Mapped[Any | None] = mapped_column(Json)
    list_digest: Mapped[str | None] = mapped_column(String(64))
    seed: Mapped[str | None] = mapped_column(String(64))
    outcome: Mapped[Any | None] = mapped_column(Json)

    @property
    def subject(self) -> str:
        """The draw's name in the ledger."""
        return f"draw:{self.label}"


class DrawNonce(Base, Row):
    """One party's commitment and, later, its reveal."""

    __tablename__ = "draw_nonce"
    __table_args__ = (UniqueConstraint("draw_id", "party"),)

    draw_id: Mapped[int] = mapped_column(ForeignKey("draw.id"))
    party: Mapped[str] = mapped_column(String(120))
    commitment: Mapped[str] = mapped_column(String(64))
    reveal: Mapped[str | None] = mapped_column(String(64))


def draw(session: Session, label: str) -> Draw:
    """The draw of that label, or Missing."""
    found = session.scalar(select(Draw).where(Draw.label == label))
    if found is None:
        raise Missing("draw.unknown", label=label)
    return found


def nonces(session: Session, found: Draw) -> list[DrawNonce]:
    """The draw's commitments and reveals, by party."""
    return list(session.scalars(select(DrawNonce).where(DrawNonce.draw_id == found.id).order_by(DrawNonce.party)))


def announce_draw(act: Act, *, label: str, section: str, parties: list[str], parameters: Any) -> Draw:
    """Publish that a draw will be held, by which parties' nonces and with which parameters."""
    announced = Draw(
        label=label,
        section=section,
        parties=sorted(parties),
        parameters=parameters,
        state="announced",
        state_at=act.now,
    )
    act.session.add(announced)
    act.session.flush()
    append(act, "draw.announce", announced.subject, {"parties": announced.parties, "parameters": parameters})
    return announced


def commit_nonce(act: Act, found: Draw, party: str, commitment: str) -> None:
    """Record a party's commitment; once, and only before the list is frozen.

    Raises Forbidden-like Invalid("draw.party") for a party the draw does not name, Conflict("draw.committed") the
    second time, Conflict("draw.state") after the freeze.
    """
    if party not in found.parties:
        raise Invalid("draw.party", party=party)
    if found.state != "announced":
        raise Conflict("draw.state", verb="commit", state=found.state, subject=found.subject)
    if any(nonce.party == party for nonce in nonces(act.session, found)):
        raise Conflict("draw.committed", party=party)
    if len(commitment) != 64 or not set(commitment) <= set("0123456789abcdef"):
        raise Invalid("draw.commitment", field="commitment", party=party)
    act.session.add(DrawNonce(draw_id=found.id, party=party, commitment=commitment))
    append(act, "draw.commit", found.subject, {"party": party, "commitment": commitment})


def freeze_candidates(act: Act, found: Draw, candidates: list[str]) -> None:
    """Freeze the candidate list after every party has committed; its hash goes into the ledger."""
    missing = sorted(set(found.parties) - {nonce.party for nonce in nonces(act.session, found)})
    if missing:
        raise Conflict("draw.uncommitted", parties=missing)
    if not candidates:
        raise Invalid("draw.no_candidates", label=found.label)
    found.candidates = sorted(candidates)
    found.list_digest = mechanism.list_digest(candidates)
    advance(act, found, "freeze", list_digest=found.list_digest, size=len(candidates))


def reveal_nonce(act: Act, found: Draw, party: str, nonce: bytes) -> None:
    """Record a party's nonce after the freeze; Invalid("draw.reveal") when it does not open the commitment."""
    if found.state != "frozen":
        raise Conflict("draw.state", verb="reveal", state=found.state, subject=found.subject)
    held = next((item for item in nonces(act.session, found) if item.party == party), None)
    if held is None:
        raise Invalid("draw.party", party=party)
    if len(nonce) != 32 or mechanism.nonce_commitment(nonce) != held.commitment:
        raise Invalid("draw.reveal", party=party)
    held.reveal = nonce.hex()
    append(act, "draw.reveal", found.subject, {"party": party, "nonce": nonce.hex()})


def published_seed(act: Act, found: Draw, extra: list[bytes] | None = None) -> bytes:
    """Compute and keep the seed once every party has revealed; `extra` nonces (sealed in opened bids) join in.

    Raises Conflict("draw.unrevealed") naming the parties still silent.
    """
    held = nonces(act.session, found)
    silent = [nonce.party for nonce in held if nonce.reveal is None]
    if silent:
        raise Conflict("draw.unrevealed", parties=silent)
    value = mechanism.seed(found.label, [*(bytes.fromhex(str(nonce.reveal)) for nonce in held), *(extra or [])])
    found.seed = value.hex()
    return value
