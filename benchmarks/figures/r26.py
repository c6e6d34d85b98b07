"""R26: the draw is fair (chi-square per candidate, also with exclusions) and an independent script replays it."""

from __future__ import annotations

import argparse
import hashlib
import math

from core.draw.mechanism import order, seed

CANDIDATES = [f"E{n:04d}" for n in range(40)]
SEATS = 4


def chi_square_p(statistic: float, freedom: int) -> float:
    """Upper tail of the chi-square distribution by the Wilson-Hilferty normal approximation."""
    z = ((statistic / freedom) ** (1 / 3) - (1 - 2 / (9 * freedom))) / math.sqrt(2 / (9 * freedom))
    return 0.5 * math.erfc(z / math.sqrt(2))


def independent_order(label: str, reveals: list[bytes], candidates: list[str]) -> list[str]:
    """The draw written again from docs/spec/draw.md, not from our code."""
    key = hashlib.sha256(b"sunbid-draw/v1\n" + label.encode() + b"\n" + b"".join(sorted(reveals))).digest()
    keyed = [(hashlib.sha256(key + label.encode() + b"\n" + c.encode()).hexdigest(), c) for c in candidates]
    return [c for _, c in sorted(keyed)]


def main(arguments: list[str]) -> int:
    """Short form: 20,000 draws; --long: 1,000,000. One party honest, the others always reveal zeros."""
    parser = argparse.ArgumentParser(prog="R26", description=__doc__)
    parser.add_argument("--long", action="store_true")
    options = parser.parse_args(arguments)
    draws = 1_000_000 if options.long else 20_000
    excluded = set(CANDIDATES[::7])
    eligible = [c for c in CANDIDATES if c not in excluded]
    seats = dict.fromkeys(eligible, 0)
    replayed = 0
    for n in range(draws):
        honest = hashlib.sha256(f"R26 {n}".encode()).digest()
        reveals = [bytes(32), bytes([255]) * 32, honest]
        drawn = order(seed("experts:R26", reveals), "experts:R26", CANDIDATES)
        if n % 50 == 0:
            replayed += drawn == independent_order("experts:R26", reveals, CANDIDATES)
        for winner in [c for c in drawn if c not in excluded][:SEATS]:
            seats[winner] += 1
    expected = draws * SEATS / len(eligible)
    # Seats within one draw are without replacement: the variance shrinks by (1 - seats/candidates).
    statistic = sum((count - expected) ** 2 / expected for count in seats.values()) / (1 - SEATS / len(eligible))
    p = chi_square_p(statistic, len(eligible) - 1)
    wanted = len(range(0, draws, 50))
    print(f"R26: {draws} draws, chi-square p = {p:.3f} (> 0.01), {replayed}/{wanted} replayed by an independent script")
    return 0 if p > 0.01 and replayed == wanted else 1
