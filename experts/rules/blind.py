"""The blind round (暗标): which criteria belong to an anonymous envelope, and the clause on marks in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bidding.rules.envelopes import is_anonymous

MARKS: dict[str, str] = {
    "code": "identifying_marks",
    "text": "暗标的文件内容、页眉页脚、图片中没有单位名称、人员姓名或其他可识别投标人身份的标记",
    "source": "招标文件暗标要求",
}
"""The clause reviewed without names: a bid whose anonymous envelope tells its author fails it by majority (R-345)."""


def anonymous_envelopes(envelopes: Sequence[Mapping[str, Any]] | None) -> list[str]:
    """The names of the envelopes whose author must stay unknown until the blind round is locked."""
    return [str(one["name"]) for one in envelopes or [] if is_anonymous([dict(one)])]


def blind_criteria(
    method: Mapping[str, Any], envelopes: Sequence[Mapping[str, Any]] | None
) -> dict[str, dict[str, Any]]:
    """The criteria scored without names, by code: those whose group is an anonymous envelope's name."""
    hidden = anonymous_envelopes(envelopes)
    return {str(one["code"]): dict(one) for one in method["criteria"] if one["group"] in hidden}
