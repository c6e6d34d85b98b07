"""Reads of sealed packages and their layers: what is stored, what was peeled, what a key holder still has to do."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bidding import queries as bidding
from bidding.models import Submission
from core.act import Actor
from core.errors import Missing
from core.seal import trustee_sets
from core.store import ObjectStore
from opening.models import Bid, Opening, Peel, PeelFault
from opening.queries.cover import check_covered
from opening.queries.opening import bids, closed_submissions, is_trustee, own_bids
from opening.rules import BIDDER_SET, IDENTITY, is_final, peeler


@dataclass(frozen=True)
class Task:
    """One layer that `role` is asked to take off: of which submission and package, and its bytes."""

    submission: str
    package: str
    set_name: str
    stage: int
    role: str
    content: bytes

    def as_json(self) -> dict[str, object]:
        """The task for the key holder's client; `content` in base64."""
        return {
            "submission": self.submission,
            "package": self.package,
            "set": self.set_name,
            "stage": self.stage,
            "role": self.role,
            "content": base64.b64encode(self.content).decode("ascii"),
        }


def policy_of(session: Session, submission: Submission) -> dict[str, Any]:
    """The policy version the submission was sealed for."""
    return dict(bidding.policy_of(session, submission).content)


def package_bytes(store: ObjectStore, submission: Submission, package: str, set_name: str) -> bytes:
    """The sealed package as submitted; Missing("peel.package") where the submission has none such."""
    if package == IDENTITY:
        held = submission.identity.get(set_name)
        if held is None:
            raise Missing("peel.package", package=package, set=set_name)
        return base64.b64decode(held)
    parts = submission.content.get("envelopes", {}).get(package, {})
    key = parts.get("keys", {}).get(set_name)
    if key is None:
        raise Missing("peel.package", package=package, set=set_name)
    return store.read(key["sha256"])


def layers(session: Session, submission: Submission, package: str, set_name: str) -> dict[int, Peel]:
    """The layers already taken off this package, by stage."""
    held = session.scalars(
        select(Peel).where(Peel.submission_id == submission.id, Peel.package == package, Peel.set_name == set_name)
    )
    return {peel.stage: peel for peel in held}


def final_layer(session: Session, submission: Submission, package: str) -> Peel | None:
    """The innermost layer of a package by whichever set came first; None while it is sealed."""
    held = session.scalars(
        select(Peel).where(Peel.submission_id == submission.id, Peel.package == package).order_by(Peel.id)
    )
    return next((peel for peel in held if is_final(peel.set_name, peel.stage)), None)


def faults_of(session: Session, submission: Submission, package: str | None = None) -> list[PeelFault]:
    """What went wrong with a submission's layers, oldest first."""
    query = select(PeelFault).where(PeelFault.submission_id == submission.id).order_by(PeelFault.id)
    if package is not None:
        query = query.where(PeelFault.package == package)
    return list(session.scalars(query))


def unreadable(session: Session, submission: Submission, package: str) -> bool:
    """Whether two different key holders found that the package does not open: then it is the bidder's package.

    One alone may be lying or mistaken; two together could open every bid anyway.
    """
    return len({fault.by for fault in faults_of(session, submission, package)}) >= 2


def peel_tasks(
    session: Session, store: ObjectStore, found: Opening, actor: Actor, role: str, *, again: bool = False
) -> list[Task]:
    """The layers that the actor, in `role` ("bidder" or a trustee's), may take off now; innermost layers first.

    Identity packages while the opening stands at `closed`; a bidder's own packages while the window is open; the
    tenderee's half of what bidders released; and for a bid whose remedy is the trustees, every set of theirs. A layer
    this role has failed at is left out, unless it wants to try `again`.
    """
    tasks = [task for task in _tasks(session, store, found, actor, role) if again or not _failed_at(session, task)]
    return sorted(tasks, key=lambda task: -task.stage)


def has_tasks(session: Session, found: Opening, actor: Actor, role: str) -> bool:
    """Whether `peel_tasks` has any; no package is read."""
    return any(not _failed_at(session, task) for task in _tasks(session, None, found, actor, role))


def _tasks(session: Session, store: ObjectStore | None, found: Opening, actor: Actor, role: str) -> Iterator[Task]:
    if role == "bidder":
        if found.state == "decrypt_open":
            for bid in own_bids(session, found, actor):
                yield from _of_bid(session, store, found, bid, role, [BIDDER_SET])
        return
    if not is_trustee(session, found.section, actor, role):
        return
    if found.state == "closed":
        check_covered(found)
        for submission in closed_submissions(session, found):
            if final_layer(session, submission, IDENTITY) is None:
                sets = trustee_sets(policy_of(session, submission))
                yield from _of_package(session, store, submission, IDENTITY, sets, role)
    elif found.state in ("decrypt_open", "trustee_fallback"):
        for bid in bids(session, found):
            sets = [BIDDER_SET]
            if bid.remedy == "trustees" and found.state == "trustee_fallback":
                sets += trustee_sets(policy_of(session, bid.submission))
            yield from _of_bid(session, store, found, bid, role, sets)


def _of_bid(
    session: Session, store: ObjectStore | None, found: Opening, bid: Bid, role: str, sets: list[str]
) -> Iterator[Task]:
    if bid.state != "sealed":
        return
    for envelope in found.due(bid.submission):
        if final_layer(session, bid.submission, envelope) is None:
            yield from _of_package(session, store, bid.submission, envelope, sets, role)


def _of_package(
    session: Session, store: ObjectStore | None, submission: Submission, package: str, sets: list[str], role: str
) -> Iterator[Task]:
    for set_name in sets:
        held = layers(session, submission, package, set_name)
        stage = len(held)
        if stage > set_name.count("+") or peeler(set_name, stage) != role:
            continue
        if store is None:
            content = b""
        elif stage:
            content = base64.b64decode(held[stage - 1].content)
        else:
            content = package_bytes(store, submission, package, set_name)
        yield Task(submission.digest, package, set_name, stage, role, content)


def _failed_at(session: Session, task: Task) -> bool:
    return (
        session.scalar(
            select(PeelFault.id)
            .join(Submission, PeelFault.submission_id == Submission.id)
            .where(
                Submission.digest == task.submission,
                PeelFault.package == task.package,
                PeelFault.set_name == task.set_name,
                PeelFault.stage == task.stage,
                PeelFault.by == task.role,
            )
            .limit(1)
        )
        is not None
    )
