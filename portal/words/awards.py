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
}

STATES = {
    "publicity.running": _l("公示中"),
    "publicity.suspended": _l("因异议暂停"),
    "publicity.ended": _l("公示期满"),
    "publicity.awarded": _l("已定标"),
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
    "objection.file": _l("提出异议"),
    "objection.answer": _l("答复异议"),
}
