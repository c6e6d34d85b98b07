"""Procedures, grounds, regimes: the vocabulary of the law."""

from flask_babel import lazy_gettext as _l

SENTENCES = {
    "procedure.allowed": _l("本项目可以采用这种方式。依据 %(rule)s，%(source)s。"),
    "procedure.forbidden": _l("本项目的类别和适用法律下不能采用这种方式。依据 %(rule)s，%(source)s。"),
    "procedure.evidence": _l("采用这种方式须附批准或论证文件（文件类别“批准文件”）。依据 %(rule)s，%(source)s。"),
    "procedure.evidence_above": _l(
        "预算 %(found)s 元，已达公开招标数额标准 %(least)s 元，改用其他方式须附主管部门批准文件。"
        "依据 %(rule)s，%(source)s；%(basis)s。"
    ),
    "procedure.above_public": _l(
        "预算 %(found)s 元，已达 %(least)s 元，必须招标，不能采用这种方式。依据 %(rule)s，%(source)s；%(basis)s。"
    ),
    "procedure.below_public": _l("预算 %(found)s 元，未达公开招标数额标准 %(least)s 元。依据 %(rule)s，%(source)s。"),
    "procedure.simple_below": _l(
        "估算价 %(found)s 元；限额以下简易方式只用于 %(most)s 元以下的项目。依据 %(rule)s，%(source)s。"
    ),
    "procedure.ground": _l("须选定采用这种方式的法定情形。依据 %(rule)s，%(source)s。"),
    "procedure.invitation": _l("邀请方式须为该采购方式允许的方式。依据 %(rule)s，%(source)s。"),
    "procedure.invitees": _l("已确定邀请 %(found)s 家，规定不少于 %(required)s 家。依据 %(rule)s，%(source)s。"),
    "procedure.pool": _l("备选名单 %(found)s 家，规定不少于 %(required)s 家。依据 %(rule)s，%(source)s。"),
    "procedure.evaluation": _l("评审方法须为该采购方式允许的方法。依据 %(rule)s，%(source)s。"),
    "procedure.splitting": _l(
        "与同一采购的其他标段合计 %(together)s 元，已达 %(least)s 元，请核对是否化整为零。依据 %(rule)s，%(source)s。"
    ),
    "procedure.too_few_retender": _l("截止时不足 %(value)s 家的，不开标，依法重新招标。依据 %(rule)s，%(source)s。"),
    "procedure.too_few_retender_or_approval": _l(
        "截止时不足 %(value)s 家的，不开标，修改文件重新招标或报批改用其他方式。依据 %(rule)s，%(source)s。"
    ),
    "procedure.too_few_restart": _l("截止时不足 %(value)s 家的，不开启，终止后重新采购。依据 %(rule)s，%(source)s。"),
    "procedure.too_few_continue": _l(
        "重新招标：截止时有 %(value)s 家以上即可继续开标（本地规定）。依据 %(rule)s，%(source)s。"
    ),
    "procedure.prices_not_read": _l("开启时不公开报价，任何一方不得透露其他供应商的价格。依据 %(rule)s，%(source)s。"),
    "procedure.final_round": _l(
        "首次响应开启后，所有参加者在规定时间内另行密封递交最后报价，按最后报价评审。依据 %(rule)s，%(source)s。"
    ),
    "procedure.double_with_rounds": _l(
        "这种方式已有最后报价轮次，首次响应的信封须一次开启。依据 %(rule)s，%(source)s。"
    ),
}

