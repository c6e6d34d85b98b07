"""How often notes about the tenderer's side speak of honest bidders, and of planted favourites.

    python -m benchmarks.collusion_tenderer

Made tenderers: firms with costs and habits of their own send bids early, late or whenever; a favourite is told the best
price and comes last and just below. Made tenders: chapters of requirements, some rare; bidders answer chapters word for
word as diligently as they are; a favourite's own wording stands among the requirements.
"""

from __future__ import annotations

import argparse
import math
import random
import sys
from collections.abc import Callable, Iterable

from benchmarks.collusion_context import LEVEL
from collusion.indicators import tenderer_last_word, tenderer_tailored
from collusion.rules import odds
from collusion.rules.background import ArchivedBid, Background
from collusion.rules.case import Bid, Case
from collusion.rules.documents import Document, Paragraph
from collusion.rules.evidence import Indicator
from collusion.rules.frequencies import counted
from collusion.rules.history import Meeting, Pricing
from collusion.rules.quoting import phrases_of

FIRMS = 12
SECTIONS = 60
CHAPTERS = 8
SENTENCES = 24
RARE = 0.35
TAILORED = 6


def document(name: str, paragraphs: Iterable[str]) -> Document:
    """A read document of these paragraphs."""
    return Document(name, "docx", name, tuple(Paragraph(said, n) for n, said in enumerate(paragraphs, 1)))


def archived(tender: str, bidder: str, *documents: Document) -> ArchivedBid:
    """A bid of another tender."""
    return ArchivedBid(tender, bidder, documents)


def offers(rng: random.Random, *, told: bool) -> Case:
    """One tenderer's sections: strong firms, habitual latecomers, and f00, told the best price where `told`."""
    firms = [f"f{n:02d}" for n in range(FIRMS)]
    cost = {firm: rng.gauss(0, 0.02) for firm in firms}
    late = {firm: rng.betavariate(1, 1) for firm in firms}
    # The worst innocent case: the strongest firm always comes last.
    cost["f00"], late["f00"] = -0.02, 5.0
    made = []
    for number in range(SECTIONS):
        present = [firm for firm in firms if firm == "f00" or rng.random() < 0.4]
        prices = {firm: round(1e9 * math.exp(cost[firm] + rng.gauss(0, 0.025))) for firm in present}
        order = sorted(present, key=lambda firm: late[firm] + rng.random())
        rivals = [price for firm, price in prices.items() if firm != "f00"]
        if told and rivals and rng.random() < 0.4:
            order = [*(firm for firm in order if firm != "f00"), "f00"]
            prices["f00"] = round(min(rivals) * (1 - rng.uniform(0.001, 0.01)))
        read = tuple((firm, prices[firm]) for firm in order)
        made.append(Meeting(f"s{number}", "k", frozenset(present), frozenset(), None, "t0", frozenset(), read))
    bids = tuple(Bid(firm, (), None, None, firm) for firm in firms[:6])
    return Case((), bids, history=tuple(made), pricing=Pricing({}, None, None, "k", "t0"))


def papers(rng: random.Random, *, told: bool) -> Case:
    """A tender of chapters, and six bids that answer each chapter more or less word for word."""

    def sentence() -> str:
        return "".join(chr(0x4E00 + rng.randrange(8000)) for _ in range(rng.randrange(14, 40))) + "。"

    chapters = [[(sentence(), rng.random() < RARE) for _ in range(SENTENCES)] for _ in range(CHAPTERS)]
    rare = [(c, n) for c, chapter in enumerate(chapters) for n, (_, is_rare) in enumerate(chapter) if is_rare]
    mine = set(rng.sample(rare, TAILORED)) if told else set()
    bids = []
    for number in range(6):
        care = {c: min(0.95, rng.betavariate(1, 2)) for c in range(CHAPTERS)}
        # Some answer what is particular to this project with more care than what is usual, some with less.
        tilt = math.exp(rng.gauss(0, 0.35))
        said = []
        for c, chapter in enumerate(chapters):
            for n, (words, is_rare) in enumerate(chapter):
                chance = min(0.95, care[c] * (tilt if is_rare else 1))
                if (c, n) in mine:
                    chance = 0.95 if number == 0 else 0.03
                said += [words] if rng.random() < chance else []
        bids.append(Bid(f"b{number}", (document(f"b{number}.docx", said),), None, None, f"b{number}"))
    known = phrases_of(words for chapter in chapters for words, is_rare in chapter if not is_rare)
    tender = document("招标文件.docx", ("".join(words for words, _ in chapter) for chapter in chapters))
    return Case((tender,), tuple(bids), Background(tenders=20, bidders=100, grams=counted([known])))


WORLDS: tuple[tuple[Indicator, Callable[..., Case], str], ...] = (
    (tenderer_last_word.INDICATOR, offers, "f00"),
    (tenderer_tailored.INDICATOR, papers, "b0"),
)


def measure(cases: int, said: Callable[[str], None]) -> bool:
    """Print per indicator the share of honest bidders noted and of planted favourites seen; True when held."""
    held = True
    for indicator, make, favourite in WORLDS:
        look = indicator.notes
        assert look is not None
        honest = [make(random.Random(f"honest {indicator.identifier} {n}"), told=False) for n in range(cases)]
        spoke = sum(len(look(one)) for one in honest)
        worst = sum(any(note.bidder == favourite for note in look(one)) for one in honest)
        bidders = sum(len(one.bids) for one in honest)
        planted = [make(random.Random(f"planted {indicator.identifier} {n}"), told=True) for n in range(cases)]
        seen = sum(any(note.bidder == favourite for note in look(one)) for one in planted)
        low, high = odds.wilson(spoke, bidders)
        held = held and low <= LEVEL
        said(
            f"{indicator.identifier}: {100 * spoke / bidders:.2f} % of {bidders} honest bidders at chance ≤ {LEVEL} "
            f"(95 % {100 * low:.2f}–{100 * high:.2f}; the one in the favourite's place {worst} of {cases}); "
            f"planted favourites seen {seen} of {cases}"
        )
    return held


def main(argv: list[str] | None = None) -> int:
    """Measure and print. Exit 0 only where no indicator speaks oftener than its level."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--cases", type=int, default=200)
    return 0 if measure(parser.parse_args(argv).cases, print) else 1


if __name__ == "__main__":
    sys.exit(main())
