"""Rows for the hall's tables: values in the shape `ui.data_table` takes, words in the reader's language."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from flask_babel import gettext as _  # type: ignore[import-untyped]

from core import money
from core.clock import BEIJING, from_iso

Row = dict[str, Any]


def local_instant(text: str | None) -> str:
    """An instant as the ledger spells it, in Beijing time; a dash for none."""
    return f"{from_iso(text).astimezone(BEIJING):%Y-%m-%d %H:%M:%S}" if text else "—"


def local_clock(text: str | None) -> str:
    """The Beijing time of day of an instant as the ledger spells it."""
    return local_instant(text)[-8:]


def role(name: str) -> str:
    """A key holder's or draw party's role in words."""
    words = {"officer": _("交易中心见证"), "supervisor": _("监督人员"), "tenderee": _("招标人"), "bidder": _("投标人")}
    return str(words.get(name, name))


def opening_tag(state: str | None) -> Row:
    """The state of an opening as a tag; None before its closing."""
    if state is None:
        return {"kind": "muted", "text": _("待开标")}
    looks = {
        "closed": ("info", _("待公布投标人")),
        "names_published": ("info", _("已公布投标人")),
        "decrypt_open": ("info", _("在线解密中")),
        "decrypt_paused": ("warn", _("解密暂停")),
        "trustee_fallback": ("warn", _("认定未解密原因")),
        "decrypt_closed": ("info", _("解密结束")),
        "coefficients_drawn": ("info", _("待唱标")),
        "prices_read": ("info", _("已唱标")),
        "record_confirm": ("info", _("确认开标记录")),
        "objection": ("warn", _("异议答复中")),
        "record_signed": ("ok", _("开标记录已签署")),
        "handed_over": ("ok", _("开标结束")),
        "failed": ("bad", _("开标失败")),
        "suspended": ("warn", _("开标中止")),
        "cancelled": ("bad", _("招标终止")),
    }
    kind, text = looks[state]
    return {"kind": kind, "text": text}


def bid_tag(state: str) -> Row:
    """The fate of a bid as a tag."""
    looks = {
        "sealed": ("muted", _("待解密")),
        "opened_by_bidder": ("ok", _("已解密")),
        "opened_by_trustees": ("ok", _("持钥人代解密")),
        "opened_from_backup": ("ok", _("备份开启")),
        "deemed_revoked": ("bad", _("视为撤销")),
        "deemed_withdrawn": ("warn", _("视为撤回")),
        "refused": ("bad", _("拒收，未开启")),
        "corrupted": ("bad", _("文件损坏")),
        "returned": ("muted", _("第二信封未开启，退还")),
        "rejected": ("bad", _("已否决")),
    }
    kind, text = looks[state]
    return {"kind": kind, "text": text}


def openings(board: Iterable[tuple[Any, str | None]], link: Any) -> list[Row]:
    """Rows of the list of openings: (section, state) → when, what, whose, how far."""
    return [
        {
            "at": section.deadline_at,
            "section": {"href": link(section.code), "text": f"{section.project.name} {section.name}"},
            "tenderee": section.project.tenderee.name,
            "price": section.control_price_fen,
            "state": opening_tag(state),
        }
        for section, state in board
    ]


def closed_set(items: Sequence[Mapping[str, Any]]) -> list[Row]:
    """Rows of what was frozen at the closing; nothing in them names anybody."""
    return [
        {
            "number": number,
            "received_at": local_clock(item["received_at"]),
            "digest": item["submission_digest"],
            "leaf": {"href": f"/ledger/{item['leaf_index']}", "text": _("第 %(n)s 条", n=item["leaf_index"])},
        }
        for number, item in enumerate(items, 1)
    ]


def sheets(rows: Iterable[Row]) -> list[Row]:
    """Rows of what was read out."""
    return [
        {
            "number": row["number"],
            "name": row["name"],
            "price_fen": row["price_fen"],
            "upper": money.upper(row["price_fen"]),
            "duration": _("%(n)s 日", n=row["schedule"]["duration_days"]),
            "quality": row["schedule"]["quality"],
            "manager": row["schedule"]["manager"],
            "confirmed": {"kind": "ok", "text": _("已确认")}
            if row["confirmed_at"]
            else {"kind": "muted", "text": _("未确认")},
            "row": "is-me" if row.get("mine") else "",
        }
        for row in rows
        if row["schedule"]
    ]


def pauses(items: Iterable[Mapping[str, Any]]) -> list[Row]:
    """Rows of the pauses."""
    return [
        {
            "from": local_instant(item["from"]),
            "until": local_instant(item["until"]) if item["until"] else _("进行中"),
            "by": item["by"],
            "reason": item["reason"],
        }
        for item in items
    ]


def extensions(items: Iterable[Mapping[str, Any]]) -> list[Row]:
    """Rows of the window's prolongations."""
    return [
        {
            "at": local_instant(item["at"]),
            "minutes": _("%(n)s 分钟", n=item["minutes"]),
            "until": local_instant(item["until"]),
            "by": item["by"],
            "reason": item["reason"],
        }
        for item in items
    ]


