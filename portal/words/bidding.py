"""Sentences for bidding's refusals, findings, states and kinds."""

from flask_babel import lazy_gettext as _l

SENTENCES = {
    # Projects and sections
    "project.unknown": _l("没有这个项目，或您无权查看。"),
    "project.not_party": _l("只有招标人（%(tenderee)s）或其代理机构可以创建该项目。"),
    "project.same_agent": _l("招标代理机构与招标人是同一单位；自行招标时请不填代理机构。"),
    "project.party_unknown": _l("没有代码为 %(identifier)s 的已登记单位，请核对统一社会信用代码。"),
    "form.confirmation": _l("确认文字不符，请输入 %(expected)s。"),
    "project.published": _l("项目 %(project)s 已有公告发布，规则已冻结，不能再改。依据 R-006。"),
    "project.predecessor": _l("没有名为 %(project)s 的本单位失败项目，不能作为重新招标的前一次。依据 R-561。"),
    "project.code": _l("项目编号 %(project)s 已被使用。"),
    "code.malformed": _l("编号只能用字母、数字和 . _ : -，以字母或数字开头，至多 60 个字符；收到“%(found)s”。"),
    "section.unknown": _l("没有这个标段，或您无权查看。"),
    "section.code": _l("标段编号 %(section)s 已被使用。"),
    "section.field": _l("标段没有“%(name)s”这一项。"),
    "section.published": _l("标段 %(section)s 的公告已发布，不能再直接修改；请通过澄清或更正公告变更。依据 R-107。"),
    "section.no_deadline": _l("标段 %(section)s 尚未设定投标截止时间。"),
    "section.not_open": _l("标段 %(section)s 不在投标期内。"),
    "section.close_early": _l("未到投标截止时间（%(deadline)s），服务器时间 %(at)s，不能截标。依据 R-250。"),
    "section.not_closed": _l("标段 %(section)s 尚未截标，密封集合未形成。"),
    "section.state": _l("标段现在的阶段不能进行此步。"),
    "section.stale": _l("标段刚被他人推进，请刷新后再试。"),
    "submission.state": _l("该份递交现在的状态不能进行此步。"),
    "submission.stale": _l("该份递交刚被他人推进，请刷新后再试。"),
    "law.not_frozen": _l("标段 %(section)s 所属项目尚未发布公告，规则快照未冻结。"),
    "document.empty": _l("文件“%(name)s”是空的（0 字节），请重新选择。"),
    "envelopes.malformed": _l("信封设置第 %(place)s 项格式不正确。"),
    "envelopes.schedule": _l("必须有开标一览表信封。"),
    "envelopes.order": _l("先开的信封须排在后开的之前，截止时至少开启一个信封。"),
    "envelopes.prices": _l("开标一览表和报价信封都含报价，须在同一次开启。"),
    "envelopes.anonymous": _l("只有技术标可以设为暗标，“%(envelope)s”不可以。"),
    "slots.malformed": _l("投标文件组成表第 %(place)s 项格式不正确。"),
    "slots.envelope": _l("信封“%(envelope)s”至少需要一个必交文件。"),
    "invitees.doubled": _l("名单中有重复的代码，或超过 200 家。"),
    "invitees.unnamed": _l("代码 %(identifier)s 尚未在平台登记，请写明单位名称。"),
    "invitees.line": _l("名单第 %(number)s 行读不出 18 位统一社会信用代码。"),
    "invitees.drawn": _l("标段 %(section)s 已抽取过，不能重抽。"),
    "invitees.no_draw": _l("标段 %(section)s 的邀请方式不是随机抽取。"),
    "invitees.too_few": _l(
        "抽取 %(count)s 家不符合规定：不少于 %(value)s 家，备选不少于 %(least)s 家，现有 %(found)s 家。"
        "依据 %(rule)s，%(source)s。"
    ),
    "round.none": _l("标段 %(section)s 的采购方式没有最后报价轮次，或它本身就是最后报价。"),
    "round.not_opened": _l("标段 %(section)s 的首次响应尚未开启并签署记录，不能开放最后报价。依据 R-602。"),
    "round.too_few": _l("首次响应已开启的只有 %(found)s 家，不足 %(value)s 家，应终止。依据 %(rule)s，%(source)s。"),
    "round.deadline": _l("最后报价截止时间须晚于现在（%(at)s）。依据 R-602。"),
    # Trustees and policy
    "trustee.unknown": _l("标段 %(section)s 没有这一方保管人的钥匙。"),
    "trustee.fixed": _l("公告已发布，保管人公钥已写入密封策略，不能更换。"),
    "trustee.role": _l("只有登记了这把钥匙的保管人本人可以进行此步。"),
    "trustee.no_canary": _l("试开信尚未生成，公告发布后才有。"),
    "trustee.canary": _l("试开结果不符：这不是您那封试开信的内容，请确认使用了登记的那把私钥。"),
    "policy.unknown": _l("标段 %(section)s 尚无密封策略。"),
    "policy.trustees": _l("还有 %(missing)s 方保管人没有登记公钥，三方齐全后才能发布。依据 R-207。"),
    "policy.same_key": _l("两名保管人登记了同一把公钥或由同一人担任，三方共管就成了空话，请各用各的钥匙。"),
    # The method
    "method.type": _l("评标办法缺失或类型不支持（目前支持 comprehensive/v1）。"),
    "method.minimum_price": _l(
        "评标办法里出现了最低限价字段“%(name)s”。招标人不得规定最低投标限价。依据 R-109，实施条例第二十七条。"
    ),
    "method.criteria": _l("评分标准第 %(place)s 项不完整、编号重复或分组不正确。"),
    "method.points": _l("分值或比例应大于 0 且不超过 100，收到“%(found)s”。"),
    "method.review": _l("符合性审查条款不完整。"),
    "method.formula": _l("价格分公式缺失或参数不完整。"),
    "method.k_range": _l("系数 K 的范围 %(low)s 至 %(high)s 不能被步长 %(step)s 整除。"),
    # Findings of the notice check: each sentence is true at every level
    "notice.content": _l("公告必备内容齐全（%(count)s 项）。依据 R-104。"),
    "notice.missing_project_name": _l("缺少招标项目名称。依据 R-104。"),
    "notice.missing_description": _l("缺少项目概况与内容。依据 R-104。"),
    "notice.missing_funding": _l("缺少资金来源。依据 R-104。"),
    "notice.missing_tenderee": _l("缺少招标人名称。依据 R-104。"),
    "notice.missing_section_name": _l("缺少标段名称。依据 R-104。"),
    "notice.missing_qualification": _l("缺少投标人资格要求。依据 R-104。"),
    "notice.missing_scope": _l("缺少招标范围。依据 R-104。"),
    "notice.missing_scale": _l("缺少建设规模或采购数量。依据 R-104。"),
    "notice.missing_obtaining": _l("缺少获取招标文件的时间和方式。依据 R-104。"),
    "notice.missing_submission": _l("缺少投标文件的递交方式。依据 R-104。"),
    "notice.missing_address": _l("缺少招标人地址。依据 R-104。"),
    "notice.missing_contact": _l("缺少联系人及电话。依据 R-104。"),
    "notice.missing_objection_contact": _l("缺少受理异议的联系人和渠道。依据 R-104。"),
    "notice.missing_deadline": _l("缺少投标截止时间。依据 R-104。"),
    "notice.missing_documents_until": _l("缺少招标文件获取的截止时间。依据 R-104。"),
    "notice.media": _l(
        "公告须在本平台和指定媒介同时发布，规定为%(value)s；填写的媒介：%(media)s。依据 %(rule)s，%(source)s。"
    ),
    "notice.consortium": _l("须写明是否接受联合体投标。依据 R-112。"),
    "notice.frozen": _l("公告发布后不可删改，只能发布关联的更正公告。依据 R-107。"),
    "notice.law_frozen": _l("发布时冻结当日有效的规则快照，此后法规变动不影响本项目。依据 R-006。"),
    "notice.tender_document": _l("须上传招标文件正文。依据 R-106。"),
    "notice.boq": _l("工程类标段一般应附工程量清单。依据 R-106。"),
    "notice.postqualification": _l("采用资格后审，不设资格预审时限（R-102、R-108 不适用）。"),
    "notice.issue_to_deadline": _l(
        "投标截止日距招标文件发出日 %(found)s 日，规定不少于 %(required)s 日，最早 %(earliest)s。依据 %(rule)s，%(source)s。"
    ),
    "notice.issue_to_deadline_working_days": _l(
        "截止日 %(found)s，规定距文件发出不少于 %(required)s 个工作日，最早 %(earliest)s。依据 %(rule)s，%(source)s。"
    ),
    "notice.notice_period": _l(
        "公告至截止 %(found)s 日，公告期限不少于 %(required)s 日，至 %(earliest)s。依据 %(rule)s，%(source)s。"
    ),
    "notice.notice_period_working_days": _l(
        "公告期限 %(required)s 个工作日，至 %(earliest)s 届满，截止日 %(found)s。依据 %(rule)s，%(source)s。"
    ),
    "notice.second_opening": _l("第二次开标时间须晚于投标截止时间。依据 R-253。"),
    "notice.second_sitting": _l("报价信封在第二次开标开启，须写明第二次开标的时间。依据 R-253。"),
    "notice.deadline_past": _l("投标截止时间早于现在。依据 R-100。"),
    "notice.deadline_rest_day": _l("投标截止日 %(on)s 是休息日或法定节假日，建议改为工作日。依据 R-001。"),
    "notice.calendar_assumed": _l("%(year)s 年放假安排尚未发布，工作日按周末推算。依据 R-003。"),
    "notice.deadline_uneven": _l("投标截止时间不是整分钟，容易引起误解。依据 R-204。"),
    "notice.deadline_exclusive": _l(
        "到达截止时刻本身即为迟到：服务器在截止时刻及以后盖时间戳的递交一律不接收。依据 R-204。"
    ),
    "notice.documents": _l("招标文件可获取 %(found)s 日，规定不少于 %(required)s 日。依据 %(rule)s，%(source)s。"),
    "notice.documents_working_days": _l(
        "招标文件提供至 %(found)s，规定不少于 %(required)s 个工作日即不早于 %(earliest)s。依据 %(rule)s，%(source)s。"
    ),
    "notice.documents_after_deadline": _l("招标文件获取的截止时间晚于投标截止时间。依据 R-101。"),
    "notice.control_price": _l("须在公告中写明最高投标限价（招标控制价）。依据 %(rule)s，%(source)s。"),
    "notice.no_minimum_price": _l("未设最低投标限价。依据 R-109。"),
    "notice.budget": _l("须公布采购预算金额。依据 %(rule)s，%(source)s。"),
    "notice.control_within_budget": _l("最高限价不得超过公布的采购预算。依据 %(rule)s，%(source)s。"),
    "notice.bond_share": _l(
        "投标保证金 %(found)s 元，上限为估算价或预算的 %(value)s%%，即 %(most)s 元。依据 %(rule)s，%(source)s。"
    ),
    "notice.bond_cap": _l("投标保证金 %(found)s 元，法定最高额 %(most)s 元。依据 %(rule)s，%(source)s。"),
    "notice.bond_forms": _l("投标保证金的形式由投标人自选，接受电子保函，不得强制现金。依据 R-153。"),
    "notice.bond_account": _l("以现金或支票交纳的须从投标人基本账户转出，开标后核对。依据 R-152。"),
    "notice.envelopes": _l("投标文件分 %(count)s 个信封，各有必交文件。依据 R-200。"),
    "notice.anonymous": _l("技术标为暗标：不得出现单位、人员名称和标识，评审时只显示编号。"),
    "notice.substantive": _l(
        "已标★的实质性条款 %(found)s 条。不允许偏离的要求须以醒目方式标明，未标明的不得作为无效理由。"
        "依据 %(rule)s，%(source)s。"
    ),
    "notice.scale_scored": _l("评分项“%(name)s”以企业规模（%(passage)s）打分，不允许。依据 %(rule)s，%(source)s。"),
    "notice.scale_mentioned": _l(
        "评分项“%(name)s”的细则提到“%(passage)s”，规模条件不得作为评分因素，请核对。依据 %(rule)s，%(source)s。"
    ),
    "notice.authorisation_scored": _l(
        "评分项“%(name)s”提到“%(passage)s”，除进口产品外不得要求厂家授权，请核对。依据 %(rule)s，%(source)s。"
    ),
    "notice.qualification_scored": _l(
        "评分项“%(name)s”与资格要求有相同内容“%(passage)s”，资格条件不得作为评分因素，请核对。"
        "依据 %(rule)s，%(source)s。"
    ),
    "notice.nothing_scored_twice": _l("评分项中未发现资格条件或规模条件。依据 %(rule)s，%(source)s。"),
    "notice.credit_parts": _l("信用查询规则似未写明：%(parts)s。依据 R-126。"),
    # The choice of the procedure
    "procedure.allowed": _l("本项目可以采用这种方式。依据 %(rule)s，%(source)s。"),
    "procedure.forbidden": _l("本项目的类别和适用法律下不能采用这种方式。依据 %(rule)s，%(source)s。"),
    "procedure.evidence": _l("采用这种方式须附批准或论证文件（文件类别“批准文件”）。依据 %(rule)s，%(source)s。"),
    "procedure.evidence_above": _l(
        "预算 %(found)s 元，已达公开招标数额标准 %(least)s 元，改用其他方式须附主管部门批准文件。"
        "依据 %(rule)s，%(source)s；%(basis)s。"
    ),
    "procedure.above_public": _l(
        "预算 %(found)s 元，已达 %(least)s 元，必须招标，不能采用这种方式。依据 %(rule)s，%(source)s；%(basis)s。"
    ),
    "procedure.below_public": _l("预算 %(found)s 元，未达公开招标数额标准 %(least)s 元。依据 %(rule)s，%(source)s。"),
    "procedure.simple_below": _l(
        "估算价 %(found)s 元；限额以下简易方式只用于 %(most)s 元以下的项目。依据 %(rule)s，%(source)s。"
    ),
    "procedure.ground": _l("须选定采用这种方式的法定情形。依据 %(rule)s，%(source)s。"),
    "procedure.invitation": _l("邀请方式须为该采购方式允许的方式。依据 %(rule)s，%(source)s。"),
    "procedure.invitees": _l("已确定邀请 %(found)s 家，规定不少于 %(required)s 家。依据 %(rule)s，%(source)s。"),
    "procedure.pool": _l("备选名单 %(found)s 家，规定不少于 %(required)s 家。依据 %(rule)s，%(source)s。"),
    "procedure.evaluation": _l("评审方法须为该采购方式允许的方法。依据 %(rule)s，%(source)s。"),
    "procedure.splitting": _l(
        "与同一采购的其他标段合计 %(together)s 元，已达 %(least)s 元，请核对是否化整为零。依据 %(rule)s，%(source)s。"
    ),
    "procedure.too_few_retender": _l("截止时不足 %(value)s 家的，不开标，依法重新招标。依据 %(rule)s，%(source)s。"),
    "procedure.too_few_retender_or_approval": _l(
        "截止时不足 %(value)s 家的，不开标，修改文件重新招标或报批改用其他方式。依据 %(rule)s，%(source)s。"
    ),
    "procedure.too_few_restart": _l("截止时不足 %(value)s 家的，不开启，终止后重新采购。依据 %(rule)s，%(source)s。"),
    "procedure.too_few_continue": _l(
        "重新招标：截止时有 %(value)s 家以上即可继续开标（本地规定）。依据 %(rule)s，%(source)s。"
    ),
    "procedure.prices_not_read": _l("开启时不公开报价，任何一方不得透露其他供应商的价格。依据 %(rule)s，%(source)s。"),
    "procedure.final_round": _l(
        "首次响应开启后，所有参加者在规定时间内另行密封递交最后报价，按最后报价评审。依据 %(rule)s，%(source)s。"
    ),
    "procedure.double_with_rounds": _l(
        "这种方式已有最后报价轮次，首次响应的信封须一次开启。依据 %(rule)s，%(source)s。"
    ),
    "notice.price_weight_max": _l("价格分权重 %(found)s%%，规定不高于 %(required)s%%。依据 %(rule)s，%(source)s。"),
    "notice.mandatory_threshold": _l(
        "估算价 %(found)s 元已达必须招标规模（%(least)s 元），但项目标为非依法必须招标，请核对。"
        "依据 R-050，%(source)s。"
    ),
    "notice.points": _l("各评分项与价格分合计 %(found)s 分，应为 100 分。依据 R-404。"),
    "notice.price_formula": _l("价格分公式须为该方式允许的公式（现为 %(formula)s）。依据 %(rule)s，%(source)s。"),
    "notice.price_weight": _l("价格分权重 %(found)s%%，规定不低于 %(required)s%%。依据 %(rule)s，%(source)s。"),
    "notice.validity": _l("须写明投标有效期，自投标截止之日起算。依据 R-113。"),
    "notice.decrypt_minutes": _l("解密时限 %(found)s 分钟，通行 %(low)s 至 %(high)s 分钟。依据 R-253。"),
    "notice.trustees": _l(
        "开标钥匙由三方保管人分持，任何一方（包括平台）都不能单独打开投标文件；尚缺 %(missing)s 方登记公钥。"
        "依据 R-207。"
    ),
    "notice.credit_rule": _l("须写明信用查询的渠道、截止时点、留存方式和使用规则。依据 R-126。"),
    "notice.fairness": _l("公平竞争文字筛查（%(patterns)s 类）未发现疑点。依据 R-110。"),
    "notice.barrier": _l("“%(words)s”可能构成不合理的限制，请人工判断。依据 %(rule)s，%(cited)s。"),
    # Questions and clarifications
    "question.unknown": _l("没有第 %(number)s 号提问。"),
    "question.late": _l("投标截止时间已过（%(deadline)s），不再接受提问。"),
    "clarification.late": _l("投标截止时间已过（%(deadline)s），不能再发布澄清或更正。"),
    "clarification.reason": _l("声明“不影响投标文件编制”时须写明理由，理由会留痕。依据 R-130。"),
    "clarification.documents": _l("更换招标文件必然影响投标文件编制，请勾选“影响编制”。依据 R-130。"),
    "clarification.deadline": _l("新的投标截止时间不得早于 %(least)s（公告发出之时起满 15 日）。依据 R-130。"),
    # Uploads
    "upload.unknown": _l("没有这次上传，或已过期；请重新开始上传。"),
    "upload.length": _l("文件大小 %(found)s 字节不在允许范围内（1 至 %(limit)s 字节）。"),
    "upload.no_length": _l("上传请求必须写明长度（Content-Length）；平台不接收长度未知的内容。"),
    "upload.metadata": _l("上传请求缺少密文指纹：请在 Upload-Metadata 中给出 sha256。"),
    "upload.version": _l("上传协议版本不支持，请使用 tus 1.0.0。"),
    "upload.type": _l("上传内容的类型须为 application/offset+octet-stream。"),
    "upload.no_space": _l("平台存储空间不足，暂时不能接收 %(length)s 字节；请稍后再试，已上传的内容不受影响。"),
    "upload.offset": _l("续传位置不符：平台已收到 %(offset)s 字节，请求从 %(given)s 字节续传。请先查询位置再续传。"),
    "upload.busy": _l("同一次上传正有另一个请求在写入，请稍候重试。"),
    "upload.too_long": _l("收到的内容超过声明的 %(length)s 字节，未予保留。"),
    "upload.cut": _l("连接中断：已安全保存 %(received)s 字节，可从此处续传。"),
    # Submissions
    "bid.request": _l("递交请求的“%(place)s”缺失或格式不正确。"),
    "bid.key_reused": _l("幂等键 %(key)s 已用于另一份内容，请换一个。"),
    "bid.not_open": _l("标段 %(section)s 尚未发布，不能递交。"),
    "bid.other_section": _l("这份投标文件是为标段 %(given)s 密封的，不能递交到标段 %(expected)s。"),
    "bid.old_policy": _l(
        "这份投标文件按旧版密封策略（第 %(given)s 版）密封，现行为第 %(expected)s 版。招标文件有更正，"
        "请按新版重新密封后递交；已递交的旧版文件仍然有效，直到您替换或撤回。"
    ),
    "bid.other_policy": _l("这份投标文件引用的密封策略不是本标段发布的策略（现行指纹 %(expected)s）。"),
    "bid.handle_signature": _l("递交的签名与其把手不符：只有原投标人能替换或撤回自己的投标文件。"),
    "bid.identity": _l("身份包不完整：应按每组保管人各有一份密文（%(expected)s）。"),
    "bid.succession": _l(
        "递交次序不符：此把手的下一份应为第 %(expected)s 号，且须接在平台现存的最后一份之后。请先查询平台现存内容再操作。"
    ),
    "bid.object_missing": _l("密文“%(place)s”尚未完整上传到平台，请续传后再递交。"),
    "bid.size_differs": _l("密文“%(place)s”的大小不符：声明 %(expected)s 字节，平台实存 %(found)s 字节。"),
    "bid.not_encrypted": _l(
        "文件未加密（看起来是 %(kind)s）。平台依法拒收未按要求加密的投标文件，内容未保留；请用投标工具密封后再上传。"
        "依据 R-202。"
    ),
    "bid.torn": _l("密文不完整：文件被截断或损坏，未予保留；请重新上传。依据 R-202。"),
    "bid.copied": _l("密文或身份包与另一份递交相同：不得复制他人的投标文件，请自行密封后递交。"),
    "bid.late": _l("投标截止时间已过（%(deadline)s），服务器收到的时间是 %(at)s，未予接收。依据 R-204。"),
    "bid.not_invited": _l("本标段只接受被邀请人的投标文件，您的单位不在名单中，未予接收。依据 R-210。"),
    "bid.unknown": _l("平台没有这份递交。"),
    "bid.hidden": _l("标段 %(section)s 截标前，递交数量对任何人都不公开。依据 R-208。"),
    # Receipts
    "receipt.unreadable": _l("读不出回执：请粘贴完整的回执 JSON，或上传回执文件。"),
    "receipt.malformed": _l("回执格式不正确（%(place)s）。"),
    "receipt.key": _l("回执不是这家平台签发的：平台公钥应为 %(expected)s。"),
    "receipt.signature": _l("回执签名不成立：内容被改动过，或不是平台签发的。"),
    "receipt.leaf": _l("回执里的存证条目与递交承诺不一致（第 %(index)s 条）。"),
    "receipt.head": _l("回执里的日志头不是平台 %(name)s 签发的。"),
    "receipt.inclusion": _l("包含证明不成立：第 %(index)s 条不在大小为 %(size)s 的日志里。"),
    "receipt.time": _l("回执的收到时间（%(received_at)s）晚于存证时间（%(logged_at)s），不可能成立。"),
    "receipt.submission": _l("回执与本机保存的密封材料对不上：不是这份投标文件的回执。"),
    "receipt.timestamp": _l("时间戳（%(authority)s）不成立：%(reason)s。"),
    "receipt.clock": _l("时间戳机构在 %(stamped_at)s 已见到此条，平台却记为 %(logged_at)s：平台时钟超前。"),
    "receipt.cosignature": _l("见证人 %(name)s 的联署不成立。"),
    "receipt.other": _l("平台给出的回执不是这份密封件（%(digest)s）的回执。"),
    "receipt.unstamped": _l("第 %(index)s 条的时间戳待补，请稍后再试。"),
    "receipt.forked": _l(
        "平台日志第 %(index)s 条与回执不符：回执证明平台的日志被改动过，请立即保存回执并报告监督部门。"
    ),
    # The bidder's program
    "client.no_receipt": _l("%(folder)s 中没有回执：这份投标文件尚未递交。"),
    "client.no_submission": _l("%(folder)s 不是密封好的投标文件夹（缺少 submission.json）。"),
    "client.no_server": _l("没有写明服务器：请用 --server 指定，或先登录。"),
    "client.policy": _l("策略文件不可用或与服务器公布的指纹不符：%(reason)s。"),
    "client.folder": _l("读不出文件夹 %(folder)s：%(reason)s。"),
    "client.envelope": _l("信封参数应写成 名称=文件夹，收到“%(given)s”。"),
    "client.slots": _l("还缺必交文件：%(missing)s。请放进对应的子文件夹后重新加密。"),
    "client.not_a_replacement": _l(
        "%(folder)s 不是用来替换的密封件；请用 sunbid seal --replaces 指明要替换的那一份，再重新加密。"
    ),
    "client.facts": _l("缺少投标人信息：%(missing)s。"),
}

