"""Names: identity packages are read, decoys fall away, each bidder is checked, and the list is published."""

from __future__ import annotations

import base64
import json
from typing import Any

from accounts import queries as accounts
from accounts.rules import check_certificate, check_uscc
from bidding import queries as bidding
from bidding import services as bidding_services
from bidding.models import Section, Submission
from core.act import Act
from core.board import publish_notice
from core.clock import iso
from core.errors import Invalid
from core.machine import advance
from credit import services as credit
from credit.models import CreditCheck
from opening import queries
from opening.models import Bid, Opening
from opening.rules import IDENTITY, is_whole, members_of, parties_of, stands_twice, two_bids
from opening.rules.devices import keyed
from opening.services.devices import device_key, keep_record
from opening.services.preconditions import check_conditions
from opening.services.suspension import forget_names

DECOY = "sunbid-decoy/v1"
UNREADABLE = "identity.unreadable"
UNINVITED = "identity.not_invited"
BARRED = "identity.barred"
SHUT_OUT = {UNINVITED: "R-210", BARRED: "R-561"}
"""Faults for which a bid is refused at the names: the platform must not take it."""
MOST = 10
"""No consortium that was sealed by its rules has more members."""


def publish_names(act: Act, opening: Opening) -> list[Bid]:
    """Publish who bids, numbered by order of receipt, once every identity package has been read.

    Each bid carries the faults of its identity; none of them keeps a bid from being opened, they are the committee's
    to judge (R-263). Only whoever was not invited where not all may bid, or refused to sign in an earlier
    attempt, is refused with that reason on record and the bid stays sealed: the platform must not accept it (R-053,
    R-210, R-561), and it is no bidder for R-252 either. Decoys are
    unmasked and dropped. With fewer bidders than R-252 asks for, the opening and the section fail: nothing is opened,
    no name is published or kept, and the result is an empty list. What the packages said of the bidders' machines stays
    as `opening.rules.devices` keeps it, and nowhere else in clear. Raises Conflict("opening.unnamed") while packages
    are unread.
    """
    check_conditions(act, opening, "publish_names")
    read = [
        (submission, *_claims(act, opening, submission))
        for submission in queries.closed_submissions(act.session, opening)
    ]
    decoys = [(submission, claims) for submission, claims, _ in read if claims.get("type") == DECOY]
    named = [(submission, claims, faults) for submission, claims, faults in read if claims.get("type") != DECOY]
    for submission, _ in decoys:
        bidding_services.unmask_decoy(act, submission)
    opening.decoys = [
        {
            "submission_digest": submission.digest,
            "leaf_index": submission.leaf_index,
            "trustee": claims["trustee"],
            "leaf_salt": claims["leaf_salt"],
        }
        for submission, claims in decoys
    ]
    identifiers = [_text(claims, "uscc") for _, claims, _ in named]
    invited = bidding.invited_identifiers(act.session, opening.section)
    barred = frozenset(one["identifier"] for one in bidding.barred(act.session, opening.section.project))
    admitted = {
        who.upper()
        for (_, claims, _), who in zip(named, identifiers, strict=True)
        if who and (invited is None or who.upper() in invited) and not barred & parties_of(who, claims)
    }
    if _too_few(act, opening, len(admitted)):
        return []
    doubled = two_bids(identifiers)
    layers = [queries.final_layer(act.session, submission, IDENTITY) for submission, _, _ in read]
    twice = stands_twice(
        {
            number: (parties_of(_text(claims, "uscc"), claims), bool(members_of(claims)))
            for number, (_, claims, _) in enumerate(named, 1)
        }
    )
    bids = [
        _name(
            act,
            opening,
            number,
            submission,
            claims,
            [*faults, *_consortium_faults(act, opening, claims, twice.get(number, []))],
            doubled,
            invited,
            barred,
        )
        for number, (submission, claims, faults) in enumerate(named, 1)
    ]
    advance(act, opening, "publish_names", bidders=len(bids), decoys=len(decoys))
    for bid in bids:
        codes = [fault["code"] for fault in bid.identity_faults]
        if UNREADABLE in codes:
            advance(act, bid, "mark_corrupted", cause=UNREADABLE)
        for fault in (one for one in SHUT_OUT if one in codes and bid.state == "sealed"):
            bid.cause = fault
            advance(act, bid, "refuse", cause=fault, rule=SHUT_OUT[fault])
    for layer in filter(None, layers):
        # What was read is in the bid; its hash is in the log, and the sealed package can be opened again.
        layer.content = ""
    if bids:
        _ask_about_agency(act, opening)
    _publish(act, opening, bids)
    bidding_services.declare_bonds(act, opening.section, [_claimed(bid) for bid in bids])
    return bids


