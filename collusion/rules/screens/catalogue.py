"""The screens by name: what each computes, which way a ring moves it, from how many bids on it may speak."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from collusion.rules.screens import asymmetry, coalitions, shape, variance
from collusion.rules.screens.variance import Bids


@dataclass(frozen=True, slots=True)
class Screen:
    """One screen. `low`: a ring lowers it. `defined`: bids it needs; `least`: bids from which it may speak."""

    identifier: str
    compute: Callable[[Bids], Bids]
    low: bool
    defined: int
    least: int
    zh: str
    en: str
    innocent_zh: str
    innocent_en: str
    source: str


LEVEL = (
    "同一信息价或控制价下调浮动会使报价自然接近",
    "published unit prices or one control price bring honest bids together",
)
LEADER = ("成本确有优势的投标人也会领先", "a bidder with truly lower costs leads as well")
FORM = ("个别投标人误算或不熟悉项目会改变分布形状", "one miscalculation or one outsider changes the shape")
HUBER = "Huber, Imhof 2019, Int. J. Industrial Organization 65"
IMHOF = "Imhof, Karagök, Rutz 2018, J. Competition Law & Economics 14"
WALLIMANN = "Wallimann, Imhof, Huber 2022, Computational Economics"
METZ = "Abrantes-Metz, Froeb, Geweke, Taylor 2006, Int. J. Industrial Organization 24"

SCREENS = (
    Screen(
        "variance.cv", variance.coefficient_of_variation, True, 2, 3,
        "变异系数", "coefficient of variation", *LEVEL, METZ,
    ),
    Screen("variance.spread", variance.spread, True, 2, 3, "极差率", "spread", *LEVEL, HUBER),
    Screen(
        "asymmetry.diffp", asymmetry.percentage_difference, False, 2, 3,
        "最低两家差率", "difference of the two lowest", *LEADER, IMHOF,
    ),
    Screen("asymmetry.rd", asymmetry.relative_distance, False, 3, 4, "相对距离", "relative distance", *LEADER, IMHOF),
    Screen(
        "asymmetry.altrd", asymmetry.alternative_distance, False, 3, 4,
        "替代相对距离", "alternative relative distance", *LEADER, HUBER,
    ),
    Screen(
        "asymmetry.rdnor", asymmetry.normalised_distance, False, 3, 4,
        "归一化距离", "normalised distance", *LEADER, HUBER,
    ),
    Screen("shape.skewness", shape.skewness, True, 3, 5, "偏度", "skewness", *FORM, HUBER),
    Screen("shape.kurtosis", shape.kurtosis, False, 4, 5, "峰度", "kurtosis", *FORM, HUBER),
    Screen(
        "shape.ks", shape.uniformity, False, 2, 5,
        "与均匀分布的 KS 距离", "KS distance to uniform", *FORM, WALLIMANN,
    ),
    Screen(
        "coalition.cv3", coalitions.tightest_three, True, 3, 4,
        "最紧密三家的变异系数", "coefficient of variation of the tightest three", *LEVEL, WALLIMANN,
    ),
    Screen(
        "coalition.cv4", coalitions.tightest_four, True, 4, 5,
        "最紧密四家的变异系数", "coefficient of variation of the tightest four", *LEVEL, WALLIMANN,
    ),
)  # fmt: skip
