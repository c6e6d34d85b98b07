"""Base prices by formula, written from docs/spec/scoring.md section 3 alone; nothing of the platform is read for it."""

from fractions import Fraction
from typing import Any

from .canonical import Wrong, decimal, need, unhex, whole
from .claims_draws import in_order

SHARES = (15, 10, 15, 5, 55)


class Bids:
    """What a base may be made of: prices by number, the maximum price, K, the draw and the other scores."""

    def __init__(self, prices: dict[int, int], most: int, k: object, result: dict[str, Any] | None = None,
                 means: dict[int, dict[str, Fraction]] | None = None) -> None:  # fmt: skip
        self.prices, self.most, self.means = prices, most, means or {}
        self.k = decimal(k)
        self.order = sorted(prices, key=lambda n: (prices[n], n))
        self.drawn: dict[str, str] = {}
        drawn = (result or {}).get("coefficients") or {}
        self._seed, self._label = drawn.get("seed"), drawn.get("label")
        self.digests = {bid["number"]: bid["submission"] for bid in (result or {}).get("bids", [])}

    def lots(self, name: str, values: list[str]) -> list[str]:
        """The values in the order of a further draw from the coefficient draw's seed."""
        need(self._seed, "没有系数抽取的种子", "there is no seed of a coefficient draw")
        return in_order(unhex(str(self._seed), 32), f"{self._label}:{name}", values)

    def choose(self, name: str, values: list[str]) -> Fraction:
        """The value drawn, which is told."""
        self.drawn[name] = self.lots(name, values)[0]
        return decimal(self.drawn[name], signed=True)

    def average(self, numbers: list[int]) -> Fraction:
        """The mean of their prices."""
        return Fraction(sum(self.prices[n] for n in numbers)) / len(numbers)


Made = tuple[Fraction, list[int], tuple[int | None, int | None]]
"""The base, the bids it was made of, the highest and the lowest left out."""


def _without_ends(order: list[int], least: int) -> tuple[list[int], tuple[int | None, int | None]]:
    if len(order) < max(3, least):
        return order, (None, None)
    return order[1:-1], (order[-1], order[0])


def base_of(method: dict[str, Any], bids: Bids) -> Made:
    """The base price of a method by its formula; Wrong for a formula nobody knows."""
    name = method["formula"]
    if name == "reasonable-low/v1":
        return _reasonable(method, bids)
    if name == "banded-mean/v1":
        return _banded(method, bids)
    used, ends = _without_ends(bids.order, whole(method["trim_from"]))
    centre = bids.average(used)
    if name == "ceiling-mean/v1":
        share = bids.choose("weight", method["weights"]) if "weights" in method else decimal(method["weight"])
        centre += (bids.most - centre) * share
    elif name == "second-mean/v1":
        if method["second"] == "below":
            used = [n for n in used if bids.prices[n] <= centre]
            centre = bids.average(used)
        else:
            need(method["second"] == "lowest", "二次平均不识", "unknown kind of second mean")
            centre = (centre + bids.prices[used[0]]) / 2
    elif name == "interval-mean/v1":
        low, high = (decimal(text) * centre for text in method["interval"])
        inside = [n for n in used if low <= bids.prices[n] <= high]
        if inside:
            used, centre = inside, bids.average(inside)
    elif name == "next-lowest-mean/v1":
        second = used[1] if len(used) > 1 else used[0]
        centre = (bids.prices[second] + centre) / 2
    elif name != "mean-deviation/v1":
        raise Wrong("价格公式不识", "unknown price formula")
    return centre * bids.k, used, ends


def _reasonable(method: dict[str, Any], bids: Bids) -> Made:
    count, cut = len(bids.order), 0
    if count >= max(3, whole(method["trim_from"])):
        cut = int(Fraction(count, 5) + Fraction(1, 2))
    line = bids.average(bids.order[cut : count - cut]) * bids.k
    kept = [n for n in bids.order if bids.prices[n] >= line]
    need(kept, "没有计入基准价的报价", "no price makes the base")
    if method["basis"] == "ranks":
        pairs = []
        for group in ("technical", "qualification"):
            best = sorted(kept, key=lambda n: (-bids.means[n][group], bids.prices[n], n))
            pairs += [best[0], best[1] if len(best) > 1 else best[0]]
        others = [n for n in kept if n not in pairs]
        values = [Fraction(bids.prices[n]) for n in pairs] + [bids.average(others if others else kept)]
        return sum((s * v for s, v in zip(SHARES, values, strict=True)), Fraction(0)) / 100, kept, (None, None)
    by_digest = {bids.digests[n]: n for n in kept}
    nine = [by_digest[digest] for digest in bids.lots("nine", list(by_digest))][:9]
    bids.drawn["nine"] = " ".join(map(str, nine))
    used, ends = _without_ends(sorted(nine, key=lambda n: (bids.prices[n], n)), 3)
    centre = bids.average(used)
    if method["basis"] == "ceiling":
        share = bids.choose("weight", method["weights"])
        centre += (bids.most - centre) * share
    else:
        need(method["basis"] == "drawn", "基准价算法不识", "unknown way to the base")
    return centre, used, ends


def _banded(method: dict[str, Any], bids: Bids) -> Made:
    def band(price: Fraction) -> str:
        return "1" if 100 * price >= 95 * bids.most else "3" if 100 * price <= 90 * bids.most else "2"

    used = bids.order
    if len(used) >= whole(method["band_from"]):
        bands = {name: [n for n in used if band(Fraction(bids.prices[n])) == name] for name in ("1", "2", "3")}
        here = next(name for name in bids.lots("band", ["1", "2", "3"]) if bands[name])
        used = bands[here]
    else:
        here = band(bids.average(used))
    bids.drawn["band"] = here
    down = bids.choose("down", method["downs"][int(here) - 1])
    return bids.average(used) * (100 - down) / 100 * bids.k, used, (None, None)