def _claimed(bid: Bid) -> bidding_services.Claim:
    """What the bid's identity package says of its bond; nothing where it says it in another form than is sealed.

    A consortium's bond may come from any of its members (R-157), and each answers for it: those that are published with
    the names, whatever else the package says, and also where it says nothing of a bond.
    """
    said = bid.identity.get("bond")
    whole = isinstance(said, dict) and all(isinstance(said.get(key), str) for key in ("form", "account", "payer"))
    members = [{key: one[key] for key in ("name", "uscc")} for one in bid.members[1:]]
    own = {key: value for key, value in said.items() if key != "members"} if isinstance(said, dict) and whole else {}
    declared = own | ({"members": members} if members else {}) or None
    return bidding_services.Claim(bid.number, bid.identifier, bid.name, bid.organisation_id, declared)


def _claims(act: Act, opening: Opening, submission: Submission) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """What the identity package says, and the faults found while it was read."""
    layer = queries.final_layer(act.session, submission, IDENTITY)
    if layer is None:
        return {}, [{"code": UNREADABLE, "rule": "R-254"}]
    content = base64.b64decode(layer.content)
    if layer.fault is None:
        return dict(json.loads(content)), []
    try:
        claims = json.loads(content.decode("utf-8"))
    except ValueError:
        claims = {}
    return (claims if isinstance(claims, dict) else {}), [{"code": layer.fault, "rule": "R-032"}]


def _text(claims: dict[str, Any], key: str) -> str:
    bidder = claims.get("bidder")
    value = bidder.get(key) if isinstance(bidder, dict) else None
    return value[:200].strip() if isinstance(value, str) else ""


def _too_few(act: Act, opening: Opening, bidders: int) -> bool:
    """Fail the opening under R-252 when fewer bidders are there than the frozen law asks for.

    What the procedure says happens then (`too_few_then`: tendered again, another way with approval, ended and begun
    anew) stands in the failure and its notice; where it says to go on, the opening goes on with whoever is there.
    """
    section = opening.section
    law = bidding.law_of(section)
    least = law.days("min_bidders_open")
    then = law.cite("too_few_then") if "too_few_then" in law.rules else None
    if bidders >= least or (bidders and then is not None and then["value"] == "continue"):
        return False
    opening.failure = {**law.cite("min_bidders_open"), "found": bidders, "then": then}
    opening.stood_in = opening.state
    advance(act, opening, "fail", **opening.failure)
    bidding_services.fail_section(act, section, law.rule("min_bidders_open").id, then=then)
    forget_names(act, opening)
    return True


def _name(
    act: Act,
    opening: Opening,
    number: int,
    submission: Submission,
    claims: dict[str, Any],
    faults: list[dict[str, Any]],
    doubled: frozenset[str],
    invited: frozenset[str] | None,
    barred: frozenset[str],
) -> Bid:
    identifier, name = _text(claims, "uscc"), _text(claims, "name")
    organisation = accounts.organisation_by_identifier(act.session, identifier) if identifier else None
    if identifier:
        faults = [*faults, *_certificate_faults(act, submission, claims)]
        if organisation is None:
            faults.append({"code": "identity.unregistered", "rule": "R-200"})
        if invited is not None and identifier.upper() not in invited:
            faults.append({"code": UNINVITED, "rule": SHUT_OUT[UNINVITED]})
        if barred & parties_of(identifier, claims):
            faults.append({"code": BARRED, "rule": SHUT_OUT[BARRED]})
        if identifier in doubled:
            faults.append({"code": "identity.two_bids", "rule": "R-211"})
    checks = _credit(act, opening, identifier, name, claims) if identifier else []
    bid = Bid(
        opening_id=opening.id,
        submission_id=submission.id,
        submission=submission,
        number=number,
        organisation_id=organisation.id if organisation else None,
        name=name,
        identifier=identifier[:40],
        identity=_kept(act, opening, claims),
        identity_faults=faults,
        credit=[
            {"source": check.source, "decision": check.decision, "evidence_sha256": check.evidence_sha256}
            for check in checks
        ],
        state="sealed",
        state_at=act.now,
    )
    act.session.add(bid)
    act.session.flush()
    keep_record(act, bid, claims.get("device"))
    return bid


