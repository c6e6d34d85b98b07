"""The commit: a small request makes uploaded ciphertext a submission, with its receipt in the same transaction."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import insert
from sqlalchemy.orm import Session

from bidding import queries, rules
from bidding.lifecycle import SUBMISSION
from bidding.models import Policy, SealedMark, Section, Submission
from bidding.rules.uploads import refused
from bidding.services.judging import Judged, check_identity_sets, check_objects, identity_hashes, judge
from bidding.services.lock import lock_commits
from core.act import PUBLIC, Act, Platform, Stamp
from core.crowd import Later
from core.errors import Conflict, Invalid, Missing, Refusal, Untimely
from core.ledger.log import append_commitments
from core.seal import check_fit, check_succession, submission_digest, validate_submission

KEY_LENGTHS = range(16, 81)
CROWD = "commits"
_HEX = frozenset("0123456789abcdef")


def _everybody(session: Session, section: Section) -> None:
    """Nobody is kept out."""


@dataclass(frozen=True)
class Commit:
    """What somebody asks to commit to the section of that code, as it came; `admit` refuses who may not bid there."""

    section: str
    content: Any
    identity: Any
    idempotency_key: Any
    leaf_commitment: Any
    admit: Callable[[Session, Section], None] = _everybody
    judged: Judged | None = None
    """What is known of it beforehand; None: everything is looked at in its turn."""


@dataclass(frozen=True)
class _Sound:
    """A commit that holds as far as it can be judged by itself; `marks` is what nobody else may have used."""

    place: int
    act: Act
    asked: Commit
    section: Section
    marks: set[str]

    @property
    def claims(self) -> set[Any]:
        """What no other commit of the same transaction may touch, for it would be judged by what stood before."""
        return {*self.marks, (self.section.id, self.asked.idempotency_key), self.asked.content["handle"]}


Answer = dict[str, Any] | Exception
"""A receipt, the refusal (or fault) of this commit alone, or `Later`."""


def commit_together(platform: Platform, stamp: Stamp, asked: Commit) -> dict[str, Any]:
    """Commit what arrived at `stamp` in one transaction with whatever else waits; its receipt, durable and final.

    Outside any act. Refusals are those of `commit_submission` and are this commit's alone. What can be judged by the
    commit itself is judged before it waits: nobody else stands still for that.
    """
    asked = replace(asked, judged=judge(platform.store, asked.content, asked.identity))

    def go(works: Sequence[tuple[Stamp, Commit]]) -> list[Answer]:
        with platform.acts(PUBLIC, [stamp for stamp, _ in works]) as acts:
            return commit_submissions(acts, [commit for _, commit in works])

    receipt: dict[str, Any] = platform.crowd(CROWD).bring((stamp, asked), go, order=lambda work: work[0].at)
    return receipt


def commit_submission(
    act: Act,
    section: Section,
    content: dict[str, Any],
    identity: Mapping[str, str],
    idempotency_key: str,
    *,
    leaf_commitment: str,
) -> tuple[Submission, dict[str, Any]]:
    """Commit a sealed submission; afterwards it stands in the table and the ledger and its receipt is final.

    Enter `rules.turnstile(section.code)` as shared, so that the stamp `act.now` is covered by the closing barrier.
    `content`: the submission JSON; `identity`: trustee set → identity package (base64). The same key with the same
    content gives the same receipt at any time, also after the deadline. Nothing about the actor is read or kept.

    Refusals in this order (SEALING §4): bid.key_reused, bid.request (malformed), bid.not_open, bid.old_policy,
    bid.other_policy, bid.other_section and core.seal's own, bid.handle_signature, bid.identity, bid.succession,
    bid.object_missing, bid.size_differs, bid.not_encrypted, bid.torn, bid.copied, bid.late (R-202, R-204).
    """
    asked = Commit(section.code, content, identity, idempotency_key, leaf_commitment)
    answer = commit_submissions([act], [asked])[0]
    if isinstance(answer, Exception):
        raise answer
    return queries.submission(act.session, answer["submission_digest"]), answer


def commit_submissions(acts: Sequence[Act], commits: Sequence[Commit]) -> list[Answer]:
    """Commit several in one transaction, each at the instant of its own act; one answer for each.

    Whoever is refused is refused alone. What touches the same key, handle or ciphertext as one before it in the same
    transaction is answered `Later` and must be asked again, for it can only be judged by what then stands.
    """
    lock_commits(acts[0])
    answers: list[Answer] = [Later()] * len(commits)
    sound: list[_Sound] = []
    ground = _Ground(acts[0].session, commits)
    for place, (act, asked) in enumerate(zip(acts, commits, strict=True)):
        try:
            found = _examine(ground, place, act, asked)
        except Exception as error:
            answers[place] = error
        else:
            if isinstance(found, _Sound):
                sound.append(found)
            else:
                answers[place] = found
    used = queries.owners_of(acts[0].session, {mark for one in sound for mark in one.marks}) if sound else {}
    last = queries.last_under(acts[0].session, {(one.section.id, one.asked.content["handle"]) for one in sound})
    claimed: set[Any] = set()
    accepted: list[_Sound] = []
    for one in sound:
        if one.claims & claimed:
            continue
        try:
            _compare(one, last.get((one.section.id, one.asked.content["handle"])), used)
        except Exception as error:
            answers[one.place] = error
        else:
            claimed |= one.claims
            accepted.append(one)
    for one, receipt in zip(accepted, _record(accepted, used), strict=True):
        answers[one.place] = receipt
    return answers


def add_dummy_commitment(act: Act, *, one_in: int = 1) -> bool:
    """With a chance of one in `one_in`, add a leaf nobody can tell from a submission's; whether one was added.

    `tick` calls it; the signed head follows, as after a real commit, for heads would otherwise mark the real leaves.
    """
    if int.from_bytes(act.chance(8), "big") % one_in:
        return False
    append_commitments([act], [act.chance(32).hex()])
    return True


class _Ground:
    """What the commits of one transaction are judged by and share: sections, their policies, keys used before."""

    def __init__(self, session: Session, commits: Sequence[Commit]) -> None:
        self._session = session
        self._policies: dict[int, list[Policy]] = {}
        self._sections: dict[str, Section] = {}
        for code in {asked.section for asked in commits}:
            try:
                self._sections[code] = queries.section(session, code, drafts=True)
            except Missing:
                continue
        keys = {
            (self._sections[asked.section].id, asked.idempotency_key)
            for asked in commits
            if asked.section in self._sections and isinstance(asked.idempotency_key, str)
        }
        self._held = queries.by_idempotency_keys(session, keys)

    def section(self, asked: Commit) -> Section:
        """The section, or Missing."""
        if asked.section not in self._sections:
            raise Missing("section.unknown", section=asked.section)
        return self._sections[asked.section]

    def policies(self, section: Section) -> list[Policy]:
        """Every policy of the section, oldest first."""
        if section.id not in self._policies:
            self._policies[section.id] = queries.policies(self._session, section)
        return self._policies[section.id]

    def already(self, section: Section, asked: Commit) -> Submission | None:
        """The submission this request has made before, if it has; Conflict when its key made another."""
        held = self._held.get((section.id, asked.idempotency_key))
        if held is None:
            return None
        same = (held.content, held.identity, held.leaf_commitment) == (
            asked.content,
            dict(asked.identity),
            asked.leaf_commitment,
        )
        if not same:
            raise Conflict("bid.key_reused", key=asked.idempotency_key)
        return held


def _examine(ground: _Ground, place: int, act: Act, asked: Commit) -> _Sound | dict[str, Any]:
    """The commit, if it holds by itself; the receipt, where it was made before."""
    section, content = ground.section(asked), asked.content
    asked.admit(act.session, section)
    _check_shape(asked)
    held = ground.already(section, asked)
    if held is not None:
        receipt: dict[str, Any] = held.receipt
        return receipt
    if section.state == "draft":
        raise Conflict("bid.not_open", section=section.code)
    try:
        policy = _check_policy(ground.policies(section), section, content)
        if (judged := asked.judged) is not None:
            check_fit(content, policy.content)
            check_identity_sets(asked.identity, policy.content)
            packages = judged.packages
        else:
            validate_submission(content, policy.content)
            packages = identity_hashes(asked.identity, policy.content)
    except Refusal as refusal:
        raise refused(refusal) from refusal
    return _Sound(place, act, asked, section, _marks(content, packages))


def _compare(one: _Sound, last: dict[str, Any] | None, used: Mapping[str, str]) -> None:
    """Refuse what does not fit to what stands: the handle's last submission, objects, others' ciphertext, the time."""
    content = one.asked.content
    try:
        check_succession(content, last)
        judged = one.asked.judged
        if judged is None or not one.act.store.holds(judged.objects):
            check_objects(one.act.store, content)
    except Refusal as refusal:
        raise refused(refusal) from refusal
    copied = sorted(mark for mark in one.marks if used.get(mark, content["handle"]) != content["handle"])
    if copied:
        raise Conflict("bid.copied", mark=copied[0])
    _check_time(one.act, one.section)


def _check_shape(asked: Commit) -> None:
    key, leaf = asked.idempotency_key, asked.leaf_commitment
    if not isinstance(key, str) or len(key) not in KEY_LENGTHS or not key.isascii() or not key.isprintable():
        raise Invalid("bid.request", field="idempotency_key", place="idempotency_key")
    if not isinstance(asked.content, dict):
        raise Invalid("bid.request", field="submission", place="submission")
    if not isinstance(asked.identity, Mapping):
        raise Invalid("bid.request", field="identity", place="identity")
    if not isinstance(leaf, str) or len(leaf) != 64 or not set(leaf) <= _HEX:
        raise Invalid("bid.request", field="leaf_commitment", place="leaf_commitment")


def _check_policy(versions: list[Policy], section: Section, content: dict[str, Any]) -> Policy:
    """The newest policy, if the submission names it; an older one and a stranger's get different answers."""
    given = content.get("policy_digest")
    if given == versions[-1].digest:
        return versions[-1]
    if content.get("section") != section.code:
        raise Invalid("bid.other_section", field="section", expected=section.code, given=str(content.get("section")))
    for older in versions[:-1]:
        if given == older.digest:
            raise Invalid(
                "bid.old_policy", field="policy_digest", given=str(older.version), expected=str(versions[-1].version)
            )
    raise Invalid("bid.other_policy", field="policy_digest", expected=versions[-1].digest)


