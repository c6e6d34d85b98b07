"""Who is invited to a section that is not open to all: a list, or a draw from it that anyone can follow (R-053)."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from accounts.models import Organisation
from accounts.queries import organisation_by_identifier
from bidding import queries
from bidding.models import Invitee, Section
from core.act import Act
from core.draw import mechanism
from core.errors import Conflict, Invalid
from core.ledger.log import append

MOST = 200


def list_invitees(act: Act, section: Section, entries: Sequence[tuple[str, str]]) -> list[Invitee]:
    """Replace the draft's list by (identifier, name) entries; with the invitation `list` all of them are invited.

    Names of registered organisations are taken from the register. The ledger gets a digest of the list, not its length:
    who and how many may bid stays the tenderee's secret until the opening (R-043). Raises Conflict("section.published")
    and Invalid for a doubled or unnamed entry.
    """
    if section.state != "draft":
        raise Conflict("section.published", section=section.code)
    if len(entries) > MOST or len({identifier for identifier, _ in entries}) != len(entries):
        raise Invalid("invitees.doubled", field="invitees")
    for held in queries.invitees(act.session, section):
        act.session.delete(held)
    act.session.flush()
    listed = []
    for identifier, name in entries:
        known: Organisation | None = organisation_by_identifier(act.session, identifier)
        if known is None and not name:
            raise Invalid("invitees.unnamed", field="invitees", identifier=identifier)
        listed.append(
            Invitee(
                section_id=section.id,
                name=known.name if known else name,
                identifier=identifier,
                salt=act.chance(32).hex(),
                is_invited=section.project.invitation == "list",
                added_at=act.now,
            )
        )
    act.session.add_all(listed)
    act.session.flush()
    append(act, "invitees.list", section.subject, {"list_digest": mechanism.list_digest(tickets(listed))})
    return listed


def draw_invitees(act: Act, section: Section, count: int, words: str) -> list[Invitee]:
    """Draw `count` of the listed; once. The seed is made of the purchaser's words, said now, and the platform's chance.

    Afterwards the drawn ones are invited and the ledger holds label, list digest, seed and a digest of the result, so
    that the draw can be replayed once the list may be shown. Raises Conflict("invitees.drawn") the second time, Invalid
    where there are too few to draw from (R-053).
    """
    if section.state != "draft":
        raise Conflict("section.published", section=section.code)
    if section.project.invitation != "draw":
        raise Conflict("invitees.no_draw", section=section.code)
    listed = queries.invitees(act.session, section)
    if any(one.is_invited for one in listed):
        raise Conflict("invitees.drawn", section=section.code)
    law = queries.law_for(section, act.now)
    least = count * (law.days("invitees_pool_ratio") if "invitees_pool_ratio" in law.rules else 1)
    if count < law.days("invitees_min") or len(listed) < least:
        facts = law.cite("invitees_min")
        raise Invalid("invitees.too_few", field="count", **facts, count=count, least=least, found=len(listed))
    label = f"invitees:{section.code}"
    seed = mechanism.seed(label, [hashlib.sha256(words.encode()).digest(), act.chance(32)])
    by_ticket = dict(zip(tickets(listed), listed, strict=True))
    chosen = mechanism.order(seed, label, by_ticket)[:count]
    for ticket in chosen:
        by_ticket[ticket].is_invited = True
    act.session.flush()
    facts = {"label": label, "list_digest": mechanism.list_digest(list(by_ticket)), "seed": seed.hex()}
    append(act, "invitees.draw", section.subject, facts | {"result_digest": mechanism.list_digest(chosen)})
    return [by_ticket[ticket] for ticket in chosen]


def tickets(listed: Sequence[Invitee]) -> list[str]:
    """What stands for each listed one in a draw: SHA-256(salt ‖ LF ‖ identifier), hex, which nobody can guess back."""
    return [hashlib.sha256(f"{one.salt}\n{one.identifier}".encode()).hexdigest() for one in listed]
