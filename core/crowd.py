"""A crowd at one door: whoever gets in does what everybody outside has brought, in one go."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

MOST = 128
"""Pieces of work done in one go."""


class Later(Exception):
    """This piece of work cannot be done in the same go as one before it; it is taken up again in the next."""


@dataclass
class _Brought:
    work: Any
    answer: Any = None
    is_done: bool = False


class Crowd:
    """Work that waits for one lock anyway is done together by the first whose turn it is.

    `do` gets what was brought, in the order of `order`, and gives one answer for each: a value, an exception that is
    this one's alone, or `Later`. When `do` itself fails, nothing is done, and each is tried by itself, so that what one
    brought never fails its neighbours. Nobody is answered before `do` has returned.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._is_busy = False
        self._waiting: deque[_Brought] = deque()

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Nobody is at work inside but the caller."""
        with self._changed:
            self._changed.wait_for(lambda: not self._is_busy)
            self._is_busy = True
        try:
            yield
        finally:
            self._give_up()

    def bring(self, work: Any, do: Callable[[Sequence[Any]], Sequence[Any]], *, order: Callable[[Any], Any]) -> Any:
        """The answer for `work`, done with whatever else waits; raises what was answered for it if that is an error."""
        mine = _Brought(work)
        with self._changed:
            self._waiting.append(mine)
        while True:
            with self._changed:
                # Whoever is done goes at once and does not wait for the next turn to end.
                self._changed.wait_for(lambda: mine.is_done or not self._is_busy)
                if mine.is_done:
                    break
                self._is_busy = True
            try:
                self._go(do, order)
            finally:
                self._give_up()
        if isinstance(mine.answer, BaseException):
            raise mine.answer
        return mine.answer

    def _give_up(self) -> None:
        with self._changed:
            self._is_busy = False
            self._changed.notify_all()

    def _go(self, do: Callable[[Sequence[Any]], Sequence[Any]], order: Callable[[Any], Any]) -> None:
        with self._changed:
            group = [self._waiting.popleft() for _ in range(min(MOST, len(self._waiting)))]
        group.sort(key=lambda one: order(one.work))
        try:
            self._answer(group, do)
        finally:
            # Also where a signal ends this thread in the middle: the others must not wait for ever.
            with self._changed:
                self._waiting.extendleft(reversed([one for one in group if not one.is_done]))

    def _answer(self, group: list[_Brought], do: Callable[[Sequence[Any]], Sequence[Any]]) -> None:
        try:
            answers = do([one.work for one in group])
        except Exception as error:
            if len(group) > 1:
                for one in group:
                    self._answer([one], do)
                return
            answers = [error]
        for one, answer in zip(group, answers, strict=True):
            if not isinstance(answer, Later):
                one.answer, one.is_done = answer, True
