"""Words of judging experts' work: assessments, yearly reviews, sanctions."""

from flask_babel import lazy_gettext as _l

SENTENCES = {
    "sanction.unknown": _l("没有这项处理，或它与您无关。"),
    "sanction.proposer": _l("处理建议由专家库管理人员或者监督人员提出，不能由本人提出；只有提出人可以撤回。"),
    "sanction.measure": _l("没有“%(found)s”这种处理。"),
    "sanction.cause": _l("没有“%(found)s”这种事由。"),
    "sanction.not_for_cause": _l("该事由不适用所选的处理。依据%(source)s。"),
    "sanction.months": _l("暂停评标资格须写明 1 至 %(most)s 个月；其他处理不填月数。"),
    "sanction.reason": _l("理由应不少于 10 个字。"),
    "sanction.evidence": _l("暂停或者取消评标资格须有证据：上传材料，或者写明发生在哪个标段。"),
    "sanction.section": _l("该专家没有参加过标段 %(section)s 的评标。"),
    "sanction.pending": _l("对该专家已有一项处理建议等待决定。"),
    "sanction.removed": _l("该专家的评标资格已经取消。"),
    "sanction.hearing": _l("专家尚未陈述申辩，%(until_at)s 以前不能决定。"),
    "sanction.decider": _l("由监督人员决定；警告也可以由另一名专家库管理人员决定。"),
    "sanction.two_people": _l("提出人、申请人和专家本人不能作决定。"),
    "sanction.running": _l("处理期限未满（至 %(until)s）。"),
    "sanction.state": _l("这项处理已经决定或者结束，请刷新页面查看。"),
    "sanction.stale": _l("这项处理刚被他人办理，请刷新后再试。"),
    "expert.sanctioned": _l("专家 %(expert)s：暂停、取消评标资格及其恢复须经处理程序由两人决定，不能直接更改状态。"),
    "assessment.unknown": _l("没有这项评价，或它不是对您的。"),
    "assessment.assessor": _l("由招标人或者招标代理机构评价。"),
    "assessment.early": _l("评标报告提交之后才能评价。"),
    "assessment.exists": _l("本单位已经评价过这位专家。"),
    "assessment.grade": _l("每一项都要评价。"),
    "assessment.remark": _l("评为“差”的须写明事实，不少于 5 个字。"),
    "assessment.replied": _l("您已经说明过。"),
    "review.officer": _l("年度考核由专家库管理人员进行。"),
    "review.year": _l("只能考核入库以来已经结束的年度，十二月可以考核当年；填写的是 %(found)s。"),
    "review.remark": _l("不合格的须写明理由，不少于 5 个字。"),
    "review.exists": _l("%(year)s 年度已经考核过。"),
}

STATES = {
    "sanction.proposed": _l("待陈述申辩"),
    "sanction.heard": _l("待决定"),
    "sanction.in_force": _l("有效"),
    "sanction.dismissed": _l("不予处理"),
    "sanction.withdrawn": _l("已撤回"),
    "sanction.lift_asked": _l("有效，申请解除"),
    "sanction.lifted": _l("已解除"),
    "sanction.expired": _l("已期满"),
}

KINDS = {
    "sanction.propose": _l("提出对专家的处理"),
    "sanction.state_case": _l("专家陈述申辩"),
    "sanction.confirm": _l("决定处理"),
    "sanction.dismiss": _l("决定不予处理"),
    "sanction.withdraw": _l("撤回处理建议"),
    "sanction.ask_back": _l("申请提前解除处理"),
    "sanction.keep": _l("不同意提前解除"),
    "sanction.lift": _l("提前解除处理"),
    "sanction.expire": _l("处理期满"),
    "assessment.make": _l("评价评标专家（一标一评）"),
    "assessment.reply": _l("专家对评价的说明"),
    "expert.review": _l("专家年度考核"),
}
