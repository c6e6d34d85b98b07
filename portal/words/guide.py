"""The text of /help: what each role does here, stage by stage, and what to do when something goes wrong."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask_babel import lazy_gettext as _l


@dataclass(frozen=True)
class Task:
    """Something a role does: at which stage, its name, a sentence or two, and the page it is done on."""

    stage: str
    title: Any
    text: Any
    page: str


@dataclass(frozen=True)
class Trouble:
    """Something that goes wrong: its anchor, its name, what to do, and where."""

    anchor: str
    title: Any
    text: Any
    page: str


STAGES = {
    "prepare": _l("准备"),
    "notice": _l("公告与澄清"),
    "bids": _l("投标"),
    "opening": _l("开标"),
    "committee": _l("组建委员会"),
    "evaluation": _l("评审"),
    "award": _l("定标与履约"),
}

TASKS: dict[str, tuple[Task, ...]] = {
    "bidder": (
        Task(
            "prepare",
            _l("登记单位和数字证书"),
            _l("凭统一社会信用代码登记，核对后登记数字证书；一人一号，不共用。"),
            "accounts.account",
        ),
        Task(
            "prepare",
            _l("检查这台电脑能不能用"),
            _l("提前几天做：浏览器、时钟、上传速度、密钥和试加密，逐项告诉您哪里不行、怎么办。"),
            "accounts.check",
        ),
        Task(
            "prepare",
            _l("保管好自己的钥匙"),
            _l("钥匙只在您的电脑里，平台没有。马上备份，并按提示恢复一次，确认备份可用。"),
            "accounts.keys",
        ),
        Task(
            "notice",
            _l("找项目、下载文件"),
            _l("不登录、不报名就能看公告和下载文件；平台不记录谁下载过。"),
            "bidding.sections",
        ),
        Task(
            "notice",
            _l("提问和异议"),
            _l("在标段页面提出；答复公布给所有人，不显示也不保存是谁提的。"),
            "bidding.sections",
        ),
        Task(
            "bids",
            _l("准备、加密、递交"),
            _l("在“我的投标”逐项准备；按“加密并递交”后等到回执页才算递交完成。截止前可以替换或撤回，以最后一份为准。"),
            "bidding.bids",
        ),
        Task("bids", _l("核验回执"), _l("把回执交给核验页，任何人都能确认它在公开账本里。"), "bidding.check_receipt"),
        Task(
            "opening",
            _l("参加开标"),
            _l("到开标大厅签到、解密、确认唱标结果；对开标有异议，当场提出。"),
            "opening.openings",
        ),
        Task("evaluation", _l("答复澄清"), _l("评标委员会有问题时，待办里会出现，按期限答复并签名。"), "portal.todo"),
        Task(
            "award",
            _l("看自己的结果、提出异议和投诉"),
            _l("结果公布后在标段页面看自己的评分和理由；期限和格式页面会逐项检查。"),
            "bidding.bids",
        ),
        Task(
            "award",
            _l("合同与保证金"),
            _l("合同由密封的报价生成，用证书签署；保证金何时退、为什么退，逐笔可查。"),
            "bidding.own_bonds",
        ),
        Task("award", _l("信用记录"), _l("查看平台关于本单位的查询结果；有误可以申请更正。"), "credit.mine"),
        Task(
            "evaluation",
            _l("监督部门要求说明"),
            _l("只是了解情况，不是认定。如实说明并附材料，期限前提交。"),
            "collusion.explanations",
        ),
        Task("notice", _l("消息"), _l("答复、结果和期限提醒。"), "portal.inbox"),
    ),
    "tenderee": (
        Task(
            "prepare",
            _l("建立项目和标段"),
            _l("按步骤填写；每一步旁边写着法律怎么说，哪条没过、怎么改。"),
            "bidding.projects",
        ),
        Task("prepare", _l("选择采购方式"), _l("各种方式要求什么、依据哪一条，一页列清。"), "bidding.procedures"),
        Task(
            "prepare",
            _l("登记保管人公钥"),
            _l(
                "招标人、交易中心、监督部门各持一把，都登记了才能发布公告；公告后各试开一次。开标要任意两把，一把打不开。"
            ),
            "bidding.custody",
        ),
        Task(
            "notice",
            _l("两人复核后发布"),
            _l("一人编制，另一人复核发布；文字检查发现的问题须逐条说明理由。"),
            "portal.todo",
        ),
        Task(
            "notice",
            _l("澄清、异议、延期"),
            _l("答复公布给所有人；距截止不足法定日数的，截止时间自动顺延。"),
            "bidding.projects",
        ),
        Task(
            "bids", _l("截止前看不到谁投标"), _l("没有家数、没有名称：平台也不知道，不要向任何人打听。"), "portal.rules"
        ),
        Task(
            "opening", _l("主持开标"), _l("主持台只给出现在能做的一步和还缺什么；全过程公开直播。"), "opening.openings"
        ),
        Task(
            "committee",
            _l("组建评标委员会"),
            _l("提出人数和专业，三方各出一个随机数抽取；招标人代表须有授权书。"),
            "portal.todo",
        ),
        Task(
            "award",
            _l("公示、答复异议、定标"),
            _l("三日内公示；有异议未答复不能定标；评定分离只在当地法律允许时可用。"),
            "bidding.projects",
        ),
        Task(
            "award",
            _l("合同、履约、归档"),
            _l("合同由报价生成，实质内容不能改；履约情况登记到完成。"),
            "bidding.projects",
        ),
        Task("award", _l("平台以外的交易"), _l("应当进场的目录在此；确在场外的，说明理由登记。"), "window.catalogue"),
        Task("notice", _l("消息"), _l("对外发出的每一步也会通知本单位。"), "portal.inbox"),
    ),
    "expert": (
        Task(
            "prepare",
            _l("入库、续聘、变更"),
            _l("本人申请、单位推荐；任职、持股、亲属如实申报，变更先行生效。"),
            "experts.own_record",
        ),
        Task(
            "committee",
            _l("答复邀请、到场签到"),
            _l("邀请不写项目和投标人；到场签到时核对回避。"),
            "experts.invitations",
        ),
        Task(
            "evaluation",
            _l("评审和打分"),
            _l("一页一页看投标文件，标准就在旁边；随时自动保存，提交前看不到别人的评分。"),
            "portal.todo",
        ),
        Task("evaluation", _l("签署报告"), _l("不同意见写明理由；拒签又不说明的，视为同意。"), "portal.todo"),
        Task("notice", _l("消息"), _l("邀请、提醒和结果。"), "portal.inbox"),
    ),
    "officer": (
        Task("prepare", _l("保管钥匙并试开"), _l("登记公钥，公告后试开一次；截止后解开一层。"), "bidding.custody"),
        Task("opening", _l("见证开标"), _l("主持或见证每一步；发现异常立即登记。"), "opening.openings"),
        Task(
            "committee",
            _l("抽取专家、名单值班"),
            _l("公告抽取、核对回避、冻结名单；值班时专家才能答复。"),
            "experts.duty",
        ),
        Task("evaluation", _l("信用查询"), _l("核对来源的答复，缺的由人查实并留证据。"), "credit.sections"),
        Task("award", _l("封存一标一档"), _l("清单上缺一项都不能封存；补充须另一人批准。"), "portal.todo"),
    ),
    "finance": (
        Task("bids", _l("开标前什么都看不到"), _l("谁交了保证金、几家，名单公布以前没有任何数字。"), "bidding.bonds"),
        Task(
            "award",
            _l("退还保证金"),
            _l("一人编制、另一人复核，金额和账户独立重算；逾期的排在最前面。"),
            "bidding.bond_desk",
        ),
        Task(
            "award",
            _l("每天对账为零"),
            _l("银行、账簿、每一笔保证金三方一致；有差异逐条列出。"),
            "bidding.reconcile_bonds",
        ),
    ),
    "supervisor": (
        Task(
            "prepare",
            _l("保管钥匙"),
            _l("与招标人、交易中心各持一把。一把打不开，任意两把可以：截止前谁也不要交出自己的钥匙。"),
            "bidding.custody",
        ),
        Task(
            "opening",
            _l("旁站和联署"),
            _l("旁站页有独立的日志；可以记录异常、联署记录，不能叫停。"),
            "opening.openings",
        ),
        Task(
            "evaluation",
            _l("处理线索"),
            _l("每条线索写明证据、出错概率和怎样澄清；处理由两人决定，查看留痕。"),
            "collusion.warnings",
        ),
        Task("evaluation", _l("线索的数字"), _l("多少是真的、多少是误报、处理多久。"), "collusion.lead_figures"),
        Task("award", _l("处理投诉"), _l("期限、步骤、暂停令和决定都在一页；结果公开。"), "awards.complaints_desk"),
        Task(
            "evaluation",
            _l("对评标专家的处理"),
            _l("一人提出、专家申辩、另一人决定；决定当即生效，不再抽取。"),
            "experts.sanctions",
        ),
        Task("award", _l("保证金监督"), _l("逾期未退和有争议的一目了然。"), "bidding.bond_desk"),
        Task("award", _l("服务评价复核"), _l("差评整改后由您回访复核。"), "window.ratings"),
    ),
    "operator": (
        Task(
            "prepare",
            _l("核对单位、人员与角色"),
            _l("看证件原件核对；一人不能兼任相冲突的角色。"),
            "accounts.organisations",
        ),
        Task("prepare", _l("人员与角色"), _l("登记、停用、重置登录方式，全部留痕。"), "accounts.people"),
        Task(
            "prepare",
            _l("认证机构与担保机构"),
            _l("登记可以自动核验的机构；不在此列的不得因此拒收。"),
            "accounts.authorities",
        ),
        Task("prepare", _l("担保机构"), _l("登记机构证书和接收指令的地址。"), "bidding.institutions"),
        Task("committee", _l("专家库与协作平台"), _l("入库审核、聘期、培训；与其他平台互借专家。"), "experts.pool"),
        Task(
            "committee", _l("对评标专家的处理"), _l("一标一评、年度考核之后提出；由另一人决定。"), "experts.sanctions"
        ),
        Task("committee", _l("协作平台"), _l("对方的公钥、可借的库。"), "experts.partner_list"),
        Task("evaluation", _l("信用名单"), _l("按时导入；过旧的名单会在待办里提醒。"), "credit.imports"),
        Task("award", _l("数据交换"), _l("向上级平台报送，退回的逐条写明原因。"), "window.exchange"),
        Task("award", _l("服务评价"), _l("差评限时接办、整改、复核。"), "window.ratings"),
        Task("prepare", _l("运行状态"), _l("数据库、账本、时钟、存储现在怎样。"), "portal.status"),
    ),
    "public": (
        Task("notice", _l("看公告、查项目"), _l("按名称、地区、类别查找；订阅更新。"), "portal.notices"),
        Task("opening", _l("看开标"), _l("大厅公开直播，价格读出以后才显示。"), "opening.openings"),
        Task("award", _l("看结果和统计"), _l("谁中标、多少钱、为什么，都有依据。"), "window.results"),
        Task("award", _l("公开统计"), _l("每个数字都能点到它的名单。"), "window.statistics"),
        Task("award", _l("自己核验"), _l("抽取可以重算，回执、文件、报告可以核验。"), "portal.verify"),
        Task("award", _l("公开账本"), _l("每一步都在只增不改的账本里。"), "portal.ledger"),
        Task("award", _l("公开抽取"), _l("专家和系数的抽取，公开全部材料。"), "window.draws"),
        Task("award", _l("开放数据"), _l("OCDS 与国家数据规范，可下载、可订阅。"), "window.open_data"),
        Task("award", _l("信用名单和查询"), _l("平台用了哪些名单、何时更新、怎样处理。"), "credit.lists"),
        Task("award", _l("评价服务"), _l("不满意会有人限时处理，结果公开。"), "window.new_rating"),
    ),
}

TROUBLES = (
    Trouble(
        "key-lost",
        _l("钥匙丢了"),
        _l(
            "用备份恢复。截止前恢复不了的，登记新钥匙，重新加密递交；截止后只能按招标文件写明的补救办法。保管人的钥匙丢了，立即告诉招标人：其余两把仍可按规定打开。"
        ),
        "accounts.keys",
    ),
    Trouble(
        "upload", _l("上传中断"), _l("不用重来：回到同一页，从断处续传。没有看到回执页就是没有递交。"), "bidding.bids"
    ),
    Trouble(
        "late",
        _l("晚了"),
        _l(
            "以服务器收到最后一个字节的时间为准，截止时刻及以后不收。之前有回执的那份仍然有效。平台故障造成的，按公布的规则延期。"
        ),
        "bidding.bids",
    ),
    Trouble(
        "hall",
        _l("大厅断线"),
        _l(
            "页面会自己重连；连不上时刷新。开标不因您断线而停，解密时间内随时可以继续。平台故障时主持人会暂停，时间停走。"
        ),
        "opening.openings",
    ),
    Trouble(
        "decrypt",
        _l("解密失败"),
        _l(
            "页面会说明原因和下一步。可以提交证据，由人判断是谁的原因：投标人的原因视为撤销，其他原因视为撤回、保证金退还。"
        ),
        "opening.openings",
    ),
    Trouble(
        "collusion",
        _l("收到串通线索的询问"),
        _l("线索不是结论，不会自动否决投标。按时如实说明，附材料；处理须两人决定并写明理由。"),
        "collusion.explanations",
    ),
    Trouble(
        "wrong",
        _l("内容填错、被退回"),
        _l("错误会写明哪一项、要什么样、举一个例子；已填的内容不会丢。全部原因见列表。"),
        "portal.refusals",
    ),
    Trouble(
        "signin",
        _l("登录不了"),
        _l("换一种方式：密码、证书、通行密钥都可以。都不行的，由平台核对本人后重置。"),
        "accounts.sign_in",
    ),
    Trouble(
        "object",
        _l("对结果不服"),
        _l("先在公示期内提异议；对答复不满意的，在期限内投诉。期限、写法页面都会检查。"),
        "portal.rules",
    ),
    Trouble(
        "broken", _l("平台好像坏了"), _l("先看运行状态；错误页上的请求编号告诉平台，能查到经过。"), "portal.status"
    ),
)
