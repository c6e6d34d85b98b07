"""Sentences for accounts' refusals, states and kinds."""

from flask_babel import lazy_gettext as _l  # type: ignore[import-untyped]

SENTENCES = {
    "signin.required": _l("请先登录。"),
    "door.role": _l("您的角色不能进行此操作。若您以口令登录，请先绑定动态口令或通行密钥。"),
}