def suspensions(items: Iterable[Mapping[str, Any]]) -> list[Row]:
    """Rows of the suspensions: when, where the day stood, when it is or was resumed, why."""
    return [
        {
            "from": local_instant(item["from"]),
            "stood_in": opening_tag(item["stood_in"])["text"],
            "reconvene_at": local_instant(item["reconvene_at"]),
            "until": local_instant(item["until"]),
            "reason": item["reason"],
        }
        for item in items
    ]


def signers(items: Iterable[Mapping[str, Any]]) -> list[Row]:
    """Who has signed the record: the platform's key, supervisors by certificate or by their sign-in."""
    methods = {"certificate": _("证书会签"), "sign_in": _("登录身份会签")}
    return [
        {
            "name": item["by"],
            "role": methods.get(item.get("method", ""), _("平台签名")),
            "state": "signed",
            "at": from_iso(item["at"]),
        }
        for item in items
    ]


def faults(items: Iterable[Mapping[str, Any]]) -> list[Row]:
    """Rows of the layers that were wrong."""
    return [
        {
            "at": local_instant(item["at"]),
            "by": role(item["by"]),
            "place": f"{item['package']} · {item['set']} · {item['stage'] + 1}",
            "code": item["code"],
            "digest": item["submission_digest"],
        }
        for item in items
    ]


def parties(held: Mapping[str, Mapping[str, str | None]]) -> list[Row]:
    """Rows of the draw's parties."""
    rows = []
    for party, said in held.items():
        tag = {"kind": "muted", "text": _("未承诺")}
        if said["nonce"]:
            tag = {"kind": "ok", "text": _("与承诺相符")}
        elif said["commitment"]:
            tag = {"kind": "info", "text": _("待揭示")}
        rows.append({"who": role(party), "commitment": said["commitment"], "nonce": said["nonce"], "state": tag})
    return rows


def steps(drawn: Mapping[str, Any] | None, grid: Sequence[str]) -> list[Row]:
    """Rows of the grid: by ticket once drawn, by value before."""
    if not drawn or not drawn["steps"]:
        return [{"place": None, "value": value, "ticket": None, "result": None} for value in grid]
    return [
        {
            "place": place,
            "value": step["value"],
            "ticket": step["ticket"],
            "result": {"kind": "ok", "text": "K"} if place == 1 else None,
            "row": "is-me" if place == 1 else "",
        }
        for place, step in enumerate(drawn["steps"], 1)
    ]


def draw_stage(held: Mapping[str, Mapping[str, str | None]], state: str | None, drawn: Any) -> int:
    """How far the draw is: 0 committing, 1 frozen, 2 revealing, 3 drawing, 4 done."""
    if drawn:
        return 4
    if held and all(said["nonce"] for said in held.values()):
        return 3
    if state == "decrypt_closed":
        return 2
    return 1 if held and all(said["commitment"] for said in held.values()) else 0


def recorded(items: Iterable[Mapping[str, Any]]) -> list[Row]:
    """Rows of the record's bids."""
    rows = []
    for item in items:
        sheet = item["schedule"] or {}
        days = sheet.get("duration_days")
        rows.append(
            {
                "number": item["number"],
                "name": item["name"] or _("（身份包无法读取）"),
                "signed_in": local_clock(item["signed_in_at"]),
                "tag": bid_tag(item["state"]),
                "price_fen": sheet.get("price_fen"),
                "duration": _("%(n)s 日", n=days) if days else None,
                "quality": sheet.get("quality"),
                "manager": sheet.get("manager"),
                "confirmed": local_clock(item["confirmed_at"]) if item["confirmed_at"] else None,
            }
        )
    return rows
