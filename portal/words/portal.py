"""Sentences for what the portal itself refuses: start-up, requests, service pages."""

from flask_babel import lazy_gettext as _l  # type: ignore[import-untyped]

SENTENCES = {
    "law.unknown": _l("没有编号为 %(rule)s 的规则。"),
    "locker.unreadable": _l(
        "数据库中加密保存的内容（%(place)s）不能用本平台的密钥打开：请检查密钥文件 locker.key 是否与数据库相配。"
    ),
    "settings.open_secret": _l("密钥文件 %(file)s 可被他人读取，平台拒绝启动。请执行 chmod 600。"),
    "command.no_platform": _l(
        "这台机器上没有平台：请在服务器上运行，或用 SUNBID_FOLDER、SUNBID_DATABASE、SUNBID_CONFIG 指明。"
    ),
    "settings.default_secret": _l("密钥文件 %(file)s 不是随机生成的 32 字节秘密，平台拒绝启动。"),
    "settings.real_database": _l("演示模式只能用演示自己的数据库；此数据库不是，平台拒绝启动。"),
    "settings.demo_database": _l("这是演示用的数据库，正式模式拒绝启动。"),
    "settings.test_flag": _l("环境中有测试开关 %(flags)s，正式模式拒绝启动。"),
    "settings.test_name": _l("日志名称 %(name)s 属于测试，正式模式拒绝启动。"),
    "settings.plain_http": _l("平台地址 %(origin)s 没有使用 https，正式模式拒绝启动。"),
    "settings.tsa_roots": _l("设置了时间戳机构 %(url)s，但没有它的根证书文件（%(file)s），平台拒绝启动。"),
    "settings.paper_key": _l("签署文书的密钥 %(file)s 不是 P-256 密钥，或可被他人读取，平台拒绝启动。"),
    "verify.unknown": _l("认不出给出的是什么：请给回执号（如 57-9f2c41d0）、64 位指纹、回执全文，或选择文件。"),
    "ledger.unsigned": _l("账本尚未签发过签名头。"),
    "ledger.uncosigned": _l("还没有见证人联署过签名头。"),
    "ledger.sizes": _l("请给出 old 和 new 两个日志长度。"),
    "witness.exists": _l("%(folder)s 里已有一个见证人。"),
    "witness.folder": _l("%(folder)s 不是见证人的文件夹，请先运行 sunbid witness init。"),
    "witness.fork": _l(
        "日志分叉（%(reason)s）：见过 %(old)s 条，现给出 %(new)s 条，二者不能同为一本账。证据已存 %(file)s。"
    ),
    "http.bad_request": _l("请求无法理解（HTTP %(status)s）。"),
    "http.not_found": _l("没有这个页面，或您无权查看。"),
    "http.method": _l("此地址不支持这种请求方法。"),
    "http.timeout": _l("请求超时，请重试。"),
    "http.length": _l("请求没有说明长度。"),
    "http.too_large": _l("提交的内容超过平台的上限。大文件请使用可续传的上传。"),
    "http.media_type": _l("不支持这种内容类型。"),
    "http.too_many": _l("请求过于频繁，请稍后再试。"),
    "http.busy": _l("平台正忙，请稍后再试。"),
    "http.failed": _l("平台出错，这一步没有完成（请求编号 %(request)s）。"),
}
