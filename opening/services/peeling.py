"""Layers: a key holder hands in what is left of a package; wrong ones are put on record with who handed them in."""

from __future__ import annotations

import base64
import hashlib

from bidding.models import Submission
from core.act import Act
from core.errors import Conflict, Forbidden, Invalid, Missing, Untimely
from core.ledger.log import append
from core.seal import package_hashes, policy_sets, read_identity, trustee_sets
from core.seal import release as released_secret
from opening import queries
from opening.models import Bid, Opening, Peel, PeelFault
from opening.queries.layers import layers
from opening.rules import BIDDER_SET, IDENTITY, check_layer, check_state, is_final, peeler


def peel_layer(
    act: Act,
    opening: Opening,
    submission: Submission,
    package: str,
    set_name: str,
    stage: int,
    content: bytes,
    role: str,
) -> Peel | PeelFault:
    """Take in what `role` found inside layer `stage` of a package; a `PeelFault` on record where it cannot be that.

    An innermost layer is proved at once: an identity by its bindings and signature, an envelope's secret by the
    committed `bid_recipient`. An outer layer is proved in form and size only; whether it opens the next holder says
    (`report_fault`). The same layer again is the same answer. A wrong plaintext that two holders hand in alike was
    sealed so by the bidder: it is taken in with its fault. Nothing of a package outside the closed set, outside its
    stage of the day, or by anyone but its key holder is taken: Missing, Forbidden, Conflict, Untimely.
    """
    _check_allowed(act, opening, submission, package, set_name, stage, role)
    held = layers(act.session, submission, package, set_name)
    if stage in held:
        if base64.b64decode(held[stage].content) == content:
            return held[stage]
        raise Conflict("peel.done", package=package, set=set_name, stage=stage)
    if stage and stage - 1 not in held:
        raise Conflict("peel.order", package=package, set=set_name, stage=stage)
    outer = (
        base64.b64decode(held[stage - 1].content)
        if stage
        else queries.package_bytes(act.store, submission, package, set_name)
    )
    fault = None
    try:
        if is_final(set_name, stage):
            _prove(act, opening, submission, package, content)
        else:
            check_layer(outer, content)
    except Invalid as refusal:
        fault = refusal.code
        if not (package == IDENTITY and is_final(set_name, stage) and _agreed(act, submission, content, role)):
            return _keep_fault(act, opening, submission, package, set_name, stage, role, refusal.code, content)
    peel = Peel(
        submission_id=submission.id,
        package=package,
        set_name=set_name,
        stage=stage,
        by=role,
        content=base64.b64encode(content).decode("ascii"),
        fault=fault,
        peeled_at=act.now,
    )
    act.session.add(peel)
    act.session.flush()
    append(
        act,
        "opening.peel",
        opening.subject,
        {
            "submission": submission.digest,
            "package": package,
            "set": set_name,
            "stage": stage,
            "by": role,
            "actor": act.actor.name,
            "sha256": hashlib.sha256(content).hexdigest(),
        },
    )
    return peel


def release(act: Act, opening: Opening, bid: Bid, layers_of: dict[str, bytes]) -> list[Peel | PeelFault]:
    """Take in a bidder's own layer of every envelope of this sitting, {envelope: what is left}; the tenderee's follows.

    Raises Invalid("release.incomplete") unless exactly those are there: a sitting's part is released as a whole.
    """
    queries.check_own_bid(act.session, opening, act.actor, bid.submission.digest)
    _check_stage(act, opening, bid, BIDDER_SET, "bidder")
    wanted = set(opening.due(bid.submission))
    if set(layers_of) != wanted:
        raise Invalid("release.incomplete", field="layers", missing=", ".join(sorted(wanted - set(layers_of))))
    results = [
        peel_layer(act, opening, bid.submission, envelope, BIDDER_SET, 0, content, "bidder")
        for envelope, content in sorted(layers_of.items())
    ]
    if all(isinstance(result, Peel) for result in results):
        append(act, "bid.release", bid.subject, {"by": act.actor.name, "envelopes": sorted(wanted)})
    return results


