"""Sentences of the messages in an inbox, by template, and the page each leads to."""

from flask_babel import lazy_gettext as _l  # type: ignore[import-untyped]

MESSAGES = {
    "bidding.objection_raised": _l("标段 %(section)s 收到对招标文件的异议（第 %(number)s 号），答复期限 %(due_at)s。"),
    "opening.suspended": _l("标段 %(section)s 开标中止：%(reason)s"),
    "opening.reconvening": _l("标段 %(section)s 将于 %(at)s 复会：%(reason)s"),
    "opening.cancelled": _l("标段 %(section)s 招标终止：%(reason)s"),
    "bid.called": _l("标段 %(section)s 开标主持人提示贵单位：%(text)s"),
    "opening.restored": _l(
        "标段 %(section)s：评标委员会复核后更正第一信封评审结果，改判第 %(numbers)s 号通过，将另行公告补充开标时间。"
    ),
    "opening.first_stage_withdrawn": _l(
        "标段 %(section)s：评标委员会发现第一信封评审有误，经行政监督部门批准重新评审，原结果撤回；重新公布以前不进行第二次开标。"
    ),
    "opening.supplement": _l("标段 %(section)s 将于 %(at)s 补充开标。"),
    "bid.judged": _l("标段 %(section)s：贵单位投标文件未解密的原因已认定，请到开标大厅查看。"),
    "bid.lost": _l(
        "标段 %(section)s：第 %(number)s 号投标非因投标人原因未能解密，已认定视为撤回，请查看证据并监督处理。"
    ),
    "awards.objection_filed": _l("标段 %(section)s 收到对评标结果的异议（第 %(number)s 号），答复期限 %(due_at)s。"),
    "awards.objection_answered": _l("标段 %(section)s：贵单位提出的异议（第 %(number)s 号）已答复。"),
    "awards.complaint_filed": _l("标段 %(section)s 收到投诉（第 %(number)s 号），应于 %(due_at)s 前决定是否受理。"),
    "awards.complaint_returned": _l("标段 %(section)s：贵单位的投诉（第 %(number)s 号）被退回补正。"),
    "awards.complaint_refused": _l("标段 %(section)s：贵单位的投诉（第 %(number)s 号）不予受理。"),
    "awards.complaint_accepted": _l("标段 %(section)s：贵单位的投诉（第 %(number)s 号）已受理。"),
    "awards.suspension_ordered": _l("标段 %(section)s：行政监督部门因投诉（第 %(number)s 号）责令暂停招标投标活动。"),
    "awards.suspension_lifted": _l("标段 %(section)s：因投诉（第 %(number)s 号）责令的暂停已经结束。"),
    "awards.complaint_decided": _l("标段 %(section)s：投诉（第 %(number)s 号）已作出处理决定，见公告 %(notice)s。"),
    "awards.selection": _l("标段 %(section)s：您是定标委员会成员，请声明并投票。"),
    "awards.selected": _l("标段 %(section)s：定标委员会确定 %(number)s 号。"),
    "awards.contract_proposed": _l("标段 %(section)s：合同已生成，请在 %(due_at)s 前签名。"),
    "awards.contract_concluded": _l("标段 %(section)s：合同已签订；投标保证金最迟 %(refund_due_at)s 退还。"),
    "awards.contract_ended": _l("标段 %(section)s：合同已结束，退还履约保证金 %(refund)s 元。"),
    "awards.set_aside": _l("标段 %(section)s：%(number)s 号投标的中标结果已撤销，见公告 %(notice)s。"),
    "credit.fact_recorded": _l(
        "本平台记入一条关于贵单位的信用事实（第 %(number)s 号），请查看依据；认为有误的可依法申诉。"
    ),
    "credit.fact_withdrawn": _l("关于贵单位的信用事实（第 %(number)s 号）已撤销：%(reason)s"),
    "credit.correction_forwarded": _l("贵单位的信用更正申请（第 %(number)s 号）已转送%(to)s。"),
    "credit.correction_returned": _l("贵单位的信用更正申请（第 %(number)s 号）已退回：%(answer)s"),
    "credit.correction_upheld": _l("贵单位的信用更正申请（第 %(number)s 号）来源已更正：%(answer)s"),
    "credit.correction_dismissed": _l("贵单位的信用更正申请（第 %(number)s 号）来源维持原记录：%(answer)s"),
    "awards.won": _l("标段 %(section)s：贵单位中标，见公告 %(notice)s。"),
    "awards.lost": _l("标段 %(section)s：中标人为 %(winner)s，见公告 %(notice)s。"),
    "awards.regulator_report": _l("标段 %(section)s 招标投标情况书面报告的期限为 %(due_at)s。"),
    "experts.bidder_asked": _l(
        "标段 %(section)s：评标委员会书面要求贵单位澄清、说明（第 %(number)s 号），请在期限内答复。"
    ),
    "warning.asked": _l("标段 %(section)s：监督部门请贵单位作出说明，期限 %(due_at)s。"),
    "warning.overdue": _l("线索 %(warning)s 已超过办理时限，请督办。"),
    "experts.rollback_asked": _l("标段 %(section)s 的评标委员会申请退回上一阶段，请审查。"),
    "experts.short": _l("标段 %(section)s 的评标委员会仍有席位空缺，请补充抽取。"),
    "experts.invitation": _l(
        "请于 %(meets_at)s 到%(place)s参加评标，预计 %(hours)s 小时，专业：%(speciality)s。请登录平台答复。"
    ),
    "experts.sanction_proposed": _l("有一项有关您的处理建议，请在 %(until_at)s 前登录查看并陈述申辩。"),
    "experts.sanction_waits": _l("对评标专家的处理建议（第 %(number)s 号）等待决定。"),
    "experts.sanction_decided": _l("有关您的处理已作出决定，请登录查看。"),
    "experts.sanction_dismissed": _l("有关您的处理建议已撤回或者不予采纳。"),
    "experts.sanction_ended": _l("对您的处理已经结束。"),
    "experts.sanction_kept": _l("提前解除处理的申请未获同意，请登录查看理由。"),
    "experts.application_returned": _l("您向%(pool)s提出的申请已退回补正，请查看理由。"),
    "experts.application_refused": _l("您向%(pool)s提出的申请未获通过，请查看理由。"),
    "experts.application_accepted": _l("您向%(pool)s提出的申请已通过。"),
    "validity.ask": _l("标段 %(section)s：招标人要求将投标有效期延长到 %(until)s，请在 %(answer_by)s 前答复。"),
    "bond.due": _l("标段 %(section)s 的投标保证金转入退还，最迟 %(due_on)s 退到付款账户。"),
    "bond.returned": _l("标段 %(section)s 的保证金 %(amount)s 元已退到付款账户 %(account)s。"),
    "bond.attempt": _l("标段 %(section)s：%(person)s 试图把 %(name)s 的保证金退到其他账户 %(account)s，已拒绝。"),
    "webhook.disabled": _l("订阅 %(webhook)s（%(url)s）试发 %(tries)s 次未被收下，已暂停。"),
}

