"""Sentences for what a section is waiting for (项目在等什么)."""

from flask_babel import lazy_gettext as _l

SENTENCES = {
    "waiting.ordered": _l("行政监督部门处理第 %(numbers)s 号投诉，最迟 %(due)s；此前责令暂停，一切活动停下。"),
    "waiting.submissions": _l("投标截止：%(until)s。此前可以递交、修改、撤回。"),
    "waiting.document_objection": _l(
        "招标人答复对招标文件的异议（第 %(numbers)s 号），最迟 %(due)s；此前暂停，截止时间停走。"
    ),
    "waiting.opening": _l("开标：%(state)s。"),
    "waiting.final_offers": _l("各供应商在下一轮递交最后报价，并再次开启。"),
    "waiting.committee": _l("招标人组建评标委员会。"),
    "waiting.evaluation": _l("评标委员会：%(state)s。"),
    "waiting.second_opening": _l("招标人组织第二次开标，公布的时间：%(due)s。"),
    "waiting.second_opening_any": _l("招标人组织第二次开标。"),
    "waiting.supplement_time": _l("招标人公布补充开标的时间，开启被误判的投标的第二信封。"),
    "waiting.supplement": _l("招标人组织补充开标，公布的时间：%(due)s。"),
    "waiting.prices": _l("评标委员会：评审第二信封读出的报价，锁定结果。"),
    "waiting.candidates": _l("招标人公示中标候选人，最迟 %(due)s。"),
    "waiting.decision": _l("采购人按评审报告的排序确定供应商并公告，最迟 %(due)s。"),
    "waiting.next_candidate": _l("%(numbers)s 号的中标结果已撤销：招标人确定下一名候选人，或重新招标。"),
    "waiting.publicity": _l("公示期满：%(until)s。此前可以提出异议。"),
    "waiting.objection": _l("招标人答复第 %(numbers)s 号异议，最迟 %(due)s；此前不得定标，公示期停走。"),
    "waiting.challenge": _l("采购人答复第 %(numbers)s 号质疑，最迟 %(due)s；此前不得签订合同。"),
    "waiting.selection": _l("公示期已满：定标委员会在候选人中确定中标人（评定分离）。"),
    "waiting.award": _l("公示期已满：招标人确定中标人。"),
    "waiting.contract": _l("招标人与中标人签订合同，最迟 %(due)s。"),
}
