"""A crowd at one door: done together, answered one by one, nobody forgotten."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from core.crowd import Crowd, Later


def brought(crowd: Crowd, works: Sequence[Any], do: Callable[[Sequence[Any]], Sequence[Any]]) -> list[Any]:
    """What everybody is answered who waits at the door when it opens; exceptions as values."""

    def bring(work: Any) -> Any:
        try:
            return crowd.bring(work, do, order=lambda one: one)
        except Exception as error:
            return error

    with ThreadPoolExecutor(len(works)) as pool:
        with crowd.turn():
            waiting = [pool.submit(bring, work) for work in works]
            while len(crowd._waiting) < len(works):
                threading.Event().wait(0.001)
        return [one.result(10) for one in waiting]


def test_who_waits_together_is_done_together_in_order() -> None:
    """Seen red: without the order, groups came as their threads did."""
    groups: list[list[int]] = []

    def do(works: Sequence[int]) -> list[int]:
        groups.append(list(works))
        return [work * 10 for work in works]

    assert brought(Crowd(), [5, 3, 4, 1, 2], do) == [50, 30, 40, 10, 20]
    assert groups == [[1, 2, 3, 4, 5]]


def test_an_error_that_is_one_s_alone_reaches_nobody_else() -> None:
    """Seen red: with the first error raised for all."""
    answers = brought(Crowd(), [1, 2, 3], lambda works: [ValueError(work) if work == 2 else work for work in works])
    assert [answers[0], answers[2]] == [1, 3]
    assert isinstance(answers[1], ValueError)


def test_where_the_whole_fails_each_is_tried_by_itself() -> None:
    """Seen red: without trying each, all of them failed."""
    groups: list[list[int]] = []

    def do(works: Sequence[int]) -> list[int]:
        groups.append(list(works))
        if 2 in works:
            raise RuntimeError("the transaction broke")
        return list(works)

    answers = brought(Crowd(), [1, 2, 3], do)
    assert (answers[0], answers[2], type(answers[1])) == (1, 3, RuntimeError)
    assert groups == [[1, 2, 3], [1], [2], [3]]


def test_what_is_put_off_comes_in_the_next_go_before_others() -> None:
    """Seen red: without putting it back its thread turned round for ever."""
    groups: list[list[int]] = []

    def do(works: Sequence[int]) -> list[Any]:
        groups.append(list(works))
        return [Later() if number else work for number, work in enumerate(works)]

    assert brought(Crowd(), [1, 2, 3], do) == [1, 2, 3]
    assert groups == [[1, 2, 3], [2, 3], [3]]


def test_where_a_signal_ends_the_one_at_work_the_others_are_done_all_the_same() -> None:
    """Seen red: without putting back what is not answered the others waited for ever."""
    crowd, ends = Crowd(), [SystemExit("the server stops")]

    def do(works: Sequence[int]) -> list[int]:
        if ends:
            raise ends.pop()
        return list(works)

    def bring(work: int) -> Any:
        try:
            return crowd.bring(work, do, order=lambda one: one)
        except SystemExit as ended:
            return ended

    with ThreadPoolExecutor(3) as pool:
        with crowd.turn():
            waiting = [pool.submit(bring, work) for work in (1, 2, 3)]
            while len(crowd._waiting) < 3:
                threading.Event().wait(0.001)
        answers = [one.result(10) for one in waiting]
    assert sum(isinstance(answer, SystemExit) for answer in answers) == 1
    assert {answer for answer in answers if isinstance(answer, int)} < {1, 2, 3}


def test_who_is_done_goes_while_another_is_at_work() -> None:
    """An answer does not wait for the turn. Seen red: waiting for the turn alone, those who were done stood in line."""
    crowd = Crowd()
    with ThreadPoolExecutor(1) as pool, crowd.turn():
        waiting = pool.submit(crowd.bring, 1, list, order=lambda one: one)
        while not crowd._waiting:
            threading.Event().wait(0.001)
        with crowd._changed:
            mine = crowd._waiting.popleft()
            mine.answer, mine.is_done = "done", True
            crowd._changed.notify_all()
        assert waiting.result(5) == "done"