def _kept(act: Act, opening: Opening, claims: dict[str, Any]) -> dict[str, Any]:
    """What is kept of an identity: not its padding, and of its machine only what compares inside this project."""
    held = {key: value for key, value in claims.items() if key != "padding"}
    if "device" in held:
        held["device"] = keyed(held["device"], device_key(act, opening.section.project.code))
    return held


def _consortium_faults(
    act: Act, opening: Opening, claims: dict[str, Any], twice: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Facts about a consortium for the committee to judge: none rejects a bid here (R-401).

    The document accepts none (R-112), a member stands in another bid too (R-211), the members are not those of the
    first round (R-212), a member's code fails its check (R-012).
    """
    section, members = opening.section, members_of(claims)
    faults: list[dict[str, Any]] = [{"code": "identity.consortium_twice", "rule": "R-211", **one} for one in twice]
    if members and not bidding.accepts_consortia(section):
        faults.append({"code": "identity.consortium_refused", "rule": "R-112"})
    if section.first_round is not None:
        before = queries.first_round_bid(act.session, section, _text(claims, "uscc"))
        if before is not None and parties_of(before.identifier, before.identity) != parties_of(
            before.identifier, claims
        ):
            faults.append({"code": "identity.consortium_changed", "rule": "R-212"})
    for one in members[1:]:
        if not _holds(one["uscc"]):
            faults.append({"code": "identity.member_uscc", "rule": "R-012", "party": one["uscc"][:40]})
    return faults


def _holds(code: str) -> bool:
    try:
        return check_uscc(code)[1]
    except Invalid:
        return False


def _credit(act: Act, opening: Opening, identifier: str, name: str, claims: dict[str, Any]) -> list[CreditCheck]:
    """The bidder and every member of its consortium against every list, bans measured at the cut-off (R-704, R-705)."""
    section = opening.section
    members = [(identifier, name), *((one["uscc"][:40], one["name"][:200]) for one in members_of(claims)[1:MOST])]
    return credit.check_consortium(act, members, lead=identifier, **_asked(section))[1]


def _ask_about_agency(act: Act, opening: Opening) -> None:
    """The agency that runs the tender is asked about with its bidders, and again whenever they are (R-708)."""
    section, agent = opening.section, opening.section.project.agent
    if agent is not None:
        credit.check_party(act, identifier=agent.identifier, name=agent.name, role="agency", **_asked(section))


def _asked(section: Section) -> dict[str, Any]:
    return {
        "section_code": section.code,
        "stage": "opening",
        "law": bidding.law_of(section),
        "document": section.credit_rule,
        "cutoff": bidding.credit_cutoff(section),
        "region": section.project.region,
    }


def _certificate_faults(act: Act, submission: Submission, claims: dict[str, Any]) -> list[dict[str, Any]]:
    """What is wrong with the certificate, as it stood when the bid was received (R-032)."""
    certificate = claims.get("certificate")
    try:
        facts = check_certificate(
            certificate if isinstance(certificate, str) else "",
            at=submission.received_at,
            authorities=accounts.authorities(act.session),
            revoked=queries.revoked_by(act.session, submission.received_at),
        )
    except Invalid as refusal:
        return [{"code": refusal.code, "rule": "R-032"}]
    faults = []
    if facts.identifier != _text(claims, "uscc"):
        faults.append({"code": "identity.uscc_differs", "rule": "R-032"})
    if facts.subject_name != _text(claims, "name"):
        faults.append({"code": "identity.name_differs", "rule": "R-032"})
    return faults


def _publish(act: Act, opening: Opening, bids: list[Bid]) -> None:
    section = opening.section
    publish_notice(
        act,
        kind="bidders",
        subject=section.subject,
        title=f"{section.project.name}（{section.name}）投标人名单",
        content={
            "section": section.code,
            "bidders": [
                {
                    "number": bid.number,
                    "name": bid.name,
                    "identifier": bid.identifier,
                    "received_at": iso(bid.submission.received_at),
                    "submission_digest": bid.submission.digest,
                    "leaf_index": bid.submission.leaf_index,
                    "leaf_salt": bid.identity.get("leaf_salt"),
                    "faults": bid.identity_faults,
                    "consortium": bid.identity.get("consortium") if is_whole(bid.identity_faults) else None,
                }
                for bid in bids
            ],
            "decoys": opening.decoys,
        },
    )
