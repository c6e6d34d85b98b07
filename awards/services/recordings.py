"""The index of recordings (录音录像): each room's files by hash and place, told in the ledger, kept where they lie.

What the law asks for of a public purchase (R-261, 87号令 a39) the list of the file then finds or misses.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from accounts.rules import Role
from awards.models import Recording
from awards.queries import recordings as found
from awards.rules.recordings import EVALUATION, OPENING, SELECTION, STANDING, check_times
from awards.rules.renewal import rule_at
from bidding.models import Section
from bidding.services import lock_row
from core.act import Act
from core.clock import iso
from core.errors import Conflict, Forbidden, Invalid
from core.ledger.log import append
from core.machine import advance

RUNS = {
    OPENING: (Role.TENDEREE, Role.AGENT, Role.OFFICER),
    EVALUATION: (Role.OFFICER, Role.SUPERVISOR),
    SELECTION: (Role.TENDEREE, Role.AGENT),
}
"""Who runs each room, and so registers what was recorded there; a guest site's witness tells officer or supervisor."""


def register_recording(
    act: Act, section: Section, *, room: str, site: str, title: str, media: str, began_at: datetime,
    ended_at: datetime, sha256: str, size: int, location: str, custody: str,
) -> Recording:  # fmt: skip
    """Put a recording into the index by its hash; the ledger tells all of it, the file stays where it lies.

    Forbidden("recording.room"); Conflict: recording.sealed, recording.no_room, recording.twice; Invalid:
    recording.site, recording.times, recording.future.
    """
    _check_room(act, section, room, site)
    if not act.actor.has(*RUNS[room]):
        raise Forbidden("recording.room")
    check_times(began_at, ended_at, act.now)
    for one in found.recordings(act.session, section):
        if (one.sha256, one.state) == (sha256, STANDING):
            raise Conflict("recording.twice", number=one.number)
    return _add(
        act, section, "recording.register", room=room, site=site, title=title, media=media, began_at=began_at,
        ended_at=ended_at, sha256=sha256, size=size, location=location, custody=custody, reason="",
    )  # fmt: skip


def miss_recording(act: Act, section: Section, *, room: str, site: str, reason: str) -> Recording:
    """A supervisor puts on record that a room has no recording, and why: nobody who runs a room excuses himself.

    Forbidden("recording.supervisor"); Conflict: recording.sealed, recording.no_room; Invalid("recording.site").
    """
    if not act.actor.has(Role.SUPERVISOR):
        raise Forbidden("recording.supervisor")
    _check_room(act, section, room, site)
    return _add(
        act, section, "recording.miss", room=room, site=site, title="", media=None, began_at=None, ended_at=None,
        sha256=None, size=None, location="", custody="", reason=reason,
    )  # fmt: skip


def withdraw_recording(act: Act, held: Recording, *, reason: str) -> None:
    """An entry was wrong: it stays in the index, withdrawn with the reason. By whoever may register such a one."""
    _check_open(act, held.section)
    wanted = RUNS[held.room] if held.sha256 is not None else (Role.SUPERVISOR,)
    if not act.actor.has(*wanted):
        raise Forbidden("recording.room" if held.sha256 is not None else "recording.supervisor")
    held.withdrawn = reason
    advance(act, held, "withdraw", reason=reason)


def _check_open(act: Act, section: Section) -> None:
    lock_row(act, section)  # or two entries would take one number, or one come while the file is sealed without it
    if section.state == "archived":
        raise Conflict("recording.sealed", section=section.code)


def _check_room(act: Act, section: Section, room: str, site: str) -> None:
    _check_open(act, section)
    if found.hours(act.session, section, room, act.now) is None:
        raise Conflict("recording.no_room")
    if site not in found.places(act.session, section)[room]:
        raise Invalid("recording.site", field="site", rule="R-341")


def _add(act: Act, section: Section, kind: str, **given: Any) -> Recording:
    rule = rule_at(act.now)
    made = Recording(
        section_id=section.id, section=section, number=1 + len(found.recordings(act.session, section)),
        keep={"rule": rule["rule"], "years": rule["years"]}, withdrawn=None, registered_by=act.actor.name,
        registered_at=act.now, state=STANDING, state_at=act.now, **given,
    )  # fmt: skip
    act.session.add(made)
    act.session.flush()
    append(act, kind, made.subject, facts_of(made))
    return made


def facts_of(one: Recording) -> dict[str, Any]:
    """What the ledger tells of an entry when it is made."""
    return {
        "number": one.number, "room": one.room, "site": one.site, "title": one.title, "media": one.media,
        "began_at": iso(one.began_at) if one.began_at else None,
        "ended_at": iso(one.ended_at) if one.ended_at else None,
        "sha256": one.sha256, "size": one.size, "location": one.location, "custody": one.custody,
        "reason": one.reason, "keep": one.keep, "by": one.registered_by,
    }  # fmt: skip