def report_fault(
    act: Act,
    opening: Opening,
    submission: Submission,
    package: str,
    set_name: str,
    stage: int,
    role: str,
    code: str,
) -> PeelFault:
    """Put on record that `role` cannot take off layer `stage`; what the holder before handed in is taken back.

    So the holder before may hand in the right layer, and another set may be tried at once.
    """
    _check_allowed(act, opening, submission, package, set_name, stage, role)
    if not code.startswith("seal.") or len(code) > 60:
        raise Invalid("peel.code", field="code")
    held = layers(act.session, submission, package, set_name)
    if stage in held:
        raise Conflict("peel.done", package=package, set=set_name, stage=stage)
    if stage and stage - 1 not in held:
        raise Conflict("peel.order", package=package, set=set_name, stage=stage)
    if stage:
        act.session.delete(held[stage - 1])
    return _keep_fault(act, opening, submission, package, set_name, stage, role, code, None)


def _check_allowed(
    act: Act, opening: Opening, submission: Submission, package: str, set_name: str, stage: int, role: str
) -> None:
    queries.check_covered(opening)
    if submission.digest not in {item["submission_digest"] for item in opening.closed_set}:
        raise Missing("opening.not_in_set")
    policy = queries.policy_of(act.session, submission)
    sets = trustee_sets(policy) if package == IDENTITY else policy_sets(policy)
    if set_name not in sets:
        raise Missing("peel.package", package=package, set=set_name)
    if peeler(set_name, stage) != role:
        raise Forbidden("peel.role", role=role, wanted=peeler(set_name, stage))
    if package == IDENTITY:
        _check_trustee(act, opening, role)
        check_state(opening, "peel", {"closed"})
        return
    if package not in opening.due(submission):
        raise Conflict("peel.not_due", package=package, sitting=opening.sitting)
    bid = queries.bid(act.session, opening, submission.digest)
    if role == "bidder":
        queries.check_own_bid(act.session, opening, act.actor, submission.digest)
    else:
        _check_trustee(act, opening, role)
    _check_stage(act, opening, bid, set_name, role)


def _check_trustee(act: Act, opening: Opening, role: str) -> None:
    if not queries.is_trustee(act.session, opening.section, act.actor, role):
        raise Forbidden("peel.trustee", role=role)


def _check_stage(act: Act, opening: Opening, bid: Bid, set_name: str, role: str) -> None:
    check_state(bid, "peel", {"sealed"})
    if set_name != BIDDER_SET:
        if opening.state != "trustee_fallback" or bid.remedy != "trustees":
            raise Conflict("peel.no_remedy", number=bid.number)
        return
    allowed = {"decrypt_open"} if role == "bidder" else {"decrypt_open", "trustee_fallback"}
    check_state(opening, "peel", allowed)
    if role == "bidder":
        if opening.decrypt_until_at is None or act.now >= opening.decrypt_until_at:
            raise Untimely("decrypt.over", until=opening.decrypt_until_at, at=act.now)
        if bid.signed_in_at is None:
            raise Conflict("bid.not_signed_in", number=bid.number)


def _prove(act: Act, opening: Opening, submission: Submission, package: str, content: bytes) -> None:
    """Refuse a plaintext that is not what the submission commits to."""
    if package != IDENTITY:
        released_secret(content, submission.content["envelopes"][package]["bid_recipient"])
        return
    read_identity(
        content,
        queries.policy_of(act.session, submission),
        submission.content,
        leaf=submission.leaf_commitment,
        packages=package_hashes({names: base64.b64decode(held) for names, held in submission.identity.items()}),
    )


def _agreed(act: Act, submission: Submission, content: bytes, role: str) -> bool:
    """Whether another key holder has handed in the very same plaintext from another set."""
    found = hashlib.sha256(content).hexdigest()
    return any(
        fault.sha256 == found and fault.by != role for fault in queries.faults_of(act.session, submission, IDENTITY)
    )


def _keep_fault(
    act: Act,
    opening: Opening,
    submission: Submission,
    package: str,
    set_name: str,
    stage: int,
    role: str,
    code: str,
    content: bytes | None,
) -> PeelFault:
    fault = PeelFault(
        submission_id=submission.id,
        package=package,
        set_name=set_name,
        stage=stage,
        by=role,
        code=code,
        sha256=None if content is None else hashlib.sha256(content).hexdigest(),
        found_at=act.now,
    )
    act.session.add(fault)
    act.session.flush()
    append(
        act,
        "opening.peel_fault",
        opening.subject,
        {
            "submission": submission.digest,
            "package": package,
            "set": set_name,
            "stage": stage,
            "by": role,
            "actor": act.actor.name,
            "code": code,
            "sha256": fault.sha256,
        },
    )
    return fault
