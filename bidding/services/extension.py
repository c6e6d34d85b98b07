"""The deadline moves for an outage proved from outside, by a published rule and never less than it (R-214)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from bidding import rules
from bidding.models import Extension, Prober, Section
from bidding.rules import outage
from bidding.services.publication import add_policy, notice_attachments, notice_content
from bidding.services.questions import newest_notice
from core.act import Act
from core.board import publish_notice
from core.calendar import day_of
from core.clock import iso
from core.errors import Conflict, Invalid, Untimely
from core.ledger.log import append
from core.ledger.notes import Verifier


def probers(session: Session) -> list[Prober]:
    """The registered outside probers, oldest first."""
    return list(session.scalars(select(Prober).order_by(Prober.id)))


def register_prober(act: Act, name: str, key: str) -> Prober:
    """Register a prober's public key; only what it signs from now on counts, so no log is made up afterwards."""
    Verifier.parse(key)
    if any(prober.key == key for prober in probers(act.session)):
        raise Conflict("prober.known", name=name)
    prober = Prober(name=name.strip(), key=key, registered_at=act.now, registered_by=act.actor.name)
    act.session.add(prober)
    act.session.flush()
    append(act, "prober.register", None, {"name": prober.name, "key": key, "actor": act.actor.name})
    return prober


def extend_for_outage(
    act: Act,
    section: Section,
    logs: Mapping[str, bytes],
    *,
    cause: str,
    reason: str,
    deadline_at: datetime | None = None,
) -> Extension:
    """Move the deadline for an outage that probers' logs show, by a notice and a new policy version.

    `logs`: public key → log as the prober wrote it. Counted are the minutes of the profile's window before the deadline
    that no earlier extension has counted, seen by any registered prober after its registration. The new deadline is at
    least what the profile in force says; `deadline_at` may be later, never earlier (the platform may not shorten). An
    unknown cause counts like any other. Enter the section's turnstile alone. Raises Untimely("outage.late") once the
    deadline has come, Conflict("outage.suspended") while objections suspend the section, for then no time runs,
    Invalid("outage.none") where no log shows one, Invalid("outage.shorter").
    """
    if section.state == "suspended":
        raise Conflict("outage.suspended", section=section.code)
    if section.state != "submission_open":
        raise Conflict("section.not_open", section=section.code, state=section.state)
    old = section.closing_at
    if rules.is_late(act.now, old):
        raise Untimely("outage.late", deadline=old, at=act.now)
    if cause not in outage.CAUSES:
        raise Invalid("form.choice", field="cause", found=cause, options=list(outage.CAUSES))
    if not reason.strip():
        raise Invalid("form.required", field="reason")
    profile = outage.profile_on(day_of(act.now))
    found = _found(act, section, logs, old - timedelta(minutes=profile["window_minutes"]))
    counted = outage.minutes(found)
    least = outage.extended_deadline(old, counted, profile)
    if least is None:
        raise Invalid("outage.none", field="log")
    new = deadline_at or least
    if new < least:
        raise Invalid("outage.shorter", field="deadline_at", least=least, found=new)
    stored = {key: act.store.put(data) for key, data in logs.items()}
    extension = Extension(
        section_id=section.id,
        number=len(_held(act, section)) + 1,
        cause=cause,
        reason=reason.strip(),
        minutes=counted,
        outages=outage.told(found),
        profile=profile,
        logs=[{"key": key, "sha256": held.sha256} for key, held in sorted(stored.items())],
        counted_until_at=min(act.now, old),
        decided_at=act.now,
        decided_by=act.actor.name,
        old_deadline_at=old,
        new_deadline_at=new,
    )
    act.session.add(extension)
    section.deadline_at = new
    act.session.flush()
    facts = {
        "number": extension.number,
        "cause": cause,
        "reason": extension.reason,
        "outage_minutes": counted,
        "outages": extension.outages,
        "profile": profile["name"],
        "source": profile["source"],
        "old_deadline_at": iso(old),
        "new_deadline_at": iso(new),
        "ordered_at": iso(act.now),
        "logs": extension.logs,
        "rule": "R-214",
        "actor": act.actor.name,
    }
    append(act, "extension.publish", section.subject, facts)
    policy = add_policy(act, section)
    attached = [
        {"name": f"prober-{number}.log", "sha256": held.sha256, "size": held.size}
        for number, held in enumerate(stored.values(), 1)
    ]
    publish_notice(
        act,
        kind="correction",
        subject=section.subject,
        title=f"{section.project.name}（{section.name}）延期公告（平台故障，第{extension.number}号）",
        content={**notice_content(act, section, policy), "extension": facts},
        attachments=[*notice_attachments(act, section, policy), *attached],
        replaces=newest_notice(act, section),
    )
    return extension


def _held(act: Act, section: Section) -> list[Extension]:
    act.session.refresh(section, ["extensions"])
    return list(section.extensions)


def _found(act: Act, section: Section, logs: Mapping[str, bytes], start: datetime) -> list[outage.Outage]:
    """The outages in the window as all logs together show them, without what was counted before."""
    held = {prober.key: prober for prober in probers(act.session)}
    counted = [extension.counted_until_at for extension in _held(act, section)]
    seen: list[outage.Outage] = []
    for key, data in logs.items():
        if key not in held:
            raise Invalid("prober.unknown", field="key", key=key[:40])
        probes = outage.read_log(data, key)
        begin = max([start, held[key].registered_at, *counted])
        seen += outage.outages([p for p in probes if p.at <= act.now], begin, min(act.now, section.closing_at))
    return outage.together(seen)
