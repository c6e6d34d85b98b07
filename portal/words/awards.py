"""Sentences for candidates, objections and the award: refusals, states, what the board and the ledger call them."""

from flask_babel import lazy_gettext as _l

SENTENCES = {
    "publicity.unknown": _l("这个标段没有中标候选人公示。"),
    "publicity.exists": _l("标段 %(section)s 的中标候选人已经公示。"),
    "publicity.no_candidates": _l("政府采购不公示候选人：采购人在收到评审报告后确定供应商并直接公告结果（R-506）。"),
    "result.candidates_first": _l("依法须先公示中标候选人，期满后才能确定中标人（R-550）。"),
    "publicity.state": _l("公示现在不能进行这一步，请刷新页面查看。"),
    "publicity.stale": _l("公示的状态刚被更改，请刷新后再试。"),
    "publicity.running": _l("公示期到 %(ends_at)s 才结束。依据《招标投标法实施条例》第五十四条。"),
    "publicity.suspended": _l(
        "有 %(objections)s 件异议尚未答复，答复之前暂停招标投标活动。依据《招标投标法实施条例》第五十四条。"
    ),
    "objection.unknown": _l("没有这件异议，或它不属于您的项目。"),
    "objection.late": _l(
        "对评标结果的异议应在公示期内提出，公示期已于 %(ends_at)s 结束。依据《招标投标法实施条例》第五十四条。"
    ),
    "objection.state": _l("这件异议已经答复。"),
    "objection.stale": _l("这件异议刚被答复，请刷新后再试。"),
    "award.publicity": _l("公示期结束之后才能确定中标人（公示期至 %(ends_at)s）。"),
    "award.not_candidate": _l("%(number)s 号投标不是中标候选人。依据《招标投标法》第五十七条。"),
    "award.rank": _l(
        "应确定排名第一的中标候选人为中标人：排在前面的 %(better)s 号没有放弃或被取消资格。依据《招标投标法实施条例》第五十五条。"
    ),
    "award.reason": _l(
        "跳过前一名候选人只能因其放弃、不可抗力、未提交履约保证金或被查实违法。依据《招标投标法实施条例》第五十五条。"
    ),
    "award.evidence": _l("请写明跳过 %(number)s 号候选人的证据。"),
    "award.passed_over": _l("只能为排在中标人前面的候选人填写跳过理由。"),
    "award.set_aside": _l("%(number)s 号投标的中标结果已被撤销，不能再确定为中标人。"),
    "result.none_left": _l("没有可以确定为中标人的候选人了，应当重新招标。依据 R-561。"),
    "set_aside.no_winner": _l("标段 %(section)s 现在没有可以撤销的中标结果。"),
    "set_aside.reason": _l(
        "撤销中标结果只能因拒绝签约、放弃、不可抗力、未交履约保证金或被查实违法。依据 R-503、R-561。"
    ),
    "retender.no_ground": _l("只有中标结果被撤销之后，才能终止标段 %(section)s 并重新招标。"),
    "remedy.kind": _l("异议成立时，请选择法律允许的处理方式。"),
    "remedy.stage": _l("请选择从初步评审还是从评分开始重新评审。"),
    "remedy.ground": _l("政府采购只有四种情形可以重新评审，请选择其一。依据财政部令第87号第六十四条（R-507）。"),
}

STATES = {
    "publicity.running": _l("公示中"),
    "publicity.suspended": _l("因异议暂停"),
    "publicity.ended": _l("公示期满"),
    "publicity.awarded": _l("已定标"),
    "publicity.revoked": _l("已撤销"),
    "objection.open": _l("待答复"),
    "objection.answered": _l("已答复"),
}

KINDS = {
    "notice.candidates": _l("中标候选人公示"),
    "notice.award": _l("中标结果公告"),
    "candidates": _l("中标候选人公示"),
    "award": _l("中标结果公告"),
    "publicity.suspend": _l("因异议暂停"),
    "publicity.resume": _l("异议答复，恢复公示"),
    "publicity.end": _l("公示期满"),
    "publicity.over": _l("公示期满"),
    "publicity.award": _l("定标"),
    "publicity.lapse": _l("中标结果撤销"),
    "publicity.revoke": _l("公示（结果）撤销"),
    "publicity.renew": _l("重新公示（公告）"),
    "award.set_aside": _l("中标人被撤销"),
    "award.retender": _l("终止，重新招标"),
    "notice.set_aside": _l("中标结果撤销公告"),
    "notice.remedy": _l("评标结果更正公告"),
    "set_aside": _l("中标结果撤销公告"),
    "remedy": _l("评标结果更正公告"),
    "objection.file": _l("提出异议"),
    "objection.answer": _l("答复异议"),
}