def _marks(content: dict[str, Any], packages: Mapping[str, str]) -> set[str]:
    hashes = {blob["sha256"] for blob in queries.objects_of(content).values()}
    recipients = {parts["bid_recipient"] for parts in content.get("envelopes", {}).values()}
    return hashes | recipients | set(packages.values())


def _check_time(act: Act, section: Section) -> None:
    """In time by every clock, or by a majority of them; where clocks contradict each other nobody is called late."""
    reading = act.reading
    disputed = reading is not None and not reading.certain and reading.earliest < section.closing_at <= reading.latest
    if disputed and section.state == "submission_open":
        raise Conflict("clock.disputed", deadline=section.closing_at, dissent=list(reading.dissent) if reading else [])
    # The state says so too: after the barrier nothing comes in, whatever a clock on another machine stamps.
    # While an objection suspends the section its deadline stands still: whatever arrives is kept.
    deadline = queries.standing_deadline(section, act.now)
    if rules.is_late(act.now, deadline) or section.state not in queries.RECEIVING:
        raise Untimely("bid.late", deadline=section.closing_at, at=act.now)


def _record(accepted: Sequence[_Sound], used: Mapping[str, str]) -> list[dict[str, Any]]:
    """Rows, leaves and receipts of what was accepted, in few statements; the receipts."""
    if not accepted:
        return []
    acts, signer = [one.act for one in accepted], accepted[0].act.signer
    entries = append_commitments(acts, [one.asked.leaf_commitment for one in accepted])
    rows, receipts, key = [], [], str(signer.verifier)
    for one, entry in zip(accepted, entries, strict=True):
        content = one.asked.content
        judged = one.asked.judged
        digest = judged.digest if judged else submission_digest(content)
        receipt = rules.build_receipt(
            section=one.section.code,
            kind=content["kind"],
            submission_digest=digest,
            leaf_commitment=one.asked.leaf_commitment,
            received_at=one.act.now,
            leaf=entry.leaf,
            checkpoint=entry.checkpoint,
            inclusion_proof=entry.proof,
            platform_key=key,
            sign=signer.sign,
        )
        receipts.append(receipt)
        rows.append(
            {
                "section_id": one.section.id,
                "digest": digest,
                **{name: content[name] for name in ("handle", "kind", "sequence", "previous")},
                "content": judged.content if judged else content,
                "identity": judged.identity if judged else dict(one.asked.identity),
                "leaf_commitment": one.asked.leaf_commitment,
                "leaf_index": entry.index,
                "received_at": one.act.now,
                "idempotency_key": one.asked.idempotency_key,
                "receipt": receipt,
                "state": SUBMISSION.start,
                "state_at": one.act.now,
                "epoch": 0,
            }
        )
    session = acts[0].session
    session.execute(insert(Submission.__table__), rows)  # type: ignore[arg-type]
    marks = [
        {"mark": mark, "section_id": one.section.id, "handle": one.asked.content["handle"]}
        for one in accepted
        for mark in sorted(one.marks - used.keys())
    ]
    if marks:
        session.execute(insert(SealedMark.__table__), marks)  # type: ignore[arg-type]
    return receipts
