"""Sentences for credit's refusals, outcomes, decisions and kinds."""

from flask_babel import lazy_gettext as _l  # type: ignore[import-untyped]

SENTENCES = {
    "credit.source": _l("没有名单“%(found)s”，可选：%(options)s。"),
    "credit.future": _l("名单时间 %(as_of)s 晚于现在。"),
    "credit.older": _l("名单时间 %(as_of)s 早于现用名单（%(newest)s），不能倒退。"),
    "credit.too_large": _l("文件超过 %(most)s 字节。"),
    "credit.too_long": _l("名单超过 %(most)s 行。"),
    "credit.empty": _l("文件中没有可用的记录（无法读取 %(bad)s 行），为免误清名单，未导入。"),
    "credit.shrunk": _l(
        "导入将使 %(active)s 条有效记录中的 %(removed)s 条失效，超过一半。请核对文件；确属如此请勾选确认后再导入。"
    ),
    "credit.encoding": _l("文件编码无法识别，应为 UTF-8 或 GB 18030。"),
    "credit.format": _l("文件第 %(line)s 行格式有误：%(error)s。"),
    "credit.columns": _l("缺少列：%(missing)s。现有列：%(found)s。"),
    "credit.row_width": _l("列数与表头不一致。"),
    "credit.row_name": _l("名称为空或过长。"),
    "credit.row_code": _l("统一社会信用代码不是 18 位或含有不会出现的字符。"),
    "credit.row_reason": _l("事由为空。"),
    "credit.row_date": _l("日期无法识别。"),
    "credit.row_contradiction": _l("与同一记录的另一行内容矛盾。"),
    "credit.import_unknown": _l("没有这次导入。"),
    "credit.check_unknown": _l("没有这次查询，或您无权查看。"),
}

STATES = {
    "credit_source.serious_dishonesty": _l("严重失信主体名单"),
    "credit_source.judgment_defaulters": _l("失信被执行人"),
    "credit_source.tax_violations": _l("重大税收违法失信主体"),
    "credit_source.procurement_violations": _l("政府采购严重违法失信行为记录名单"),
    "credit_outcome.listed": _l("在名单上"),
    "credit_outcome.not_listed": _l("不在名单上"),
    "credit_outcome.expired": _l("有记录，限制期已满"),
    "credit_outcome.name_only": _l("仅名称相同，代码不同或缺失"),
    "credit_outcome.no_list": _l("尚未导入此名单"),
    "credit_outcome.stale_list": _l("名单过旧"),
    "credit_outcome.unread_row": _l("名单中有一行无法读取，可能指此单位"),
    "credit_decision.clear": _l("未见限制"),
    "credit_decision.informed": _l("有记录，供评审参考"),
    "credit_decision.pending": _l("待人工核实"),
    "credit_decision.restricted": _l("依法予以限制"),
    "credit_effect.restrict": _l("依法予以限制"),
    "credit_effect.document": _l("按招标文件的规定"),
    "credit_effect.required": _l("须留存证据"),
    "credit_effect.clear": _l("不再限制"),
    "credit_effect.pending": _l("须人工核实"),
    "credit_stage.opening": _l("开标时"),
    "credit_stage.evaluation": _l("评审时"),
    "credit_stage.award": _l("定标前"),
    "credit_stage.manual": _l("人工查询"),
    "regime.T": _l("招标投标"),
    "regime.G": _l("政府采购"),
    "regime.*": _l("全部"),
}

KINDS = {
    "credit.import": _l("信用名单导入"),
    "credit.check": _l("信用查询"),
    "credit.fact": _l("信用事实记录"),
}
