"""Sentences, states and kinds of the watchman."""

from flask_babel import lazy_gettext as _l

SENTENCES = {
    "warning.unknown": _l("没有这条线索，或您无权查看。"),
    "warning.not_yours": _l("线索 %(warning)s 由他人承办，只有承办人可以作出处置。"),
    "warning.reason": _l("至少写 %(least)s 个字，说明事实与依据。"),
    "warning.undecided": _l("尚有线索未作处置，不能归档：%(codes)s。"),
    "warning.state": _l("线索现处于“%(state)s”，不能进行此步。"),
    "warning.stale": _l("线索刚被他人处理，请刷新后再试。"),
    "scan.masked": _l("标段 %(section)s 的技术标是暗标：暗标评审锁定之前不筛查，以免提示把文件内容和投标人联系起来。"),
    "warning.second_person": _l("线索 %(warning)s 的处置须由承办人以外的监督人员复核。"),
    "material.unknown": _l("没有这项说明要求，或您无权查看。"),
    "material.bidder": _l("只能向本线索涉及的投标人提出要求，请至少选择一家。"),
    "material.answered": _l("这项说明已经提交，不能更改。"),
    "material.closed": _l("监督部门已恢复核查，不再收取这项说明。"),
    "material.file": _l("“%(found)s”不能作为附件：只收 PDF、PNG、JPG、XLSX、DOCX，且内容须与文件名相符。"),
    "budget.range": _l("误报预算须在 %(least)s 与 %(most)s 之间。"),
    "learning.early": _l("标段 %(section)s 尚未归档，不能计入历史档案。"),
    "scan.early": _l("标段 %(section)s 尚未开标移交（%(state)s），任何人不得读取投标文件，不能筛查。"),
    "screen.unreadable": _l("报价表不是可读的 CSV（UTF-8 或 GB 18030）。"),
    "screen.columns": _l("报价表缺少列：%(missing)s。"),
    "screen.repeated": _l("报价表有重复的列：%(columns)s。"),
    "screen.empty": _l("报价表没有任何报价。"),
    "market.none": _l("文件夹中没有市场数据文件（%(pattern)s）。"),
    "market.columns": _l("%(file)s 缺少列：%(missing)s。"),
    "market.row": _l("%(file)s 第 %(line)s 行的 %(column)s 不可用。"),
    "bids.missing": _l("没有投标文件夹。"),
    "bids.few": _l("至少需要两家投标文件才能比较，现有 %(found)s 家。"),
    "bids.many": _l("文件过多：%(found)s 个。"),
}

STATES = {
    "warning.open": _l("待签收"),
    "warning.assigned": _l("核查中"),
    "warning.asked": _l("待补充材料"),
    "warning.proposed": _l("待复核"),
    "warning.confirmed": _l("已认定"),
    "warning.referred": _l("已移送"),
    "warning.dismissed": _l("已排除"),
    "tier.lead": _l("线索"),
    "tier.review": _l("建议核查"),
    "tier.priority": _l("重点核查"),
}

KINDS = {
    "scan.make": _l("完成筛查"),
    "archive.learn": _l("计入历史档案"),
    "warning.raise": _l("提出线索"),
    "warning.view": _l("查看线索"),
    "warning.assign": _l("签收线索"),
    "warning.ask": _l("要求补充材料"),
    "material.answer": _l("投标人补充材料"),
    "warning.resume": _l("恢复核查"),
    "warning.propose": _l("提出处置建议"),
    "warning.send_back": _l("复核退回"),
    "warning.press": _l("超期督办"),
    "budget.set": _l("更改误报预算"),
    "warning.confirm": _l("认定线索"),
    "warning.refer": _l("移送线索"),
    "warning.dismiss": _l("排除线索"),
}
