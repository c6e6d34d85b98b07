"""Sentences for bills of quantities, drafts and clause links."""

from flask_babel import lazy_gettext as _l

SENTENCES = {
    "slots.boq": _l("公布了结构化工程量清单的标段，投标文件组成里须有放在 %(place)s 的“已标价工程量清单”。"),
    "boq.refused": _l("清单有 %(errors)s 处错误，未保存；请按下表逐条更正。"),
    "boq.malformed": _l("清单数据的“%(place)s”不符合 sunbid-boq/v1 格式。"),
    "client.boq": _l("已标价工程量清单有 %(errors)s 处错误，没有加密；请按上面逐条更正。"),
    "client.draft": _l("%(file)s 不是投标草稿：%(reason)s。"),
    "boq.unknown": _l("标段 %(section)s 没有公布结构化工程量清单。"),
    "links.malformed": _l("条款标注文件的“%(place)s”不符合 sunbid-links/v1 格式。"),
    "client.links": _l("条款标注（%(clause)s）有误，没有加密：%(reason)s"),
    "client.no_boq": _l("标段 %(section)s 没有公布结构化工程量清单。"),
    "client.template": _l("招标清单 %(file)s 不可用：%(reason)s"),
    "client.preparation": _l("%(file)s 不是投标要求文件（preparation.json）。"),
}
