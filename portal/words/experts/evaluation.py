"""Words of the evaluation: review, questions, blind rounds, sheets, report."""

from flask_babel import lazy_gettext as _l

SENTENCES = {
    "consultation.unknown": _l("这次抽取没有询问过该协作平台。"),
    "consultation.unanswered": _l(
        "协作平台“%(partner)s”尚未答复这次抽取的询问。请再次冻结以重新询问，或写明理由后不含该平台抽取。"
    ),
    "consultation.untried": _l("“%(partner)s”没有询问失败的记录，不能略去。"),
    "consultation.officer": _l("是否略去协作平台由见证人员决定。"),
    "consultation.state": _l("该平台已经答复，或决定已经作出，请刷新页面查看。"),
    "consultation.stale": _l("这项询问刚被他人更改，请刷新后再试。"),
    "review.bid": _l("这份投标不在评审范围之内。"),
    "review.clause": _l("“%(clause)s”不是招标文件规定的评审条款。依据《招标投标法实施条例》第四十九条。"),
    "review.finding": _l("评审意见应为通过、不通过或存疑。"),
    "review.reason": _l("判定不通过或存疑时须写明理由。"),
    "review.open": _l("符合性评审尚未结束。"),
    "review.incomplete": _l("还有 %(missing)s 项符合性评审意见未提交。"),
    "review.control_price": _l(
        "%(number)s 号投标报价超过最高投标限价（或没有有效报价），应当否决。请在“投标报价不超过最高投标限价”条款上作出判定。依据《招标投标法实施条例》第五十一条第（五）项。"
    ),
    "review.none_left": _l("没有通过符合性评审的投标，请由组长写明理由，否决所有投标。"),
    "review.competition": _l(
        "有效投标只剩 %(left)s 个，继续评审须写明仍具竞争性的理由。依据《招标投标法》第四十二条。"
    ),
    "review.reasoning": _l("否决所有投标须写明充分理由（不少于 10 个字）。"),
    "review.enough_left": _l("仍有 %(left)s 个投标通过评审，不能以缺乏竞争为由否决所有投标。"),
    "review.ground": _l(
        "“%(found)s”不是法律或招标文件规定的否决（无效）情形。装订、纸张、文字等形式问题一般不得作为否决理由。"
    ),
    "review.clarify_first": _l(
        "%(number)s 号投标拟以“%(ground)s”否决，须先书面要求投标人澄清或说明，等其答复或期满后再作决定。"
    ),
    "review.correction": _l(
        "%(number)s 号投标的清单合计与唱标价不一致，须先按规则修正算术错误并请投标人书面确认。依据 R-430、R-431。"
    ),
    "review.correction_refused": _l(
        "%(number)s 号投标人未接受算术修正，应当否决。请在“书面接受算术修正”条款上作出判定。依据财政部令第87号第五十九条、招标文件评标办法。"
    ),
    "review.low_price": _l(
        "%(numbers)s 号投标报价低于启动异常低价审查的界线，须先要求其书面说明并提供证明材料，再由委员会判定。依据财库〔2026〕2号。"
    ),
    "bid_clarification.unknown": _l("没有这份澄清，或它不是发给贵单位的。"),
    "bid_clarification.state": _l("这份澄清已经答复，或答复时间已过。"),
    "bid_clarification.stale": _l("这份澄清刚在别处更改，请刷新后再试。"),
    "bid_clarification.late": _l("答复时间（%(due_at)s）已过，不能再答复。"),
    "bid_clarification.not_due": _l("答复时间（%(due_at)s）尚未届满。"),
    "bid_clarification.pending": _l("%(number)s 号投标人还有一份同类的澄清没有答复，请待其答复或期满后再提。"),
    "review.envelope_returned": _l(
        "%(numbers)s 号未通过第一信封评审，其第二信封已原封退还，本标段的法律依据不允许补充开标，不能改评为通过。"
        "委员会认为应当通过的，由组长否决所有投标并说明理由，重新招标。依据 R-412、R-507。"
    ),
    "bid_clarification.prices_sealed": _l(
        "标段 %(section)s 的报价在第二信封中，第一信封评审时不能修正报价或要求说明报价。"
    ),
    "bid_clarification.minutes": _l("答复时间应为 %(least)s 至 %(most)s 分钟，收到 %(found)s。"),
    "bid_clarification.open": _l("第 %(numbers)s 号澄清的答复时间到 %(due_at)s 为止，期满或答复之后才能结束评审。"),
    "bid_clarification.accepts": _l("请选择接受或不接受修正；只有对算术修正的答复才有这一选项。"),
    "bid_clarification.files": _l("一份答复最多附 %(most)s 个文件。"),
    "bid_clarification.file": _l("“%(found)s”不能作为附件：只收 PDF、PNG、JPG、XLSX，且内容须与文件名相符。"),
    "bid_clarification.other": _l("第 %(number)s 号澄清的答复已被改写，请刷新后核对再签名。"),
    "bid_clarification.signature": _l("签名不是投标时所用证书作出的。请换用投标时签名的证书。"),
    "correction.nothing": _l("%(number)s 号投标的各处金额一致，没有需要修正的算术错误。"),
    "correction.accepted": _l("%(number)s 号投标人已接受过算术修正。"),
    "correction.slip": _l("清单项“%(found)s”没有小数点错位的迹象。"),
    "method.low_price": _l("异常低价审查的界线 %(which)s 为 %(found)s%%，低于规定或超过上限。依据财库〔2026〕2号。"),
    "method.unknown_type": _l("不支持的评标办法：%(found)s。"),
    "method.unknown_formula": _l("不支持的报价评分公式：%(found)s。"),
    "method.group": _l("评分项 %(criterion)s 的类别“%(group)s”不由评委打分。"),
    "price.none": _l("没有可以评分的报价。"),
    "price.not_positive": _l("报价须大于零才能评分。"),
    "price.no_coefficient": _l("开标时尚未抽取系数 K，不能计算评标基准价。"),
    "sheet.unknown": _l("没有这份评分表，或它不是您的。"),
    "sheet.state": _l("这份评分表已经提交锁定，不能更改。"),
    "sheet.stale": _l("这份评分表刚在别处更改，请刷新后再试。"),
    "rollback.unknown": _l("没有这项退回申请。"),
    "rollback.reason": _l("申请退回须写明理由（不少于 10 个字）。"),
    "rollback.pending": _l("已有一项退回申请等待批准。"),
    "rollback.prices_open": _l("标段 %(section)s 的第一信封评审已经结束，不能退回。"),
    "rollback.supervisor": _l("退回由行政监督部门批准。"),
    "rollback.state": _l("这项退回申请已经答复。"),
    "rollback.stale": _l("这项退回申请刚被他人处理，请刷新后再试。"),
    "sheet.version": _l(
        "%(criterion)s 的得分刚在别处（另一窗口或另一台电脑）改为 %(saved)s，这里填的是 %(sent)s，没有覆盖。请核对后保存您要的一个。"
    ),
    "sheet.no_mismatch": _l("%(number)s 号投标的客观分没有不一致，评分表不能重开。"),
    "sheet.no_outlier": _l("%(number)s 号投标的评分没有需要说明的偏离。"),
    "blind.open": _l("标段 %(section)s 的技术标是暗标：暗标评审锁定之前，不能按投标人名称查看或评审任何内容。"),
    "blind.closed": _l("标段 %(section)s 的暗标评审已经锁定或尚未开始。"),
    "blind.undrawn": _l("标段 %(section)s 的专家抽取尚未完成，暗标编号还没有产生。"),
    "blind.rounds": _l("标段 %(section)s 公告时只为 %(most)s 轮暗标编号作了承诺，不能再开新的一轮。"),
    "blind.unfinished": _l("还有 %(sheets)s 份暗标评分表未提交。"),
    "blind.objective": _l("评委对下列编号的客观分评分不一致，改正后才能锁定：%(cells)s。依据 R-344。"),
    "blind.finding": _l("请判定暗标%(label)s 中是否有可识别投标人身份的标记。"),
    "blind.missing": _l("暗标%(label)s 还有未评分的项：%(criteria)s。"),
    "blind.note": _l("暗标%(label)s 的 %(criterion)s 打了零分或满分，请写明理由。"),
    "masked_sheet.unknown": _l("没有这个暗标编号，或它不在您的评分表中。"),
    "masked_sheet.state": _l("这份暗标评分表已经提交锁定，不能更改。"),
    "masked_sheet.stale": _l("这份暗标评分表刚在别处更改，请刷新后再试。"),
    "masked_sheet.no_mismatch": _l("暗标%(label)s 的客观分没有不一致，评分表不能重开。"),
    "review.blind_clause": _l("暗标中有无标记已在暗标评审中判定，不能再改。"),
    "score.blind": _l("%(criterion)s 的得分已在暗标评审中锁定，不能更改。"),
    "score.criterion": _l("“%(criterion)s”不是招标文件规定的评分项。依据《招标投标法实施条例》第四十九条。"),
    "score.out_of_range": _l("%(criterion)s 的得分应在 0 至 %(most)s 之间，收到 %(found)s。"),
    "score.computed": _l("%(criterion)s 由投标数据自动计算，评委不打分。"),
    "score.level": _l("%(criterion)s 只能取招标文件所列的分档：%(levels)s，收到 %(found)s。"),
    "score.too_fine": _l("%(criterion)s 的得分最多 %(places)s 位小数，收到 %(found)s。"),
    "score.missing": _l("%(number)s 号投标还有未评分的项：%(criteria)s。"),
    "score.note": _l("%(number)s 号投标的 %(criterion)s 打了零分或满分，请写明理由。"),
    "score.reopened_only": _l("这份评分表只为改正不一致的客观分而重开，%(criterion)s 不能更改。"),
    "scoring.one_stage": _l("本标段一次评审，没有第一信封评审可以结束。"),
    "scoring.first_stage": _l("标段 %(section)s 须先结束第一信封评审，第二次开标之后才能锁定结果。"),
    "scoring.prices_sealed": _l("标段 %(section)s 的第二次开标尚未完成，报价仍然密封，不能锁定结果。"),
    "scoring.no_price": _l("标段 %(section)s 没有可以计分的报价：第二信封未开启，报价都超过最高限价，或报价均被否决。"),
    "scoring.unfinished": _l("还有 %(sheets)s 份评分表未提交。"),
    "scoring.objective": _l(
        "评委对下列客观分的评分不一致，改正后才能汇总：%(cells)s。依据财政部令第87号第六十四条、R-344。"
    ),
    "result.not_locked": _l("评标结果尚未锁定。锁定之前任何人都不能查看他人的评分。"),
    "report.order": _l("现在轮到 %(label)s 签署，请按顺序签署评标报告。"),
    "report.other": _l("您签署的不是现在这份评标报告，请刷新后重新核对。"),
    "report.unsigned": _l("尚未签署评标报告的席位：%(labels)s。"),
    "memo.unknown": _l("没有这条提示。"),
}

