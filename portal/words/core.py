"""Sentences for the ground floor's refusals and kinds."""

from flask_babel import lazy_gettext as _l

SENTENCES = {
    "form.required": _l("此项必填。"),
    "form.length": _l("长度应在 %(least)s 至 %(most)s 个字符之间，现为 %(found)s 个。"),
    "form.control_character": _l("含有不可见的控制字符，请重新输入。"),
    "form.integer": _l("应为整数，收到“%(found)s”。"),
    "form.decimal": _l("应为数字且小数位数不超出要求，收到“%(found)s”。"),
    "form.range": _l("应在 %(least)s 至 %(most)s 之间，收到 %(found)s。"),
    "form.choice": _l("不在可选项之中：%(found)s。"),
    "form.instant": _l("应为日期时间（如 2026-11-21T09:30），收到“%(found)s”。"),
    "form.digest": _l("应为 64 位小写十六进制的 SHA-256 指纹。"),
    "object.unknown": _l("没有这个文件，或您无权查看。"),
    "object.hash": _l("文件指纹不符：应为 %(expected)s，实收 %(found)s。文件在传输中损坏，请重新上传。"),
    "document.unreadable": _l("文件无法读取。"),
    "document.bomb": _l("文件展开后过大，疑似压缩炸弹，未读取。"),
    "document.macro": _l("文件含宏，未读取。"),
    "document.doctype": _l("文件含外部实体声明，未读取。"),
    "document.active": _l("PDF 含脚本或自动动作，未读取。"),
    "document.embedded": _l("文件内嵌其他文件，未读取。"),
    "document.encrypted": _l("文件设有密码，无法读取。"),
    "document.kind": _l("文件内容与扩展名不符，未读取。"),
    "document.link": _l("压缩包含有链接，未读取。"),
    "document.names": _l("压缩包内的文件名不安全，未读取。"),
    "document.pixels": _l("图片像素过多，未读取。"),
    "document.size": _l("文件过大，未读取。"),
    "document.timeout": _l("文件读取超时，已中止。"),
    "document.missing": _l("没有这个文件。"),
    "document.memory": _l("文件展开后占用内存过多，未读取。"),
    "notice.unknown": _l("没有编号为 %(number)s 的公告。"),
    "ledger.entry": _l("存证日志中没有第 %(index)s 条。"),
    "ledger.head": _l("存证日志没有在 %(size)s 条处签发过日志头。"),
    "ledger.node": _l("存证日志的树节点缺失（%(level)s/%(position)s），日志不完整。"),
    "ledger.fork": _l("存证日志在 %(size)s 条处出现两个不同的根：疑似被篡改，平台停止签发。"),
    "ledger.rolled_back": _l(
        "数据库比已见证的日志头旧：现有 %(held)s 条，已见证 %(witnessed)s 条，从第 %(first_missing)s 条起缺失，平台拒绝运行。"
    ),
    "note.key": _l("公钥写法不正确：%(key)s。"),
    "note.signature": _l("签名与公钥 %(name)s 不符。"),
    "note.head": _l("日志头格式不正确。"),
    "note.origin": _l("日志头来自 %(origin)s，而不是 %(expected)s。"),
    "draw.unknown": _l("没有这次抽取：%(label)s。"),
    "draw.party": _l("%(party)s 不是这次抽取的参与方。"),
    "draw.state": _l("抽取现处于“%(state)s”，不能进行此步。"),
    "draw.committed": _l("%(party)s 已提交过承诺，不可更改。"),
    "draw.commitment": _l("承诺应为 64 位十六进制的 SHA-256。"),
    "draw.uncommitted": _l("尚有参与方未提交承诺：%(parties)s。"),
    "draw.no_candidates": _l("候选名单为空，无法抽取。"),
    "draw.reveal": _l("%(party)s 揭示的随机数与其承诺不符。"),
    "draw.unrevealed": _l("尚有参与方未揭示随机数：%(parties)s。"),
    "draw.stale": _l("此次抽取刚被他人推进，请刷新后再试。"),
    "money.empty": _l("请填写金额。"),
    "money.malformed": _l("金额写法不正确：%(text)s。应如 1234.56 或 1,234.56。"),
    "money.too_large": _l("金额过大：%(text)s。"),
    "money.too_precise": _l("金额最多两位小数（分）：%(text)s。"),
    "render.outside_resource": _l("文书引用了平台以外的资源，未生成：%(url)s。"),
    "render.pdf_libraries": _l(
        "本机缺少生成 PDF 的系统库，请安装 Debian 软件包：%(packages)s。网页版可照常查看和打印。"
    ),
    "server.unreachable": _l("连不上平台 %(server)s（%(error)s）。"),
    "server.answer": _l("平台的答复无法理解（状态 %(status)s）。"),
    "command.failed": _l("命令未成功：%(command)s（退出码 %(exit)s）。"),
    "law.rule": _l("规则库中没有“%(key)s”（制度 %(regime)s，%(on)s）。"),
}

STATES = {
    "draw.announced": _l("已公告，待提交承诺"),
    "draw.frozen": _l("名单已冻结，待揭示"),
    "draw.concluded": _l("已抽取"),
    "draw.void": _l("已作废"),
}

KINDS = {
    "commitment": _l("密封承诺"),
    "draw.announce": _l("抽取公告"),
    "draw.commit": _l("提交随机数承诺"),
    "draw.freeze": _l("冻结候选名单"),
    "draw.reveal": _l("揭示随机数"),
    "draw.conclude": _l("抽取完成"),
    "draw.void": _l("抽取作废"),
}
