"""What a notice may say wrong, and its kinds."""

from flask_babel import lazy_gettext as _l

SENTENCES = {
    "law.not_frozen": _l("标段 %(section)s 所属项目尚未发布公告，规则快照未冻结。"),
    "invitees.doubled": _l("名单中有重复的代码，或超过 200 家。"),
    "invitees.unnamed": _l("代码 %(identifier)s 尚未在平台登记，请写明单位名称。"),
    "invitees.line": _l("名单第 %(number)s 行读不出 18 位统一社会信用代码。"),
    "invitees.drawn": _l("标段 %(section)s 已抽取过，不能重抽。"),
    "invitees.no_draw": _l("标段 %(section)s 的邀请方式不是随机抽取。"),
    "invitees.too_few": _l(
        "抽取 %(count)s 家不符合规定：不少于 %(value)s 家，备选不少于 %(least)s 家，现有 %(found)s 家。"
        "依据 %(rule)s，%(source)s。"
    ),
    "method.type": _l("评标办法缺失或类型不支持（目前支持 comprehensive/v1）。"),
    "method.minimum_price": _l(
        "评标办法里出现了最低限价字段“%(name)s”。招标人不得规定最低投标限价。依据 R-109，实施条例第二十七条。"
    ),
    "method.criteria": _l("评分标准第 %(place)s 项不完整、编号重复或分组不正确。"),
    "method.points": _l("分值或比例应大于 0 且不超过 100，收到“%(found)s”。"),
    "method.levels": _l(
        "评分项“%(name)s”的分档须为两个以上不同的分值，从高到低，最高等于满分 %(most)s，最低不小于 0，用 / 隔开。"
    ),
    "method.computed": _l(
        "评分项“%(name)s”按工期计算的，须为客观分，写作“工期 90-120”：前一个是满分的天数，后一个是零分的天数，前小后大。"
    ),
    "method.review": _l("符合性审查条款不完整。"),
    "method.formula": _l("价格分公式缺失或参数不完整。"),
    "method.k_range": _l("系数 K 的范围 %(low)s 至 %(high)s 不能被步长 %(step)s 整除。"),
    # Findings of the notice check: each sentence is true at every level
    "notice.content": _l("公告必备内容齐全（%(count)s 项）。依据 R-104。"),
    "notice.missing_project_name": _l("缺少招标项目名称。依据 R-104。"),
    "notice.missing_description": _l("缺少项目概况与内容。依据 R-104。"),
    "notice.missing_funding": _l("缺少资金来源。依据 R-104。"),
    "notice.missing_tenderee": _l("缺少招标人名称。依据 R-104。"),
    "notice.missing_section_name": _l("缺少标段名称。依据 R-104。"),
    "notice.missing_qualification": _l("缺少投标人资格要求。依据 R-104。"),
    "notice.missing_scope": _l("缺少招标范围。依据 R-104。"),
    "notice.missing_scale": _l("缺少建设规模或采购数量。依据 R-104。"),
    "notice.missing_obtaining": _l("缺少获取招标文件的时间和方式。依据 R-104。"),
    "notice.missing_submission": _l("缺少投标文件的递交方式。依据 R-104。"),
    "notice.missing_address": _l("缺少招标人地址。依据 R-104。"),
    "notice.missing_contact": _l("缺少联系人及电话。依据 R-104。"),
    "notice.missing_objection_contact": _l("缺少受理异议的联系人和渠道。依据 R-104。"),
    "notice.missing_deadline": _l("缺少投标截止时间。依据 R-104。"),
    "notice.missing_documents_until": _l("缺少招标文件获取的截止时间。依据 R-104。"),
    "notice.media": _l(
        "公告须在本平台和指定媒介同时发布，规定为%(value)s；填写的媒介：%(media)s。依据 %(rule)s，%(source)s。"
    ),
    "notice.consortium": _l("须写明是否接受联合体投标。依据 R-112。"),
    "notice.frozen": _l("公告发布后不可删改，只能发布关联的更正公告。依据 R-107。"),
    "notice.law_frozen": _l("发布时冻结当日有效的规则快照，此后法规变动不影响本项目。依据 R-006。"),
    "notice.tender_document": _l("须上传招标文件正文。依据 R-106。"),
    "notice.boq": _l("工程类标段一般应附工程量清单。依据 R-106。"),
    "notice.postqualification": _l("采用资格后审，不设资格预审时限（R-102、R-108 不适用）。"),
    "notice.issue_to_deadline": _l(
        "投标截止日距招标文件发出日 %(found)s 日，规定不少于 %(required)s 日，最早 %(earliest)s。依据 %(rule)s，%(source)s。"
    ),
    "notice.issue_to_deadline_working_days": _l(
        "截止日 %(found)s，规定距文件发出不少于 %(required)s 个工作日，最早 %(earliest)s。依据 %(rule)s，%(source)s。"
    ),
    "notice.notice_period": _l(
        "公告至截止 %(found)s 日，公告期限不少于 %(required)s 日，至 %(earliest)s。依据 %(rule)s，%(source)s。"
    ),
    "notice.notice_period_working_days": _l(
        "公告期限 %(required)s 个工作日，至 %(earliest)s 届满，截止日 %(found)s。依据 %(rule)s，%(source)s。"
    ),
    "notice.second_opening": _l("第二次开标时间须晚于投标截止时间。依据 R-253。"),
    "notice.second_sitting": _l("报价信封在第二次开标开启，须写明第二次开标的时间。依据 R-253。"),
    "notice.deadline_past": _l("投标截止时间早于现在。依据 R-100。"),
    "notice.deadline_rest_day": _l("投标截止日 %(on)s 是休息日或法定节假日，建议改为工作日。依据 R-001。"),
    "notice.calendar_assumed": _l("%(year)s 年放假安排尚未发布，工作日按周末推算。依据 R-003。"),
    "notice.deadline_uneven": _l("投标截止时间不是整分钟，容易引起误解。依据 R-204。"),
    "notice.deadline_exclusive": _l(
        "到达截止时刻本身即为迟到：服务器在截止时刻及以后盖时间戳的递交一律不接收。依据 R-204。"
    ),
    "notice.documents": _l("招标文件可获取 %(found)s 日，规定不少于 %(required)s 日。依据 %(rule)s，%(source)s。"),
    "notice.documents_working_days": _l(
        "招标文件提供至 %(found)s，规定不少于 %(required)s 个工作日即不早于 %(earliest)s。依据 %(rule)s，%(source)s。"
    ),
    "notice.documents_after_deadline": _l("招标文件获取的截止时间晚于投标截止时间。依据 R-101。"),
    "notice.control_price": _l("须在公告中写明最高投标限价（招标控制价）。依据 %(rule)s，%(source)s。"),
    "notice.no_minimum_price": _l("未设最低投标限价。依据 R-109。"),
    "notice.budget": _l("须公布采购预算金额。依据 %(rule)s，%(source)s。"),
    "notice.control_within_budget": _l("最高限价不得超过公布的采购预算。依据 %(rule)s，%(source)s。"),
    "notice.bond_share": _l(
        "投标保证金 %(found)s 元，上限为估算价或预算的 %(value)s%%，即 %(most)s 元。依据 %(rule)s，%(source)s。"
    ),
    "notice.bond_refusal": _l(
        "不同意延长投标有效期的，招标文件写明 %(found)s 日内退还保证金，不得多于 %(value)s 日。依据 %(rule)s，%(source)s。"
    ),
    "notice.bond_refusal_frozen": _l(
        "不同意延长投标有效期的，本项目首次公告时已定为 %(value)s 日内退还保证金，各标段相同，现为 %(found)s 日。依据 %(rule)s，%(source)s。"
    ),
    "notice.bond_cap": _l("投标保证金 %(found)s 元，法定最高额 %(most)s 元。依据 %(rule)s，%(source)s。"),
    "notice.bond_forms": _l("投标保证金的形式由投标人自选，接受电子保函，不得强制现金。依据 R-153。"),
    "notice.bond_account": _l("以现金或支票交纳的须从投标人基本账户转出，开标后核对。依据 R-152。"),
    "notice.envelopes": _l("投标文件分 %(count)s 个信封，各有必交文件。依据 R-200。"),
    "notice.computed": _l(
        "由投标数据自动计算的评分项 %(count)s 个：须在评分时已开标，且不在暗标评审之内（双信封、暗标的技术分不能这样计算）。"
    ),
    "notice.anonymous": _l(
        "技术标为暗标：%(count)s 个技术类评分项先以编号评审，锁定后揭晓。至少要有一个技术类评分项；需要看单位或人员的评分项请列入资信类。依据 R-200。"
    ),
    "notice.anonymous_rounds": _l("有最后报价轮次的采购方式不能设暗标：谈判时供应商当面出场。依据 R-602，%(source)s。"),
    "notice.substantive": _l(
        "已标★的实质性条款 %(found)s 条。不允许偏离的要求须以醒目方式标明，未标明的不得作为无效理由。"
        "依据 %(rule)s，%(source)s。"
    ),
    "notice.scale_scored": _l("评分项“%(name)s”以企业规模（%(passage)s）打分，不允许。依据 %(rule)s，%(source)s。"),
    "notice.scale_mentioned": _l(
        "评分项“%(name)s”的细则提到“%(passage)s”，规模条件不得作为评分因素，请核对。依据 %(rule)s，%(source)s。"
    ),
    "notice.authorisation_scored": _l(
        "评分项“%(name)s”提到“%(passage)s”，除进口产品外不得要求厂家授权，请核对。依据 %(rule)s，%(source)s。"
    ),
    "notice.qualification_scored": _l(
        "评分项“%(name)s”与资格要求有相同内容“%(passage)s”，资格条件不得作为评分因素，请核对。"
        "依据 %(rule)s，%(source)s。"
    ),
    "notice.nothing_scored_twice": _l("评分项中未发现资格条件或规模条件。依据 %(rule)s，%(source)s。"),
    "notice.credit_parts": _l("信用查询规则似未写明：%(parts)s。依据 R-126。"),
    # The choice of the procedure
    "notice.price_weight_max": _l("价格分权重 %(found)s%%，规定不高于 %(required)s%%。依据 %(rule)s，%(source)s。"),
    "notice.mandatory_threshold": _l(
        "估算价 %(found)s 元已达必须招标规模（%(least)s 元），但项目标为非依法必须招标，请核对。"
        "依据 R-050，%(source)s。"
    ),
    "notice.low_price": _l(
        "异常低价审查线填写 %(found)s%%：可以高于规定的 %(value)s%%，不超过 %(cap)s%%。依据 %(rule)s，%(source)s。"
    ),
    "notice.policy": _l("%(name)s填写 %(found)s%%，规定为 %(value)s%% 至 %(most)s%%。依据 %(rule)s，%(source)s。"),
    "notice.policy_unlawful": _l("本项目适用的规定没有%(name)s，招标文件不能自设（R-451）。"),
    "method.weight": _l("最高投标限价的权重应大于 0、小于 1，可抽取的几个值不能重复；现为 %(found)s。"),
    "method.policy": _l("“%(name)s”：低价优先的公式只能扣除价格，其他公式只能增加价格得分，由评委逐家填是或否。"),
    "method.parameter": _l("所选价格分公式的参数不对：%(found)s。"),
    "price.no_draw": _l("这个价格分公式须有系数抽取的种子。"),
    "notice.low_price_unlawful": _l("本项目适用的规定没有异常低价的比例线，由委员会判断（R-440），招标文件不能自设。"),
    "notice.points": _l("各评分项与价格分合计 %(found)s 分，应为 100 分。依据 R-404。"),
    "notice.price_formula": _l("价格分公式须为该方式允许的公式（现为 %(formula)s）。依据 %(rule)s，%(source)s。"),
    "notice.price_weight": _l("价格分权重 %(found)s%%，规定不低于 %(required)s%%。依据 %(rule)s，%(source)s。"),
    "notice.validity": _l("须写明投标有效期，自投标截止之日起算。依据 R-113。"),
    "notice.decrypt_minutes": _l("解密时限 %(found)s 分钟，通行 %(low)s 至 %(high)s 分钟。依据 R-253。"),
    "notice.trustees": _l(
        "开标钥匙由三方保管人分持，任何一方（包括平台）都不能单独打开投标文件；尚缺 %(missing)s 方登记公钥。"
        "依据 R-207。"
    ),
    "notice.credit_rule": _l("须写明信用查询的渠道、截止时点、留存方式和使用规则。依据 R-126。"),
    "notice.fairness": _l("公平竞争文字筛查（%(patterns)s 类）未发现疑点。依据 R-110。"),
    "notice.barrier": _l("“%(words)s”可能构成不合理的限制，请人工判断。依据 %(rule)s，%(cited)s。"),
    # Questions and clarifications
}

STATES = {
    "invitation.public": _l("公告，不限定"),
    "invitation.list": _l("邀请名单"),
    "invitation.draw": _l("从名单中随机抽取"),
}

KINDS = {
    "notice.tender": _l("招标公告"),
    "notice.correction": _l("更正公告"),
    "notice.clarification": _l("澄清公告"),
    "notice.failure": _l("招标异常公告"),
    "notice.final_offers": _l("最后报价通知"),
    "invitees.list": _l("确定邀请名单"),
    "invitees.draw": _l("随机抽取被邀请人"),
}