STATES = {
    "consultation.asked": _l("等待答复"),
    "consultation.answered": _l("已答复"),
    "consultation.forgone": _l("不含该平台"),
    "rollback.asked": _l("待批准"),
    "rollback.approved": _l("批准"),
    "rollback.dismissed": _l("不批准"),
    "bid_clarification.asked": _l("待答复"),
    "bid_clarification.answered": _l("已答复"),
    "bid_clarification.refused": _l("不接受修正"),
    "bid_clarification.lapsed": _l("期满未答复"),
    "masked_sheet.draft": _l("评分中"),
    "masked_sheet.locked": _l("已提交"),
    "masked_sheet.void": _l("已作废"),
    "sheet.draft": _l("评分中"),
    "sheet.locked": _l("已提交"),
    "sheet.void": _l("已作废"),
}

KINDS = {
    "consultation.ask": _l("询问协作平台的候选"),
    "consultation.ask_again": _l("再次询问协作平台"),
    "consultation.answer": _l("协作平台答复候选"),
    "consultation.fail": _l("协作平台未能答复"),
    "consultation.forgo": _l("决定不含该平台抽取"),
    "consultation.seats": _l("协作平台告知专家答复"),
    "masked_sheet.lock": _l("提交暗标评分表"),
    "masked_sheet.reopen": _l("重开暗标评分表改正客观分"),
    "masked_sheet.void": _l("暗标评分作废"),
    "masks.commit": _l("承诺暗标编号的秘密"),
    "bid.opine": _l("生成参考评审意见"),
    "opinion.answer": _l("评委对参考意见表态"),
    "document.read": _l("查阅投标文件"),
    "bid.clean": _l("制作暗标的去属性副本"),
    "rollback.ask": _l("委员会申请退回上一阶段"),
    "rollback.approve": _l("批准退回上一阶段"),
    "rollback.dismiss": _l("不批准退回"),
    "bid_clarification.ask": _l("书面要求投标人澄清"),
    "bid_clarification.answer": _l("投标人答复澄清"),
    "bid_clarification.refuse": _l("投标人不接受修正"),
    "bid_clarification.lapse": _l("澄清期满未答复"),
    "sheet.lock": _l("提交评分表"),
    "sheet.reopen": _l("重开评分表改正客观分"),
    "sheet.void": _l("评分作废"),
    "report.deliver": _l("评标报告送达"),
}

OWN = {
    "投标报价不超过招标文件公布的最高投标限价": _l("投标报价不超过招标文件公布的最高投标限价"),
    "暗标的文件内容、页眉页脚、图片中没有单位名称、人员姓名或其他可识别投标人身份的标记": _l(
        "暗标的文件内容、页眉页脚、图片中没有单位名称、人员姓名或其他可识别投标人身份的标记"
    ),
    "投标人书面接受对投标报价算术错误的修正": _l("投标人书面接受对投标报价算术错误的修正"),
    "投标人对明显偏低的报价作出的书面说明和证明材料能够证明其报价合理、不低于成本": _l(
        "投标人对明显偏低的报价作出的书面说明和证明材料能够证明其报价合理、不低于成本"
    ),
}
"""The clauses that stand on a review whatever the tender document lists."""
