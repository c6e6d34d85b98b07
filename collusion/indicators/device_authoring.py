"""Indicator device.authoring: one machine, by network adapter and by disk, made two bids."""

from __future__ import annotations

from collusion.rules import odds
from collusion.rules.base_rates import NULL_DEVICES, rate
from collusion.rules.case import Case, Device
from collusion.rules.evidence import (
    ARTICLE_40_1,
    ARTICLE_40_2,
    CONSEQUENCE,
    Evidence,
    Family,
    Finding,
    Indicator,
    Remark,
    Sighting,
    remark,
)
from collusion.rules.source_text import _l

IDENTIFIER = "device.authoring"
SHOWN = 6


def evaluate(case: Case) -> list[Evidence]:
    """Weigh machines equal in adapter and disk; one of the two alone weighs nothing."""
    base = rate("device")
    found = []
    for a, b in case.pairs:
        if a.device is None or b.device is None:
            continue
        adapters = (a.device.adapters & b.device.adapters) - NULL_DEVICES
        disks = (a.device.disks & b.device.disks) - NULL_DEVICES
        if not adapters or not disks:
            continue
        llr = odds.from_equality(base.value, rate("ring.share").value)
        finding = Finding(_sighting(a.device, adapters, disks), _sighting(b.device, adapters, disks))
        tested = (
            remark(_l("虚拟机、虚拟专网、空白固件等通用标识已排除")),
            remark(_l("网卡与硬盘标识须同时相同；处理器序列号不作依据")),
        )
        found.append(
            Evidence(IDENTIFIER, Family.AUTHORING, a.bidder, b.bidder, llr, base.value, base, (finding,), tested)
        )
    return found


def _sighting(device: Device, adapters: frozenset[str], disks: frozenset[str]) -> Sighting:
    # The last letters suffice to compare two records; the whole identifier follows a machine through its life.
    return Sighting(device.place, f"…{min(adapters)[-SHOWN:]} / …{min(disks)[-SHOWN:]}")


def lacking(case: Case) -> Remark | None:
    """Say whether fewer than two bids came with a record of their machine."""
    return (
        None if sum(bid.device is not None for bid in case.bids) >= 2 else remark(_l("带有制作设备记录的投标不足两家"))
    )


INDICATOR = Indicator(
    identifier=IDENTIFIER,
    family=Family.AUTHORING,
    name=_l("制作设备相同"),
    clauses=(ARTICLE_40_1, ARTICLE_40_2, CONSEQUENCE),
    needs=_l("投标客户端记录的网卡与硬盘标识"),
    method=_l("扣除通用标识后，网卡与硬盘同时相同才计重"),
    null_model=_l("无关投标人共用一台机器的概率（代做标书、云桌面、整机克隆）0.002"),
    false_alarms=_l("0.002（保守取值，待由档案校正）"),
    exclusions=(_l("虚拟机与隧道网卡"), _l("空白固件标识"), _l("仅一项相同")),
    clears=_l("证明设备属于公共制作场所，或标识来自整机克隆"),
    rates=("device", "ring.share"),
    evaluate=evaluate,
    lacking=lacking,
)
