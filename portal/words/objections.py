"""Sentences, states and kinds of objections to the tender documents and of a section that stands still."""

from flask_babel import lazy_gettext as _l  # type: ignore[import-untyped]

SENTENCES = {
    "section.suspended": _l("标段 %(section)s 因异议或责令暂停，恢复以前不截标、不开标。依据 R-135、R-562。"),
    "clarification.one": _l("一份答复只针对一个提问或一个异议。"),
    "clarification.suspended": _l("招标暂停期间截止时间停走，恢复时才能选定新的截止时间。依据 R-135、R-562。"),
    "document_objection.unknown": _l("没有第 %(number)s 号异议。"),
    "document_objection.late": _l("投标截止时间已过（%(deadline)s），不能再对招标文件提出异议。"),
    "document_objection.names_itself": _l("异议里写有您的单位名称“%(name)s”。全文会公布，请删去，以免暴露谁可能投标。"),
    "document_objection.private": _l(
        "异议里有个人或账户号码（%(found)s）。全文会公布，请删去；确需公布的请勾选后再提交。"
    ),
    "document_objection.party": _l("标段 %(section)s 的招标人和代理机构不能对自己的文件提出异议。"),
    "document_objection.state": _l("这个异议已经答复。"),
    "document_objection.stale": _l("这个异议刚被别人答复，请刷新后查看。"),
}

STATES = {
    "section.suspended": _l("已暂停"),
    "document_objection.open": _l("待答复"),
    "document_objection.answered": _l("已答复"),
    "field.objection": _l("异议内容"),
}

KINDS = {
    "notice.suspension": _l("暂停公告"),
    "section.suspend": _l("暂停招标"),
    "section.resume": _l("异议已答复，恢复招标"),
    "document_objection.raise": _l("收到对招标文件的异议"),
    "document_objection.answer": _l("答复异议"),
}
