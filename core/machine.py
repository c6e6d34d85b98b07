"""Moves: the only way a thing's state changes, by a literal table, with its ledger entry."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from core.act import Act
from core.errors import Conflict
from core.ledger.log import append


@dataclass(frozen=True)
class Move:
    """One allowed move: from any of `sources` to `target`; None is back to where the thing stood (`stood_in`)."""

    sources: frozenset[str]
    target: str | None


def move(sources: str | Iterable[str], target: str) -> Move:
    """Spell a move in a table: `"publish": move("draft", "published")`."""
    return Move(frozenset([sources] if isinstance(sources, str) else sources), target)


def back(sources: str | Iterable[str]) -> Move:
    """Spell a move back: to the state the thing remembers in its column `stood_in`."""
    return Move(frozenset([sources] if isinstance(sources, str) else sources), None)


@dataclass(frozen=True)
class Lifecycle:
    """The life of one kind of thing: its name in the ledger, where it starts, and its moves by verb."""

    name: str
    start: str
    moves: Mapping[str, Move]

    @property
    def states(self) -> tuple[str, ...]:
        """All states in order of first appearance."""
        seen = dict.fromkeys([self.start])
        for step in self.moves.values():
            seen.update(dict.fromkeys([*sorted(step.sources), *([step.target] if step.target else [])]))
        return tuple(seen)


def may(thing: Any, verb: str) -> bool:
    """Say whether `verb` is allowed in the thing's present state."""
    return thing.state in thing.lifecycle.moves[verb].sources


def advance(act: Act, thing: Any, verb: str, **facts: Any) -> None:
    """Move `thing` by `verb`: state, instant and epoch change together and the ledger holds an entry with `facts`.

    The row is changed only where it still stands in the state and epoch that were read (a fencing epoch), so that two
    acts never both make the move. Raises Conflict("<thing>.state") from a wrong state, Conflict("<thing>.stale") when
    another act came first. Evidence columns set on the thing before are written with it.
    """
    lifecycle: Lifecycle = thing.lifecycle
    step = lifecycle.moves[verb]
    if thing.state not in step.sources:
        raise Conflict(
            f"{lifecycle.name}.state", verb=verb, state=thing.state, allowed=sorted(step.sources), subject=thing.subject
        )
    target = step.target or thing.stood_in
    if target not in lifecycle.states:
        raise Conflict(f"{lifecycle.name}.state", verb=verb, state=thing.state, allowed=[], subject=thing.subject)
    act.session.flush()
    table = type(thing).__table__
    changed: Any = act.session.execute(
        table.update()
        .where(table.c.id == thing.id, table.c.state == thing.state, table.c.epoch == thing.epoch)
        .values(state=target, state_at=act.now, epoch=thing.epoch + 1)
    )
    if changed.rowcount != 1:
        raise Conflict(f"{lifecycle.name}.stale", verb=verb, state=thing.state, subject=thing.subject)
    source = thing.state
    act.session.refresh(thing, ["state", "state_at", "epoch"])
    append(
        act,
        f"{lifecycle.name}.{verb}",
        thing.subject,
        {"actor": act.actor.name, **facts, "from": source, "to": target},
    )
