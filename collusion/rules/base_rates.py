"""How often unrelated bidders show each trace: one dated, sourced table. Every weight of evidence starts here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from collusion.rules.folding import flat
from collusion.rules.source_text import _l
from opening.rules.devices import BLANK

CORPUS_146 = _l("146 份真实采购 docx 文档两两比对")


class Ground(StrEnum):
    """What a rate stands on."""

    MEASURED = "measured"
    COMPUTED = "computed"
    ASSUMED = "assumed"


@dataclass(frozen=True, slots=True)
class Rate:
    """A base rate: its value (a probability, or the parameter `meaning` names), what it stands on, and since when."""

    name: str
    value: float
    ground: Ground
    on: date
    source: str
    meaning: str


def _rate(name: str, value: float, ground: Ground, source: str, meaning: str) -> tuple[str, Rate]:
    return name, Rate(name, value, ground, date(2026, 11, 22), source, meaning)


RATES: dict[str, Rate] = dict(
    (
        _rate(
            "last_modified_by",
            0.019,
            Ground.MEASURED,
            CORPUS_146,
            _l("两份无关文件最后保存者相同的概率"),
        ),
        _rate(
            "last_modified_by.common",
            0.15,
            Ground.ASSUMED,
            _l("系统默认账户名，取保守值"),
            _l("最后保存者为系统默认账户名（如 Administrator）时两份无关文件相同的概率"),
        ),
        _rate(
            "creator",
            0.10,
            Ground.ASSUMED,
            _l("146 份真实采购 docx 文档总体为 0.504，主要来自默认值；去除默认值后取保守值"),
            _l("两份无关文件作者（非默认值）相同的概率"),
        ),
        _rate("creator.common", 0.504, Ground.MEASURED, CORPUS_146, _l("作者为默认值时两份无关文件相同的概率")),
        _rate(
            "pdf_identifier",
            0.002,
            Ground.ASSUMED,
            _l("双方引用同一公开文件（样本、证书、规范），取保守值"),
            _l("无关投标人持有永久标识相同的 PDF 文件的概率"),
        ),
        _rate("kso_icv", 0.002, Ground.MEASURED, CORPUS_146, _l("两份无关文件 WPS 安装标识相同的概率")),
        _rate(
            "lock",
            0.01,
            Ground.ASSUMED,
            _l("同一造价咨询单位、破解锁默认序列号，取保守值"),
            _l("无关投标人计价软件加密锁序列号相同的概率"),
        ),
        _rate(
            "bond_account",
            0.002,
            Ground.ASSUMED,
            _l("银行过渡户、代收代付户，取保守值"),
            _l("无关投标人保证金付款账户相同的概率"),
        ),
        _rate(
            "rsid",
            0.043,
            Ground.MEASURED,
            _l("22 份真实采购 docx 文档（231 对）中 10 对共有稀有修订标识（同源模板）"),
            _l("两份无关文件因同源模板而共有稀有修订标识的概率"),
        ),
        _rate(
            "created",
            0.093,
            Ground.MEASURED,
            CORPUS_146,
            _l("两份无关文件创建时刻同秒（模板生成时刻）的概率，作为时间类证据的模型误差下限"),
        ),
        _rate(
            "picture",
            0.01,
            Ground.ASSUMED,
            _l("同一厂家样本、同一证书图片，取保守值"),
            _l("两家无关投标人使用同一张（招标文件之外的）图片的概率"),
        ),
        _rate(
            "picture.near",
            0.02,
            Ground.ASSUMED,
            _l("同上，且256 位感知散列允许 24 位差异"),
            _l("同上，图片经缩放或重新压缩"),
        ),
        _rate(
            "text.cold",
            0.01,
            Ground.MEASURED,
            _l("22 份真实采购 docx 文档两两比对，扣除第三份文件，无历史档案"),
            _l("尾部参数 c：无关文件剩余文字雷同占比 S 满足 P(S≥s)≈c/s"),
        ),
        _rate(
            "text.warm",
            0.0004,
            Ground.MEASURED,
            _l("22 份真实采购 docx 文档两两比对，扣除第三份文件及其余文件构成的档案"),
            _l("尾部参数 c：无关文件剩余文字雷同占比 S 满足 P(S≥s)≈c/s"),
        ),
        _rate(
            "error.known",
            0.03,
            Ground.ASSUMED,
            _l("常见错别字表，取保守值"),
            _l("无关投标人在用到该词时同样写错的概率"),
        ),
        _rate(
            "error.rare", 0.01, Ground.ASSUMED, _l("非常见写法，取保守值"), _l("无关投标人出现同一罕见写法错误的概率")
        ),
        _rate(
            "leftover",
            0.01,
            Ground.ASSUMED,
            _l("同一外购范本残留，取保守值"),
            _l("无关投标人残留同一其他工程名称的概率"),
        ),
        _rate(
            "device",
            0.002,
            Ground.ASSUMED,
            _l("标书代做、云桌面、整机克隆，取保守值"),
            _l("无关投标人制作设备网卡与硬盘标识同时相同的概率"),
        ),
        _rate(
            "contact",
            0.002,
            Ground.ASSUMED,
            _l("号码误录、共用代办人，取保守值"),
            _l("无关投标人自身联系电话、邮箱或证件号码相同的概率"),
        ),
        _rate(
            "spread",
            0.02,
            Ground.ASSUMED,
            _l("比真实报价离散度更集中，使巧合概率偏大、证据偏轻"),
            _l("无关投标人单价比值对数的标准差下限"),
        ),
        _rate(
            "coefficient.floor",
            0.0002,
            Ground.ASSUMED,
            _l("零模型之外的原因（同一定额软件、同一咨询单位）"),
            _l("固定系数检验的模型误差下限"),
        ),
        _rate(
            "residual.floor",
            0.002,
            Ground.ASSUMED,
            _l("零模型之外的原因（同一信息价、同一分包询价）"),
            _l("单价残差相关检验的模型误差下限"),
        ),
        _rate(
            "step.floor",
            0.0005,
            Ground.ASSUMED,
            _l("零模型之外的原因（凑整习惯）"),
            _l("总价等差等比检验的模型误差下限"),
        ),
        _rate("total.spread", 0.03, Ground.ASSUMED, _l("七个市场竞争性标段报价离散度的下缘"), _l("总价对数的标准差")),
        _rate(
            "ownership",
            0.02,
            Ground.ASSUMED,
            _l("同一集团的成员常在同一地区投标，取保守值"),
            _l("无串通的两家投标人受同一人控制的概率"),
        ),
        _rate(
            "squeeze.floor",
            0.01,
            Ground.ASSUMED,
            _l("零模型之外的原因（各家均以最高投标限价为锚）"),
            _l("评标基准价挤压检验的模型误差下限"),
        ),
        _rate(
            "upload.floor",
            0.01,
            Ground.ASSUMED,
            _l("整点、午休后等共同的作息"),
            _l("递交时刻接近检验的模型误差下限"),
        ),
        _rate(
            "layout",
            0.398,
            Ground.MEASURED,
            _l("22 份真实采购 docx 文档两两比对"),
            _l("两份无关文件版面设置（纸张、页边距、网格、默认字体）相同的概率"),
        ),
        _rate(
            "history.floor",
            0.02,
            Ground.ASSUMED,
            _l("零模型之外的原因（同一专业、同一地区、产能周期）"),
            _l("以往项目类检验的模型误差下限"),
        ),
        _rate(
            "foreknowledge",
            0.017,
            Ground.MEASURED,
            _l("22 份真实采购 docx 文档，扣除其余文件构成的档案：220 次比对中 0 次，取 95% 上限"),
            _l("无关文件含另一文件一段（四百字）中连续二十字独有原文的概率"),
        ),
        _rate(
            "early_file",
            0.02,
            Ground.ASSUMED,
            _l("制作电脑时钟有误、工具保留旧时间，取保守值"),
            _l("清白投标文件的最后保存时间早于其实际写作的概率"),
        ),
        _rate(
            "ring.error",
            0.2,
            Ground.ASSUMED,
            _l("待由确认案件校正"),
            _l("串通伙伴之间传递同一错误的概率 q"),
        ),
        _rate(
            "ring.share",
            0.4,
            Ground.ASSUMED,
            _l("待由确认案件校正"),
            _l("串通伙伴之间出现同一罕见值的概率 q"),
        ),
    )
)

_COMMON = """
administrator admin user users windows windows用户 windowsuser 微软用户 用户 microsoft office pc 1 123 abc lenovo
hp dell asus acer huawei thinkpad apache poi python-docx openpyxl unknown author 作者 匿名 anonymous thsware wps
微软中国 微软 china microsoftoffice microsoftoffice用户 root owner 系统管理员 管理员 hewlett-packard dreamsummit
guest test ibm samsung 深度技术 雨林木风 番茄花园 www.ylmf.com 微软系统 123456 000 as x y office用户
"""

COMMON_NAMES = frozenset(flat(name) for name in _COMMON.split())
"""Names that machines give themselves; folded with `folding.flat` before comparison."""

# The default template of python-docx; then null and the roots of two widespread WPS templates.
_RSIDS = """
00B47730 00034616 0006063C 0015074B 0029639D 00326F90 00AA1D8D 00CB0664 00FC693F
00000000 00172A27 006C5683
"""

TEMPLATE_RSIDS = frozenset(_RSIDS.split())

TEMPLATE_INSTANTS = frozenset(
    ("2013-12-23T23:15:00+00:00", "2006-09-16T00:00:00+00:00", "2006-09-13T11:21:51+00:00", "2015-06-05T18:19:34+00:00")
)
"""Birth times baked into python-docx, Excel and openpyxl templates."""

NULL_DEVICES = BLANK
"""Adapter and disk identifiers of virtual machines, tunnels and blank firmware; folded, separators removed."""


def rate(name: str) -> Rate:
    """Give a rate of the table; KeyError for a name it does not hold."""
    return RATES[name]