STATES = {
    "regime.T": _l("招标投标法"),
    "regime.G": _l("政府采购法"),
    "category.works": _l("工程"),
    "category.goods": _l("货物"),
    "category.services": _l("服务"),
    "category.design": _l("勘察设计"),
    "procedure.open": _l("公开招标"),
    "procedure.invited": _l("邀请招标"),
    "procedure.negotiation": _l("竞争性谈判"),
    "procedure.consultation": _l("竞争性磋商"),
    "procedure.inquiry": _l("询价"),
    "procedure.simple": _l("限额以下简易"),
    "invitation.public": _l("公告，不限定"),
    "invitation.list": _l("邀请名单"),
    "invitation.draw": _l("从名单中随机抽取"),
    "ground.g29_1": _l("具有特殊性，只能从有限范围的供应商处采购"),
    "ground.g29_2": _l("公开招标费用占项目总价值的比例过大"),
    "ground.g30_1": _l("招标后没有供应商投标、没有合格标的或重新招标未能成立"),
    "ground.g30_2": _l("技术复杂或者性质特殊，不能确定详细规格或者具体要求"),
    "ground.g30_3": _l("采用招标所需时间不能满足用户紧急需要"),
    "ground.g30_4": _l("不能事先计算出价格总额"),
    "ground.two_left": _l("公开招标中只有两家投标或实质响应，经财政部门批准与该两家谈判"),
    "ground.works_not_tendered": _l("依法不进行招标的政府采购工程"),
    "ground.c3_1": _l("政府购买服务项目"),
    "ground.c3_2": _l("技术复杂或者性质特殊，不能确定详细规格或者具体要求（磋商）"),
    "ground.c3_3": _l("因艺术品、专利、专有技术或服务时间、数量不能事先计算出价格总额"),
    "ground.c3_4": _l("市场竞争不充分的科研项目，以及需要扶持的科技成果转化项目"),
    "ground.c3_5": _l("依法必须招标以外的工程建设项目"),
    "ground.g32": _l("货物规格标准统一、现货货源充足且价格变化幅度小"),
    "ground.t8_1": _l("技术复杂、有特殊要求或受自然环境限制，只有少量潜在投标人"),
    "ground.t8_2": _l("公开招标的费用占合同金额的比例过大"),
    "evaluation.comprehensive": _l("综合评估（综合评分）"),
    "evaluation.lowest": _l("最低价（最低评标价、经评审的最低投标价）"),
    "bond_form.transfer": _l("银行转账"),
    "bond_form.cheque": _l("支票"),
    "bond_form.draft": _l("汇票"),
    "bond_form.promissory": _l("本票"),
    "bond_form.guarantee": _l("银行保函（含电子保函）"),
    "bond_form.insurance": _l("保证保险"),
    "bond_form.surety": _l("担保公司保函"),
    "too_few.retender": _l("重新招标"),
    "too_few.retender_or_approval": _l("重新招标或报批改用其他方式"),
    "too_few.restart": _l("终止后重新采购"),
    "too_few.continue": _l("继续开标"),
    "prices_read.public": _l("公开唱标"),
    "prices_read.none": _l("不公开报价"),
    "trust.V": _l("已核对原文"),
    "trust.V2": _l("据转载，未核对原文"),
    "trust.M": _l("未核对，使用前须核实"),
    "key.allowed": _l("能否采用"),
    "key.grounds": _l("法定情形"),
    "key.public_tender_from": _l("公开招标数额标准"),
    "key.simple_below": _l("简易方式限额"),
    "key.invitation": _l("邀请方式"),
    "key.invitees_min": _l("最少邀请家数"),
    "key.media": _l("指定媒介"),
    "key.issue_to_deadline_min": _l("文件发出至截止"),
    "key.doc_available_min": _l("文件提供期"),
    "key.notice_period_min": _l("公告期限"),
    "key.clarify_before_deadline": _l("澄清距截止"),
    "key.doc_objection_before": _l("对文件异议距截止"),
    "key.challenge_within": _l("质疑期"),
    "key.objection_answer": _l("答复期限"),
    "key.bond_max_pct": _l("保证金比例上限"),
    "key.bond_max_yuan": _l("保证金金额上限"),
    "key.bond_forms": _l("保证金形式"),
    "key.min_bidders_open": _l("开标最少家数"),
    "key.too_few_then": _l("不足时"),
    "key.prices_read": _l("唱价"),
    "key.rounds": _l("报价轮次"),
    "key.evaluation_methods": _l("评审方法"),
    "key.price_weight_min": _l("价格权重下限"),
    "key.price_weight_max": _l("价格权重上限"),
    "key.committee_min": _l("评委最少人数"),
    "allowed.yes": _l("可用"),
    "allowed.evidence": _l("须附批准或论证"),
    "allowed.no": _l("不可用"),
    "opens.first": _l("截止时开启"),
    "opens.second": _l("第二次开标开启"),
    "document.tender": _l("招标文件正文"),
    "document.boq": _l("工程量清单"),
    "document.bill": _l("工程量清单（结构化数据）"),
    "document.bill_template": _l("工程量清单报价模板"),
    "document.drawings": _l("图纸"),
    "document.contract": _l("合同条款"),
    "document.approval": _l("批准文件"),
    "document.other": _l("其他附件"),
    "envelope.schedule": _l("开标一览表"),
    "envelope.qualification": _l("资信标"),
    "envelope.technical": _l("技术标"),
    "envelope.price": _l("经济标"),
    "trustee.tenderee": _l("招标人"),
    "trustee.officer": _l("交易中心见证人"),
    "trustee.supervisor": _l("行政监督部门"),
    "submission.submit": _l("首次递交"),
    "submission.replace": _l("替换"),
    "submission.withdraw": _l("撤回"),
    "section.draft": _l("草稿"),
    "section.submission_open": _l("投标中"),
    "section.closed": _l("已截标"),
    "section.opened": _l("已开标"),
    "section.final_called": _l("已转入最后报价"),
    "section.evaluating": _l("评标中"),
    "section.evaluated": _l("评标完成"),
    "section.candidates_published": _l("候选人公示中"),
    "section.awarded": _l("已定标"),
    "section.archived": _l("已归档"),
    "section.failed": _l("招标失败"),
    "submission.received": _l("已收到，密封中"),
    "submission.sealed": _l("已封存，待开标"),
    "submission.superseded": _l("已被替换"),
    "submission.withdrawn": _l("已撤回"),
    "submission.decoy": _l("掩护件"),
}

