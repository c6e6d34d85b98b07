"""Sentences, states and kinds of publication by two people, of private data and restrictive words in what is published."""

from flask_babel import lazy_gettext as _l  # type: ignore[import-untyped]

SENTENCES = {
    "publication.unknown": _l("标段 %(section)s 没有第 %(number)s 份送审内容。"),
    "publication.none": _l("标段 %(section)s 没有等待发布的公告，请先由一人准备并送审。"),
    "publication.pending": _l("标段 %(section)s 的公告已送审，等待另一人核对；要修改请先撤回。"),
    "publication.undeclared": _l("保留这一处须写明理由（%(least)s 至 %(most)s 个字）。"),
    "publication.not_party": _l("只有标段 %(section)s 的招标人或代理机构的人可以准备发布内容。"),
    "publication.same_person": _l("这一份是您自己准备的：准备人与发布人不能是同一人，请由另一人核对并发布。"),
    "publication.not_second": _l("只有招标人（%(tenderee)s）指定的另一人可以核对并发布。"),
    "publication.changed": _l(
        "送审之后内容有改动，或您核对的不是送审的那一份；发布的必须与核对的完全相同，请重新送审。"
    ),
    "publication.uncovered": _l("送审之后又出现 %(count)s 处须说明的检查结果，请由准备人重新送审。"),
    "publication.kind": _l("第 %(number)s 份送审内容不是澄清或更正。"),
    "publication.state": _l("这份送审内容现在的状态不能进行此步。"),
    "publication.stale": _l("这份送审内容刚被他人处理，请刷新后再试。"),
    "document.unread": _l("文件还没有读过。"),
}

STATES = {
    "publication.drafted": _l("起草中"),
    "publication.submitted": _l("待另一人核对"),
    "publication.published": _l("已发布"),
    "publication.returned": _l("已退回"),
    "publication.withdrawn": _l("已撤回"),
    "private.identity": _l("身份证号"),
    "private.mobile": _l("手机号"),
    "private.account": _l("银行账号"),
    "private.mailbox": _l("个人邮箱"),
    "private.unread": _l("读不出文字"),
    "topic.brand": _l("品牌、商标"),
    "topic.patent": _l("专利、专有技术"),
    "topic.origin": _l("原产地"),
    "topic.region": _l("特定区域业绩"),
    "topic.award": _l("特定区域奖项"),
    "topic.industry": _l("特定行业业绩、奖项"),
    "topic.ownership": _l("所有制形式"),
    "topic.scale": _l("注册资金等规模条件"),
    "topic.address": _l("注册地址、本地企业"),
    "topic.branch": _l("本地分支机构"),
    "topic.tax": _l("本地纳税、社保"),
    "topic.consortium": _l("与本地企业联合"),
    "topic.certificate": _l("地方或行业组织的证书、名录"),
    "topic.authorisation": _l("生产厂家授权"),
    "topic.presence": _l("要求人员到场"),
    "field.name": _l("项目名称"),
    "field.section_name": _l("标段名称"),
    "field.description": _l("项目概况"),
    "field.funding": _l("资金来源"),
    "field.qualification": _l("投标人资格要求"),
    "field.credit_rule": _l("信用要求"),
    "field.scope": _l("招标范围"),
    "field.scale": _l("建设规模"),
    "field.obtaining": _l("获取招标文件的方式"),
    "field.submission": _l("递交方式"),
    "field.address": _l("地址"),
    "field.contact": _l("联系人"),
    "field.objection_contact": _l("异议受理人"),
    "field.media": _l("发布媒介"),
    "field.criteria": _l("评标办法"),
    "field.text": _l("内容"),
    "field.reason": _l("原因"),
}

KINDS = {
    "publication.submit": _l("送审，等待另一人核对"),
    "publication.publish": _l("另一人核对并发布"),
    "publication.return": _l("退回修改"),
    "publication.withdraw": _l("撤回送审"),
    "project.second_person": _l("指定由谁核对并发布"),
}
