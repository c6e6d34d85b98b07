"""Words of the window: markets, stages, refusals of tables of trades, its entries in the ledger."""

from flask_babel import lazy_gettext as _l  # type: ignore[import-untyped]

SENTENCES = {
    "trades.encoding": _l("文件不是 UTF-8 编码（第 %(at)s 个字节起）。"),
    "trades.columns": _l("表头缺少列：%(missing)s。"),
    "trades.lines": _l("以下各行有误（行号: 列: 内容），整个文件没有导入：%(faults)s"),
    "trades.empty": _l("文件里没有成交项目。"),
    "trades.many": _l("一个文件最多 %(most)s 行。"),
    "trades.imported": _l("这个文件已经导入过（指纹 %(sha256)s）。"),
    "trades.known": _l("这些交易编号已有记录，整个文件没有导入：%(codes)s。"),
    "trade.unknown": _l("没有这个成交项目。"),
    "dataset.unknown": _l("开放数据中没有名为 %(group)s 的数据组。"),
    "dataset.year": _l("年份应为四位数字，收到“%(year)s”。"),
    "changes.after": _l("游标应为账本条目的序号（从头开始为 -1）。"),
    "figure.unknown": _l("没有名为 %(name)s 的图。"),
    "figure.empty": _l("这一范围内没有可画的数据。"),
}

STATES = {
    "market.works": _l("工程建设"),
    "market.procurement": _l("政府采购"),
    "market.land": _l("土地使用权"),
    "market.mineral": _l("矿业权"),
    "market.property": _l("国有产权"),
    "market.other": _l("其他交易"),
    "stage.bidding": _l("投标期（公告至截止）"),
    "stage.opening": _l("开标至移交评标"),
    "stage.evaluation": _l("评标至提交报告"),
    "stage.candidates": _l("报告至公示候选人"),
    "stage.decision": _l("报告至确定成交"),
    "stage.publicity": _l("公示候选人至定标"),
    "stage.archive": _l("定标至归档"),
    "unit.days": _l("日"),
    "unit.working_days": _l("个工作日"),
    "unit.hours": _l("小时"),
}

KINDS = {
    "trades.import": _l("导入历史成交数据"),
    "trade.record": _l("成交计入统计"),
    "trade.withdraw": _l("成交移出统计"),
    "trade.stage": _l("环节用时计入统计"),
}
