"""What the demo's tender is worth and how its bids are scored: one source for the document and for the demo."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

PROJECT_NAME = "滨江新区第三水厂扩建工程"
SECTION_NAME = "施工一标段"
PROJECT_CODE = "HZ-GC-2026-0417"
SECTION_CODE = "HZ-GC-2026-0417-01"
MAXIMUM_PRICE_FEN = 186_500_000_00
ESTIMATE_FEN = 180_000_000_00
BOND_FEN = 800_000_00
DURATION_DAYS = 540
VALIDITY_DAYS = 90
QUALITY = "合格"


@dataclass(frozen=True)
class Criterion:
    """One scoring item of the tender document; objective items are computed from facts, others judged by experts."""

    code: str
    group: Literal["technical", "credit", "price"]
    name: str
    points: Decimal
    objective: bool
    standard: str


@dataclass(frozen=True)
class PriceRule:
    """The price formula of the tender document (RULES F-10).

    With `trim_from` or more valid prices the highest and the lowest leave the mean; base price = mean × coefficient,
    drawn from `coefficients` at the opening; the score loses `above` points per per cent above the base and `below`
    per per cent below it, interpolated linearly, never under zero.
    """

    points: Decimal
    trim_from: int
    coefficients: tuple[Decimal, ...]
    above: Decimal
    below: Decimal


CRITERIA: tuple[Criterion, ...] = (
    Criterion(
        "T1",
        "technical",
        "总体施工组织布置",
        Decimal(8),
        False,
        "施工部署、总平面布置、施工分区与既有水厂运行的协调合理可行。优 6.5～8 分，良 4.5～6.4 分，一般 0～4.4 分。",
    ),
    Criterion(
        "T2",
        "technical",
        "关键工序与技术措施",
        Decimal(10),
        False,
        "深基坑与降水、大体积及抗渗混凝土、滤池滤板安装、大口径管道等关键工序方案针对性强、参数有依据。"
        "优 8～10 分，良 5.5～7.9 分，一般 0～5.4 分。",
    ),
    Criterion(
        "T3",
        "technical",
        "不停水接驳方案",
        Decimal(6),
        False,
        "接驳窗口、工况模拟、应急保供与水质保障措施完整。优 5～6 分，良 3～4.9 分，一般 0～2.9 分。",
    ),
    Criterion(
        "T4",
        "technical",
        "质量安全环保措施",
        Decimal(8),
        False,
        "质量目标分解、危大工程管控、涉水卫生与扬尘噪声控制措施到位。优 6.5～8 分，良 4.5～6.4 分，一般 0～4.4 分。",
    ),
    Criterion(
        "T5",
        "technical",
        "进度与资源计划",
        Decimal(8),
        False,
        "关键线路清楚，节点满足招标文件要求，劳动力、机械、材料计划与进度匹配。"
        "优 6.5～8 分，良 4.5～6.4 分，一般 0～4.4 分。",
    ),
    Criterion(
        "Q1",
        "credit",
        "类似业绩",
        Decimal(6),
        True,
        "近五年完成过单项合同额 1 亿元及以上的给水厂或污水处理厂新建、扩建、改建施工业绩，每项得 2 分，最高 6 分。",
    ),
    Criterion(
        "Q2",
        "credit",
        "项目经理",
        Decimal(4),
        True,
        "项目经理近五年以项目经理身份完成过单项合同额 8000 万元及以上的给排水厂站施工业绩，每项得 2 分，最高 4 分。",
    ),
    Criterion("P1", "price", "投标报价", Decimal(50), True, "按评标基准价与偏差率计算，见本章第 4 条。"),
)

PRICE_RULE = PriceRule(
    points=Decimal(50),
    trim_from=5,
    coefficients=(Decimal("0.970"), Decimal("0.975"), Decimal("0.980"), Decimal("0.985"), Decimal("0.990")),
    above=Decimal("1.0"),
    below=Decimal("0.5"),
)


def price_scores(prices_fen: list[int], coefficient: Decimal) -> list[Decimal]:
    """The price scores of PRICE_RULE at this coefficient, rounded to 0.01, in the order given (RULES F-10, R-456)."""
    kept = sorted(prices_fen)
    if len(kept) >= PRICE_RULE.trim_from:
        kept = kept[1:-1]
    base = Decimal(sum(kept)) / len(kept) * coefficient
    scores = []
    for price in prices_fen:
        deviation = (price - base) / base * 100
        loss = deviation * PRICE_RULE.above if deviation > 0 else -deviation * PRICE_RULE.below
        scores.append(max(Decimal(0), PRICE_RULE.points - loss).quantize(Decimal("0.01"), "ROUND_HALF_UP"))
    return scores
