"""What the pages of the room say of reference opinions: verdicts, reasons and findings in words."""

from __future__ import annotations

from typing import Any

from flask import current_app
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from core.money import grouped
from experts import queries
from opening.models import Bid


def shown_opinions(session: Session, bid: Bid) -> dict[str, Any] | None:
    """The opinion on a bid: by clause, with its reasons in words, and what was found of the whole; None where none."""
    made = queries.opinion_of(session, bid)
    if made is None:
        return None
    content = made.content
    return {
        "by_clause": {
            one["clause"]: {**one, "said": [said for reason in one["reasons"] if (said := _reason(reason))]}
            for one in content["opinions"]
        },
        "whole": [
            *(_finding(one) for one in [*content["completeness"], *content["prices"]]),
            *(
                {**_finding({"code": "recognised", **one}), "program": one["program"]}
                for one in content.get("recognised", [])
            ),
        ],
        "program": made.program_sha256,
        "made_at": made.made_at,
    }


def _reason(code: str) -> str:
    name, _colon, value = code.partition(":")
    words = {
        "expired": _("所载有效期止于 %(until)s，早于投标截止日", until=value),
        "misfit_grade": _("所载等级低于条款要求"),
        "misfit_trade": _("所载专业与条款要求不同"),
        "misfit_number": _("所载天数不满足条款要求"),
        "misfit_": "",
        "denied": _("原文称未提供或不具备"),
        "blank": _("此处有未填写的空白"),
        "elsewhere": _("原文称见其他附件"),
        "list": _("像是目录中的一行"),
        "asked": _("像是复述招标要求，不是响应"),
        "unread": _("有的页面没有可读文字（可能是扫描图片），不能说没有"),
        "unfamiliar": _("不是系统熟悉的条款类型"),
        "nothing": _("没有找到相关的文字"),
        "recognised": _("引文出自扫描页，由程序识别，请对照原件"),
    }
    return str(words.get(name, ""))


def _finding(one: dict[str, Any]) -> dict[str, Any]:
    words = {
        "slot_missing": lambda: _(
            "缺少必须递交的文件：%(name)s", name=current_app.jinja_env.filters["own_word"](one["slot"])
        ),
        "file_unread": lambda: (
            _("文件“%(name)s”设有密码，无法读取：须由投标人澄清，或由评委自行查看原件", name=one["file"])
            if one["why"] == "document.encrypted"
            else _("文件“%(name)s”读不出来", name=one["file"])
        ),
        "recognised": lambda: _(
            "文件“%(name)s”第 %(pages)s 页是扫描件，文字由程序识别，可能有误",
            name=one["file"],
            pages=_("、").join(map(str, one["pages"])),
        ),
        "pages_unread": lambda: _(
            "文件“%(name)s”共 %(all)s 页，%(n)s 页没有可读文字", name=one["file"], all=one["pages"], n=one["unread"]
        ),
        "price_figures": lambda: _(
            "所载总价（小写）%(found)s 与唱标报价 %(price)s 不同",
            found=one["found"],
            price=grouped(one["expected_fen"]),
        ),
        "price_words": lambda: _(
            "所载总价（大写）%(found)s 与唱标报价 %(price)s 不同",
            found=one["found"],
            price=grouped(one["expected_fen"]),
        ),
    }
    return {"sha256": None, "page": None, **one, "text": str(words[one["code"]]())}
