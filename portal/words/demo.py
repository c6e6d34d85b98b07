"""What the demo's guide says: the scenes that stand when its site opens, and what each account finds to do there."""

from flask_babel import lazy_gettext as _l

SCENES = {
    "hall": _l("马上开标"),
    "open": _l("正在招标"),
    "committee": _l("正在评标"),
    "publicity": _l("公示中：异议与投诉"),
    "selection": _l("评定分离：正在定标"),
    "offers": _l("政府采购：最后报价"),
    "objection": _l("招标文件有异议：暂停"),
    "drafts": _l("起草与送审"),
}
DETAILS = {
    "hall": _l(
        "四份投标已密封在平台上，谁也打不开。到点后：两名受托人剥开身份层，主持人公布名单、开启解密，"
        "投标人各自解密，招标人剥开第二层，唱标。先让每个人在浏览器里恢复自己的钥匙（见“钥匙”）。"
    ),
    "open": _l("保证金、答疑、第 2 版招标文件都已公布。在网页里备标、加密并递交，拿到回执；也可以撤回、替换。"),
    "committee": _l("三家投标已开启，专家已抽取、签到、推选组长，符合性评审已完成；两人已锁定评分，其余三人待评。"),
    "publicity": _l(
        "四名候选人公示中：一件异议等招标人答复，公示因此停走；另一件答复后，投标人已向监督部门投诉，等待受理。"
    ),
    "selection": _l("候选人不排序公示期满，五人定标委员会秘密投票，已投两票；本轮投齐之前任何人看不到。"),
    "offers": _l("竞争性磋商：三家首次响应已开启，采购人已开放最后报价，每家密封递交一次。"),
    "objection": _l("有人在法定期限内对招标文件提出异议：招标暂停，截止时间停走，等待答复。"),
    "drafts": _l("一个标段填了一半，系统指出了限制性条款和文件里的个人信息；另一个已送审，等招标人另一人核对后发布。"),
}
ACTIONS = {
    "hall.rehearse": _l("恢复本标段的钥匙，先试开一次"),
    "hall.watch": _l("看大厅：倒计时、名单、唱标"),
    "hall.peel": _l("截标后：用钥匙剥开自己的一层"),
    "hall.host": _l("主持：公布名单、开启解密、唱标、签署记录"),
    "hall.decrypt": _l("解密自己的投标文件，确认开标记录"),
    "open.prepare": _l("备标：逐项填写并检查"),
    "open.seal": _l("加密并递交，拿到回执"),
    "open.ask": _l("匿名提问或看答疑"),
    "committee.lead": _l("组长：看进度，齐了以后锁定、出报告"),
    "committee.score": _l("给每份投标打分并锁定"),
    "committee.progress": _l("看进度：没有分数，只有人数"),
    "publicity.answer": _l("答复异议"),
    "publicity.complaint": _l("受理或不予受理投诉，责令暂停，作出决定"),
    "publicity.result": _l("看自己的得分和异议的进展"),
    "selection.vote": _l("阅看、投票并写理由"),
    "selection.ballot_box": _l("看谁已投、谁未投"),
    "offers.offer": _l("密封递交最后报价"),
    "offers.offers": _l("等待最后报价截止"),
    "objection.answer": _l("起草答复，送审公布后恢复招标"),
    "objection.suspended": _l("看公告：为什么停、截止时间怎样顺延"),
    "drafts.go_on": _l("继续填写下一步"),
    "drafts.findings": _l("看检查结果，逐条说明"),
    "drafts.publish": _l("核对指纹并发布，或退回"),
}