STATES = {
    "regime.T": _l("招标投标法"),
    "regime.G": _l("政府采购法"),
    "category.works": _l("工程"),
    "category.goods": _l("货物"),
    "category.services": _l("服务"),
    "category.design": _l("勘察设计"),
    "procedure.open": _l("公开招标"),
    "procedure.invited": _l("邀请招标"),
    "procedure.negotiation": _l("竞争性谈判"),
    "procedure.consultation": _l("竞争性磋商"),
    "procedure.inquiry": _l("询价"),
    "procedure.simple": _l("限额以下简易"),
    "ground.g29_1": _l("具有特殊性，只能从有限范围的供应商处采购"),
    "ground.g29_2": _l("公开招标费用占项目总价值的比例过大"),
    "ground.g30_1": _l("招标后没有供应商投标、没有合格标的或重新招标未能成立"),
    "ground.g30_2": _l("技术复杂或者性质特殊，不能确定详细规格或者具体要求"),
    "ground.g30_3": _l("采用招标所需时间不能满足用户紧急需要"),
    "ground.g30_4": _l("不能事先计算出价格总额"),
    "ground.two_left": _l("公开招标中只有两家投标或实质响应，经财政部门批准与该两家谈判"),
    "ground.works_not_tendered": _l("依法不进行招标的政府采购工程"),
    "ground.c3_1": _l("政府购买服务项目"),
    "ground.c3_2": _l("技术复杂或者性质特殊，不能确定详细规格或者具体要求（磋商）"),
    "ground.c3_3": _l("因艺术品、专利、专有技术或服务时间、数量不能事先计算出价格总额"),
    "ground.c3_4": _l("市场竞争不充分的科研项目，以及需要扶持的科技成果转化项目"),
    "ground.c3_5": _l("依法必须招标以外的工程建设项目"),
    "ground.g32": _l("货物规格标准统一、现货货源充足且价格变化幅度小"),
    "ground.t8_1": _l("技术复杂、有特殊要求或受自然环境限制，只有少量潜在投标人"),
    "ground.t8_2": _l("公开招标的费用占合同金额的比例过大"),
    "evaluation.comprehensive": _l("综合评估（综合评分）"),
    "evaluation.lowest": _l("最低价（最低评标价、经评审的最低投标价）"),
    "bond_form.transfer": _l("银行转账"),
    "bond_form.cheque": _l("支票"),
    "bond_form.draft": _l("汇票"),
    "bond_form.promissory": _l("本票"),
    "bond_form.guarantee": _l("银行保函（含电子保函）"),
    "bond_form.insurance": _l("保证保险"),
    "bond_form.surety": _l("担保公司保函"),
    "too_few.retender": _l("重新招标"),
    "too_few.retender_or_approval": _l("重新招标或报批改用其他方式"),
    "too_few.restart": _l("终止后重新采购"),
    "too_few.continue": _l("继续开标"),
    "prices_read.public": _l("公开唱标"),
    "prices_read.none": _l("不公开报价"),
    "trust.V": _l("已核对原文"),
    "trust.V2": _l("据转载，未核对原文"),
    "trust.M": _l("未核对，使用前须核实"),
    "key.allowed": _l("能否采用"),
    "key.grounds": _l("法定情形"),
    "key.public_tender_from": _l("公开招标数额标准"),
    "key.simple_below": _l("简易方式限额"),
    "key.invitation": _l("邀请方式"),
    "key.invitees_min": _l("最少邀请家数"),
    "key.media": _l("指定媒介"),
    "key.issue_to_deadline_min": _l("文件发出至截止"),
    "key.doc_available_min": _l("文件提供期"),
    "key.notice_period_min": _l("公告期限"),
    "key.clarify_before_deadline": _l("澄清距截止"),
    "key.refuser_barred": _l("拒绝签约者不得参加重新采购"),
    "key.doc_objection_before": _l("对文件异议距截止"),
    "key.challenge_within": _l("质疑期"),
    "key.objection_answer": _l("答复期限"),
    "key.bond_max_pct": _l("保证金比例上限"),
    "key.bond_max_yuan": _l("保证金金额上限"),
    "key.bond_forms": _l("保证金形式"),
    "key.min_bidders_open": _l("开标最少家数"),
    "key.too_few_then": _l("不足时"),
    "key.prices_read": _l("唱价"),
    "key.rounds": _l("报价轮次"),
    "key.evaluation_methods": _l("评审方法"),
    "key.price_weight_min": _l("价格权重下限"),
    "key.price_weight_max": _l("价格权重上限"),
    "key.committee_min": _l("评委最少人数"),
    "allowed.yes": _l("可以采用"),
    "allowed.evidence": _l("须附批准或论证"),
    "allowed.no": _l("不可用"),
    "opens.first": _l("截止时开启"),
    "opens.second": _l("第二次开标开启"),
}
