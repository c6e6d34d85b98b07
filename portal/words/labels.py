"""Labels of what notices hold as data, in the order pages show them, and words for their coded values."""

from flask_babel import lazy_gettext as _l  # type: ignore[import-untyped]

from bidding.rules.law import PROCEDURES
from bidding.rules.procedures import INVITATIONS
from portal.words.bidding import STATES

LABELS = {
    "project": _l("项目"),
    "project_name": _l("项目名称"),
    "project_code": _l("项目编号"),
    "section": _l("标段编号"),
    "section_code": _l("标段编号"),
    "section_name": _l("标段名称"),
    "reason": _l("原因"),
    "impact": _l("影响"),
    "measures": _l("措施"),
    "basis": _l("依据"),
    "suspended_at": _l("中止时间"),
    "reconvene_at": _l("复会时间"),
    "tenderee": _l("招标人"),
    "tenderee_identifier": _l("招标人代码"),
    "agent": _l("招标代理机构"),
    "agent_identifier": _l("代理机构代码"),
    "number": _l("编号"),
    "rank": _l("名次"),
    "name": _l("名称"),
    "winner": _l("中标人"),
    "identifier": _l("统一社会信用代码"),
    "regime": _l("适用制度"),
    "category": _l("类别"),
    "procedure": _l("招标方式"),
    "ground": _l("采用该方式的法定情形"),
    "invitation": _l("邀请方式"),
    "attempt": _l("第几次"),
    "predecessor": _l("前一次项目"),
    "is_mandatory": _l("依法必须招标"),
    "region": _l("行政区划"),
    "description": _l("项目概况"),
    "scope": _l("招标范围"),
    "scale": _l("建设规模"),
    "funding": _l("资金来源"),
    "estimate_fen": _l("估算价"),
    "control_price_fen": _l("最高投标限价"),
    "bond_fen": _l("投标保证金"),
    "price_fen": _l("报价"),
    "duration_days": _l("工期（日）"),
    "validity_days": _l("投标有效期（日）"),
    "qualification": _l("投标人资格要求"),
    "accepts_consortium": _l("接受联合体"),
    "credit_rule": _l("信用要求"),
    "obtaining": _l("获取招标文件的方式"),
    "documents_from_at": _l("文件获取开始"),
    "documents_until_at": _l("文件获取截止"),
    "submission": _l("递交方式"),
    "deadline_at": _l("投标截止时间"),
    "opening_at": _l("开标时间"),
    "second_opening_at": _l("第二次开标时间"),
    "decrypt_minutes": _l("解密时间（分钟）"),
    "began_at": _l("公示开始"),
    "ends_at": _l("公示结束"),
    "awarded_at": _l("定标时间"),
    "contract_within_days": _l("签约期限（日）"),
    "received_at": _l("收到时间"),
    "opened_at": _l("开启时间"),
    "published_at": _l("发布时间"),
    "state": _l("状态"),
    "cause": _l("原因"),
    "technical": _l("技术分"),
    "price": _l("价格分"),
    "total": _l("总分"),
    "objection_to": _l("异议受理"),
    "address": _l("地址"),
    "contact": _l("联系人"),
    "objection_contact": _l("异议受理人"),
    "media": _l("发布媒介"),
    "late_by_days": _l("迟延（日）"),
    "assumed_years": _l("按周末推算的年份"),
    "calendar": _l("工作日历版本"),
    "candidates": _l("中标候选人"),
    "ranking": _l("排序"),
    "rejected": _l("被否决的投标"),
    "reasons": _l("理由"),
    "passed_over": _l("未选定的候选人"),
    "bidders": _l("投标人"),
    "bids": _l("投标情况"),
    "decoys": _l("陪衬递交"),
    "clarification": _l("澄清或修改"),
    "question": _l("问题"),
    "text": _l("内容"),
    "affects_preparation": _l("影响投标文件编制"),
    "old_deadline_at": _l("原截止时间"),
    "new_deadline_at": _l("新截止时间"),
    "coefficients": _l("系数"),
    "label": _l("抽取标签"),
    "seed": _l("种子"),
    "k": _l("系数 K"),
    "slots": _l("投标文件组成"),
    "slot": _l("文件"),
    "envelopes": _l("信封与开启次序"),
    "envelope": _l("信封"),
    "opens": _l("开启"),
    "anonymous": _l("暗标"),
    "required": _l("必交"),
    "title": _l("名称"),
    "law": _l("依据"),
    "rule": _l("规则"),
    "key": _l("参数"),
    "value": _l("值"),
    "unit": _l("单位"),
    "source": _l("出处"),
    "record": _l("开标记录"),
    "signatures": _l("签名"),
    "signer": _l("签名人"),
    "signature": _l("签名值"),
    "trustee": _l("保管人"),
    "method_sha256": _l("评标办法指纹"),
    "policy_version": _l("密封策略版本"),
    "policy_sha256": _l("密封策略指纹"),
    "record_sha256": _l("开标记录指纹"),
    "report_sha256": _l("评标报告指纹"),
    "platform_key": _l("平台公钥"),
    "witnesses": _l("见证人公钥"),
    "timestamp_roots": _l("时间戳机构根证书指纹"),
}

VALUES = {
    "regime": {"T": _l("招标投标法"), "G": _l("政府采购法")},
    "category": {"works": _l("工程施工"), "goods": _l("货物"), "services": _l("服务"), "design": _l("勘察设计监理")},
    "procedure": {name: STATES[f"procedure.{name}"] for name in PROCEDURES},
    "invitation": {name: STATES[f"invitation.{name}"] for name in INVITATIONS},
    "ground": {key.partition(".")[2]: word for key, word in STATES.items() if key.startswith("ground.")},
    "opens": {name: STATES[f"opens.{name}"] for name in ("first", "second")},
    "envelope": {
        "schedule": _l("开标一览表"),
        "qualification": _l("资信"),
        "technical": _l("技术"),
        "price": _l("报价"),
    },
    "unit": {"days": _l("日"), "working_days": _l("工作日"), "hours": _l("小时"), "share": _l("比例")},
}

_PLACES = {key: place for place, key in enumerate(LABELS)}


def label(key: str) -> str:
    """The label of a key; the key itself where nobody has named it."""
    return str(LABELS.get(key, key))


def place(key: str) -> tuple[int, str]:
    """Where a key stands: as listed here, unnamed ones last."""
    return _PLACES.get(key, len(_PLACES)), key


def value_word(key: str, value: str) -> str:
    """A coded value in words; the value itself where it is no code."""
    return str(VALUES.get(key, {}).get(value, value))
