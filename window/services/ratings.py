"""Service ratings (好差评): anybody rates; a bad rating is taken on, put right or explained, and reviewed by others."""

from __future__ import annotations

from sqlalchemy import func, select

from core.act import Act
from core.calendar import day_of, national
from core.clock import BEIJING, iso
from core.errors import Invalid
from core.ledger.log import append
from core.machine import advance
from window.models import ServiceRating
from window.rules import BAD, promises, rating_due

LEAST, MOST = 10, 2000


def rate(act: Act, *, stars: int, topic: str, text: str, contact: str) -> ServiceRating:
    """Keep a rating; who gives it is not stored. A bad one says why, and its clock begins.

    Invalid("rating.reason") for a bad rating without words: nobody could put it right.
    """
    if stars <= BAD and len(text) < LEAST:
        raise Invalid("rating.reason", field="text", least=LEAST)
    year = act.now.astimezone(BEIJING).year
    prefix = f"PJ{year}-"
    count = act.session.scalar(
        select(func.count()).select_from(ServiceRating).where(ServiceRating.number.startswith(prefix))
    )
    number = f"{prefix}{(count or 0) + 1:05d}"
    entry = append(act, "rating.receive", f"rating:{number}", {"stars": stars, "topic": topic})
    held = ServiceRating(
        number=number, stars=stars, topic=topic, text=text, contact=contact, rated_at=entry.at, state="received",
        state_at=act.now, rounds=0, lateness=[], is_set_aside=False,
    )  # fmt: skip
    if stars <= BAD:
        _wait(act, held)
    act.session.add(held)
    act.session.flush()
    return held


def take_on_rating(act: Act, held: ServiceRating) -> None:
    """Somebody of the platform takes the rating on; Conflict("rating.state") when it was taken on before."""
    _note_lateness(act, held)
    advance(act, held, "take_on")
    _wait(act, held)


def answer_rating(act: Act, held: ServiceRating, answer: str, *, aside: bool) -> None:
    """Say what was put right, or with `aside` why the rating is not followed; the answer is public.

    Invalid("form.length") for an answer that says nothing.
    """
    if not LEAST <= len(answer) <= MOST:
        raise Invalid("form.length", field="answer", least=LEAST, most=MOST, found=len(answer))
    _note_lateness(act, held)
    held.answer, held.answered_at, held.is_set_aside = answer, act.now, aside
    advance(act, held, "set_aside" if aside else "rectify", answer=answer)
    _wait(act, held)


def review_rating(act: Act, held: ServiceRating, review: str, *, accepted: bool) -> None:
    """The supervisor has asked back: it is put right, or it goes back to be handled again, with the reason."""
    if not LEAST <= len(review) <= MOST:
        raise Invalid("form.length", field="review", least=LEAST, most=MOST, found=len(review))
    _note_lateness(act, held)
    held.review, held.reviewed_at = review, act.now
    advance(act, held, "accept" if accepted else "return", review=review)
    if accepted:
        held.due_at = held.promise = None
    else:
        held.rounds += 1
        _wait(act, held)
    act.session.flush()


def _wait(act: Act, held: ServiceRating) -> None:
    held.due_at, held.promise = rating_due(held.state, act.now, promises(day_of(act.now)), national())
    act.session.flush()


def _note_lateness(act: Act, held: ServiceRating) -> None:
    """A step that came late stays on record as late."""
    if held.due_at is not None and act.now >= held.due_at:
        late = {"state": held.state, "due_at": iso(held.due_at), "done_at": iso(act.now)}
        held.lateness = [*held.lateness, late]
        append(act, "rating.late", held.subject, late)
