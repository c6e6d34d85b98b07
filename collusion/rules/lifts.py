"""What indicators of one bidder share: does it win oftener beside this tenderer or expert than elsewhere?"""

from __future__ import annotations

from collections.abc import Callable, Collection

from collusion.rules.base_rates import rate
from collusion.rules.case import Case
from collusion.rules.evidence import Note, Remark, remark
from collusion.rules.history import LEAST_SECTIONS, Meeting, hypergeometric_tail, same_kind
from collusion.rules.shown import RECORD, WORTH_SHOWING
from collusion.rules.source_text import _l

LEAST_BIDS = 8
"""Earlier bids of a bidder in sections with a winner, without which nothing is said of where it wins."""
LEAST_BESIDE = 3


def lifted(
    case: Case,
    indicator: str,
    beside: Callable[[Meeting], Collection[str]],
    said: Callable[[str, int, int, int, int], Remark],
    *,
    tries: int | None = None,
) -> list[Note]:
    """Per bidder, the one beside whom its wins are least likely to lie by chance, where that is worth showing.

    `tries`: how many were looked at, when not as many as the bidder met LEAST_BESIDE times.
    """
    meetings = [meeting for meeting in same_kind(case.history, case.pricing) if meeting.winner]
    if len(meetings) < LEAST_SECTIONS:
        return []
    base, found = rate("history.floor"), []
    for bid in case.bids:
        bids = [meeting for meeting in meetings if bid.known_as in meeting.bidders]
        wins = sum(meeting.winner == bid.known_as for meeting in bids)
        if len(bids) < LEAST_BIDS or not wins:
            continue
        seen: list[tuple[float, str, int, int]] = []
        for who in sorted({name for meeting in bids for name in beside(meeting)}):
            together = [meeting for meeting in bids if who in beside(meeting)]
            if len(together) >= LEAST_BESIDE:
                won = sum(meeting.winner == bid.known_as for meeting in together)
                seen.append((hypergeometric_tail(won, len(bids), wins, len(together)), who, len(together), won))
        if not seen:
            continue
        tail, who, count, won = min(seen)
        chance = min(1.0, base.value + tail * (len(seen) if tries is None else tries))
        if chance <= WORTH_SHOWING:
            told = (
                said(who, len(bids), wins, count, won),
                remark(_l("已按比较过的对象数目修正；同类以往项目之外不计")),
            )
            found.append(Note(indicator, bid.bidder, chance, base, RECORD, told))
    return found


def lacking_wins(case: Case) -> Remark | None:
    """Say whether there are too few earlier sections of this kind with a winner."""
    enough = sum(bool(meeting.winner) for meeting in same_kind(case.history, case.pricing)) >= LEAST_SECTIONS
    return None if enough else remark(_l("同类以往项目不足 %(least)d 个"), least=LEAST_SECTIONS)