KINDS = {
    "notice.tender": _l("招标公告"),
    "notice.correction": _l("更正公告"),
    "notice.clarification": _l("澄清公告"),
    "notice.failure": _l("招标异常公告"),
    "notice.final_offers": _l("最后报价通知"),
    "project.create": _l("创建项目"),
    "section.create": _l("创建标段"),
    "section.publish": _l("发布公告，开始投标"),
    "section.warnings": _l("发布时的提示事项"),
    "section.close": _l("截标"),
    "section.mark_opened": _l("开标完成"),
    "section.call_final": _l("转入最后报价"),
    "section.begin_evaluation": _l("开始评标"),
    "section.deliver_report": _l("评标报告交付"),
    "section.publish_candidates": _l("公示中标候选人"),
    "section.award": _l("定标"),
    "section.archive": _l("归档"),
    "section.fail": _l("招标失败"),
    "policy.publish": _l("公布密封策略"),
    "invitees.list": _l("确定邀请名单"),
    "invitees.draw": _l("随机抽取被邀请人"),
    "trustee.register": _l("登记保管人公钥"),
    "trustee.rehearse": _l("保管人试开成功"),
    "question.ask": _l("收到提问"),
    "clarification.publish": _l("发布澄清"),
    "submission.seal": _l("封存投标文件"),
    "submission.supersede": _l("投标文件被替换"),
    "submission.withdraw": _l("投标文件撤回"),
    "submission.unmask": _l("揭示掩护件"),
}
