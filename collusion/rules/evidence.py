"""The contract between indicators, fusion and the card: what an indicator is and what it hands over."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from collusion.rules.base_rates import Rate
from collusion.rules.documents import Place
from collusion.rules.source_text import _l

if TYPE_CHECKING:
    from collusion.rules.case import Case


class Family(StrEnum):
    """Indicators that one cause could move together; families are weighed as independent."""

    CONTENT = "content"
    AUTHORING = "authoring"
    PRICES = "prices"
    PEOPLE = "people"
    HISTORY = "history"
    CONDUCT = "conduct"


FAMILY_NAMES: dict[Family, str] = {
    Family.CONTENT: _l("文本与图片"),
    Family.AUTHORING: _l("制作痕迹"),
    Family.PRICES: _l("报价规律"),
    Family.PEOPLE: _l("人员与联系方式"),
    Family.HISTORY: _l("以往项目中的表现"),
    Family.CONDUCT: _l("办理投标的过程"),
}


class Explanation(StrEnum):
    """The innocent source that accounts for a likeness."""

    TENDER = "tender"
    CONTROL_PRICE = "control_price"
    BACKGROUND = "background"
    REGISTRY = "registry"


EXPLANATION_NAMES: dict[Explanation, str] = {
    Explanation.TENDER: _l("来自招标文件"),
    Explanation.CONTROL_PRICE: _l("来自最高投标限价文件"),
    Explanation.BACKGROUND: _l("其他项目的投标文件中亦常见"),
    Explanation.REGISTRY: _l("来自第三方或公开登记信息"),
}


@dataclass(frozen=True, slots=True)
class Remark:
    """A sentence for the card: Chinese source text with %(name)s places, and the facts that fill them."""

    text: str
    facts: tuple[tuple[str, str | int | float], ...] = ()

    def __str__(self) -> str:
        return self.text % dict(self.facts) if self.facts else self.text


def remark(text: str, **facts: str | int | float) -> Remark:
    """Make a Remark."""
    return Remark(text, tuple(sorted(facts.items())))


@dataclass(frozen=True, slots=True)
class Sighting:
    """A value as seen in one bid: where, and which spans of it are equal to the other side."""

    place: Place
    value: str
    equal: tuple[tuple[int, int], ...] = ()
    explained: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """Two sightings side by side. One with `explained_by` is shown but weighs nothing."""

    a: Sighting
    b: Sighting
    explained_by: Explanation | None = None
    remark: Remark | None = None


@dataclass(frozen=True, slots=True)
class Evidence:
    """What one indicator found between two bidders.

    `llr` is a natural log-likelihood ratio, 0 when everything found is explained; `chance` is the probability of as
    much under the null model; `rate` the base rate it rests on; `tested` the innocent explanations that were tried.
    What is not `weighed` is shown with its chance and never added to a score: the recorded error rate knows nothing of
    it, so it raises no lead and ties nobody.
    """

    indicator: str
    family: Family
    a: str
    b: str
    llr: float
    chance: float
    rate: Rate
    findings: tuple[Finding, ...]
    tested: tuple[Remark, ...] = ()
    explained_by: Explanation | None = None
    weighed: bool = True


@dataclass(frozen=True, slots=True)
class Note:
    """What an indicator says of one bidder alone: shown beside the leads it stands in, never weighed.

    `chance` is the probability of as much under the null model, `told` the counts and what was tested.
    """

    indicator: str
    bidder: str
    chance: float
    rate: Rate
    place: Place
    told: tuple[Remark, ...]


@dataclass(frozen=True, slots=True)
class Clause:
    """A legal basis: the rule's number in RULES.md and the citation as a page shows it."""

    rule: str
    citation: str


ARTICLE_34 = Clause("R-655", _l("《招标投标法实施条例》第三十四条第二款（同一控制、管理关系的单位不得参加同一标段）"))
ARTICLE_39 = Clause("R-650", _l("《招标投标法实施条例》第三十九条（投标人相互串通投标）"))
ARTICLE_41 = Clause("R-650", _l("《招标投标法实施条例》第四十一条（招标人与投标人串通投标）"))
ARTICLE_40_1 = Clause("R-651", _l("《招标投标法实施条例》第四十条第一项（同一单位或者个人编制）"))
ARTICLE_40_2 = Clause("R-651", _l("《招标投标法实施条例》第四十条第二项（委托同一单位或者个人办理）"))
ARTICLE_40_3 = Clause("R-651", _l("《招标投标法实施条例》第四十条第三项（项目管理成员为同一人）"))
ARTICLE_40_4 = Clause("R-651", _l("《招标投标法实施条例》第四十条第四项（异常一致或者报价呈规律性差异）"))
ARTICLE_40_5 = Clause("R-651", _l("《招标投标法实施条例》第四十条第五项（相互混装）"))
ARTICLE_40_6 = Clause("R-651", _l("《招标投标法实施条例》第四十条第六项（保证金从同一账户转出）"))
ORDER_87_37_3 = Clause("R-651", _l("财政部令第87号第三十七条第三项（联系人员为同一人）"))
SIGNALS = Clause("R-652", _l("开标后记录并提示评标委员会的雷同性信号"))
CONSEQUENCE = Clause("R-653", _l("仅作线索；各地规定另有后果的从其规定，且须招标文件载明"))


@dataclass(frozen=True, slots=True)
class Indicator:
    """One kind of trace. `evaluate` gives evidence per pair of bidders; `lacking` says why it could not look.

    All sentences are Chinese source texts. `exclusions` are the innocent sources taken out before weighing; `clears`
    says what would clear the two bidders. `rates` names the rows of `base_rates` it rests on. `notes` speaks of one
    alone.
    """

    identifier: str
    family: Family
    name: str
    clauses: tuple[Clause, ...]
    needs: str
    method: str
    null_model: str
    false_alarms: str
    exclusions: tuple[str, ...]
    clears: str
    rates: tuple[str, ...]
    evaluate: Callable[[Case], list[Evidence]]
    lacking: Callable[[Case], Remark | None]
    notes: Callable[[Case], list[Note]] | None = None


def nothing(_: Case) -> list[Evidence]:
    """Say nothing of two bidders: the indicator speaks of one alone."""
    return []


def present(_: Case) -> None:
    """Say that nothing is lacking."""
    return None
