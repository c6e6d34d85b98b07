"""Bids: uploads, commits, receipts, the bidder's own program, trustees' keys."""

from flask_babel import lazy_gettext as _l

SENTENCES = {
    "submission.state": _l("该份递交现在的状态不能进行此步。"),
    "submission.stale": _l("该份递交刚被他人推进，请刷新后再试。"),
    "trustee.unknown": _l("标段 %(section)s 没有这一方保管人的钥匙。"),
    "trustee.fixed": _l("公告已发布，保管人公钥已写入密封策略，不能更换。"),
    "trustee.role": _l("只有登记了这把钥匙的保管人本人可以进行此步。"),
    "trustee.no_canary": _l("试开信尚未生成，公告发布后才有。"),
    "trustee.canary": _l("试开结果不符：这不是您那封试开信的内容，请确认使用了登记的那把私钥。"),
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
    "bid.barred": _l("您的单位在本项目前一次采购中拒绝签订合同，不得参加重新采购，未予接收。依据 R-561。"),
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
    "client.anonymous_format": _l(
        "“%(name)s”不能放进暗标信封 %(envelope)s：暗标只收 PDF 和 Word（.docx），其他格式的作者等属性无法去除。请另存为 PDF 后再密封。"
    ),
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
    "client.consortium": _l("联合体信息（%(place)s）：%(reason)s"),
    "client.member_self": _l("%(uscc)s 是本单位自己的代码：其他成员里不要再列本单位。"),
    "client.facts": _l("缺少投标人信息：%(missing)s。"),
}

STATES = {
    "trustee.tenderee": _l("招标人"),
    "trustee.officer": _l("交易中心见证人"),
    "trustee.supervisor": _l("行政监督部门"),
    "submission.submit": _l("首次递交"),
    "submission.replace": _l("替换"),
    "submission.withdraw": _l("撤回"),
    "submission.received": _l("已收到，密封中"),
    "submission.sealed": _l("已封存，待开标"),
    "submission.superseded": _l("已被替换"),
    "submission.withdrawn": _l("已撤回"),
    "submission.decoy": _l("掩护件"),
}

KINDS = {
    "trustee.register": _l("登记保管人公钥"),
    "trustee.rehearse": _l("保管人试开成功"),
    "submission.seal": _l("封存投标文件"),
    "submission.supersede": _l("投标文件被替换"),
    "submission.withdraw": _l("投标文件撤回"),
    "submission.unmask": _l("揭示掩护件"),
}
