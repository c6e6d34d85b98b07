"""R26: the draw is fair per expert, with exclusions and quotas; all parties but one together cannot steer it; it replays."""

from __future__ import annotations

import argparse
import hashlib
import math
from collections import Counter, defaultdict

from core.draw.mechanism import order, seed
from experts.rules import Seat, walk

LABEL = "experts:R26"
CANDIDATES = [f"E{n:04d}" for n in range(40)]
EXCLUDED = dict.fromkeys(CANDIDATES[::7], "R-330(9) employer")
SEATS = [Seat("A08", 2), Seat("A03", 1), Seat("B01", 1)]
TRIES = 8


def specialities_of(number: int) -> list[str]:
    """Three kinds of one speciality and one of two, so that quotas bind."""
    return [["A08"], ["A03", "B01"], ["B01"], ["A08", "A03"]][number % 4]


HELD = {name: specialities_of(number) for number, name in enumerate(CANDIDATES)}
FAVOURITE = "E0002"


def chi_square_p(statistic: float, freedom: int) -> float:
    """Upper tail of the chi-square distribution by the Wilson-Hilferty normal approximation."""
    z = ((statistic / freedom) ** (1 / 3) - (1 - 2 / (9 * freedom))) / math.sqrt(2 / (9 * freedom))
    return 0.5 * math.erfc(z / math.sqrt(2))


def independent_order(label: str, reveals: list[bytes], candidates: list[str]) -> list[str]:
    """The draw written again from docs/spec/draw.md, not from our code."""
    key = hashlib.sha256(b"sunbid-draw/v1\n" + label.encode() + b"\n" + b"".join(sorted(reveals))).digest()
    keyed = [(hashlib.sha256(key + label.encode() + b"\n" + c.encode()).hexdigest(), c) for c in candidates]
    return [c for _, c in sorted(keyed)]


def seated_by(reveals: list[bytes], *, sabotage: str = "") -> tuple[list[str], set[str]]:
    """The order and who is seated with these nonces."""
    drawn = sorted(CANDIDATES) if sabotage == "order" else order(seed(LABEL, reveals), LABEL, CANDIDATES)
    return drawn, {step.candidate for step in walk(drawn, HELD, SEATS, EXCLUDED).of("seated")}


def coalition(number: int, honest: bytes | None) -> list[bytes]:
    """Two of three parties choose nonces together, for their favourite, out of several tries.

    `honest` is the third nonce where they know it (the sabotage); else they try against what it might be.
    """
    guess = honest if honest is not None else hashlib.sha256(b"guess").digest()
    pair = [bytes(32), bytes(32)]
    for attempt in range(TRIES):
        pair = [hashlib.sha256(f"{party} {number} {attempt}".encode()).digest() for party in ("a", "b")]
        if FAVOURITE in seated_by([*pair, guess])[1]:
            break
    return pair


class Tally:
    """Counts per expert, and within each kind of expert the spread that uniform draws would give."""

    def __init__(self) -> None:
        self.kinds: dict[tuple[str, ...], list[str]] = defaultdict(list)
        for name in CANDIDATES:
            if name not in EXCLUDED:
                self.kinds[tuple(HELD[name])].append(name)
        self.seats: Counter[str] = Counter()
        self.spread = dict.fromkeys(self.kinds, 0.0)

    def add(self, seated: set[str]) -> None:
        """One draw."""
        self.seats.update(seated)
        for kind, names in self.kinds.items():
            taken = sum(name in seated for name in names)
            self.spread[kind] += taken * (len(names) - taken) / (len(names) * (len(names) - 1))

    def p(self) -> float:
        """Chi-square over all kinds: experts of one kind are exchangeable, seats are drawn without replacement."""
        statistic, freedom = 0.0, 0
        for kind, names in self.kinds.items():
            mean = sum(self.seats[name] for name in names) / len(names)
            if self.spread[kind]:
                statistic += sum((self.seats[name] - mean) ** 2 for name in names) / self.spread[kind]
                freedom += len(names) - 1
        return chi_square_p(statistic, freedom) if freedom else 0.0


def main(arguments: list[str]) -> int:
    """Short form: 20,000 draws; --long: 1,000,000, one in twenty of them against a coalition of two of three parties."""
    parser = argparse.ArgumentParser(prog="R26", description=main.__doc__)
    parser.add_argument("--long", action="store_true")
    parser.add_argument("--draws", type=int)
    parser.add_argument("--sabotage", choices=("order", "last"), default="")
    options = parser.parse_args(arguments)
    draws = options.draws or (1_000_000 if options.long else 20_000)
    fair, replayed, wanted, excluded, hits, against = Tally(), 0, 0, 0, 0, 0
    for n in range(draws):
        honest = hashlib.sha256(f"R26 {n}".encode()).digest()
        drawn, seated = seated_by([bytes(32), bytes([255]) * 32, honest], sabotage=options.sabotage)
        fair.add(seated)
        excluded += len(seated & set(EXCLUDED))
        if n % 50 == 0:
            wanted += 1
            replayed += drawn == independent_order(LABEL, [bytes(32), bytes([255]) * 32, honest], CANDIDATES)
        if n % 20 == 0:
            pair = coalition(n, honest if options.sabotage == "last" else None)
            against += 1
            hits += FAVOURITE in seated_by([*pair, honest])[1]
    p = fair.p()
    kind = fair.kinds[tuple(HELD[FAVOURITE])]
    share = sum(fair.seats[name] for name in kind) / len(kind) / draws
    z = (hits - against * share) / math.sqrt(against * share * (1 - share)) if 0 < share < 1 else math.inf
    steered = math.erfc(abs(z) / math.sqrt(2))
    print(f"favourite of two of three parties seated {hits} of {against} times, by chance {against * share:.0f}")
    print(
        f"R26: {draws} draws, chi-square p = {p:.3f} (> 0.01), {excluded} excluded seated, "
        f"coalition of 2 of 3: p = {steered:.3f} (> 0.01), {replayed}/{wanted} replayed by an independent script"
    )
    return 0 if p > 0.01 and steered > 0.01 and not excluded and replayed == wanted else 1