OWN = {
    "webhook.disabled": "window.webhooks",
    "bond.due": "bidding.own_bonds",
    "bond.returned": "bidding.own_bonds",
    "credit.fact_recorded": "credit.mine",
    "credit.fact_withdrawn": "credit.mine",
    "credit.correction_forwarded": "credit.mine",
    "credit.correction_returned": "credit.mine",
    "credit.correction_upheld": "credit.mine",
    "credit.correction_dismissed": "credit.mine",
    "warning.asked": "collusion.explanations",
    "experts.sanction_proposed": "experts.own_record",
    "experts.sanction_decided": "experts.own_record",
    "experts.sanction_dismissed": "experts.own_record",
    "experts.sanction_ended": "experts.own_record",
    "experts.sanction_kept": "experts.own_record",
    "experts.sanction_waits": "experts.sanctions",
    "experts.application_returned": "experts.own_record",
    "experts.application_refused": "experts.own_record",
    "experts.application_accepted": "experts.own_record",
}
"""Messages about no section: the page of the recipient's own they lead to."""

TARGETS = {
    "bidding.objection_raised": "bidding.objections",
    "opening.suspended": "opening.hall",
    "opening.reconvening": "opening.hall",
    "opening.restored": "opening.hall",
    "opening.first_stage_withdrawn": "opening.hall",
    "opening.supplement": "opening.hall",
    "opening.cancelled": "opening.hall",
    "bid.called": "opening.hall",
    "bid.judged": "opening.hall",
    "bid.lost": "opening.hall",
    "validity.ask": "awards.own_validity",
    "awards.contract_proposed": "awards.contract",
    "awards.contract_concluded": "awards.contract",
    "awards.contract_ended": "awards.contract",
    "experts.rollback_asked": "experts.committee",
    "experts.bidder_asked": "experts.bid_clarifications",
}
