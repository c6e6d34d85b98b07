"""A process as records of the national dataset (R-900…R-902), and the checks each must pass to leave."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache
from typing import Any

from core import canonical, money
from core.clock import BEIJING, from_iso
from opening.rules import joint_name
from window.rules.schema import FOLDER

CODE_TYPE = "统一社会信用代码"
UNIT = "元"
NAME = 200
"""The longest name: the dataset's own; a consortium is named there with its members, its code is the lead's."""
_AMOUNT = re.compile(r"(?:0|[1-9][0-9]{0,15})\.[0-9]{2}")


@cache
def dataset() -> dict[str, Any]:
    """The dataset's groups and fields, as data beside the code."""
    held: dict[str, Any] = json.loads((FOLDER / "national.json").read_text(encoding="utf-8"))
    return held


def groups() -> tuple[str, ...]:
    """The groups of records published here."""
    return tuple(dataset()["groups"])


def standard_groups() -> tuple[str, ...]:
    """The groups whose field names the dataset's own systems show; the others go up only where it was agreed."""
    return tuple(name for name, group in dataset()["groups"].items() if not group.get("own"))


def records(facts: dict[str, Any], group: str, *, method: str, address: Callable[[str], str]) -> list[dict[str, str]]:
    """The records of one group for a process; a field that is not known is left out, never made up.

    The unified deal code (R-903) is left out until an installation is given its codes: its rule is not published here.
    """
    made = [
        record for section in facts["sections"] for record in _BY_SECTION[group](facts, section, method, address)
    ] if group in _BY_SECTION else [_project(facts)]  # fmt: skip
    common = {"DATA_TIMESTAMP": _time(facts["at"]), "M_VERSION": dataset()["version"]}
    return [{name: value for name, value in {**one, **common}.items() if value != ""} for one in made]


def record_faults(record: dict[str, str], group: str) -> list[str]:
    """What is wrong with a record: missing, unknown, too long, another shape, not in the list; each names its field."""
    known = dataset()["groups"][group]["fields"]
    found = [f"{name}: unknown" for name in record if name not in known]
    for name, field in known.items():
        if name not in record:
            if field.get("required"):
                found.append(f"{name}: missing")
            continue
        value = record[name]
        if not isinstance(value, str) or not value:
            found.append(f"{name}: empty")
        elif len(value) > field.get("most", 500):
            found.append(f"{name}: longer than {field['most']}")
        elif "codes" in field and value not in field["codes"]:
            found.append(f"{name}: {value} is not in the list")
        elif "shape" in field and not re.fullmatch(field["shape"], value):
            found.append(f"{name}: another shape")
        elif not _KINDS[field["kind"]](value):
            found.append(f"{name}: no {field['kind']}")
    return found


def record_key(record: Mapping[str, Any], group: str) -> str:
    """What makes a record of the group the one it is: its key fields, joined; empty where one is missing."""
    parts = [str(record.get(name, "")) for name in dataset()["groups"][group]["key"]]
    return "/".join(parts) if all(parts) else ""


def record_digest(record: Mapping[str, Any]) -> str:
    """SHA-256 of what the record says, whenever it was written: the same facts are handed over once."""
    told = {name: value for name, value in record.items() if name != "DATA_TIMESTAMP"}
    return hashlib.sha256(canonical.dumps(told)).hexdigest()


def _is_time(value: str) -> bool:
    try:
        return len(value) == 14 and bool(datetime.strptime(value, "%Y%m%d%H%M%S").replace(tzinfo=BEIJING))
    except ValueError:
        return False


_KINDS: dict[str, Callable[[str], bool]] = {
    "text": str.isprintable,
    "prose": lambda value: value.replace("\n", "").isprintable(),
    "time": _is_time,
    "amount": lambda value: bool(_AMOUNT.fullmatch(value)),
    "sum": lambda value: bool(_AMOUNT.fullmatch(value.removeprefix("-"))),
    "count": lambda value: value.isascii() and value.isdigit() and value[0] != "0",
}


def _time(instant: str) -> str:
    return from_iso(instant).astimezone(BEIJING).strftime("%Y%m%d%H%M%S")


def _yuan(fen: int | None) -> str:
    return "" if fen is None else money.plain(fen)


def _project(facts: dict[str, Any]) -> dict[str, str]:
    agent = facts["agent"]
    return {
        "TENDER_PROJECT_CODE": facts["code"],
        "TENDER_PROJECT_NAME": facts["name"],
        "IS_TO_LAW": "1" if facts["is_mandatory"] else "0",
        "REGION_CODE": facts["region"],
        "TENDERER_NAME": facts["tenderee"]["name"],
        "TENDERER_CODE": facts["tenderee"]["identifier"],
        "TENDERER_CODE_TYPE": CODE_TYPE,
        "AGENCY_NAME": agent["name"] if agent else "",
        "AGENCY_CODE": agent["identifier"] if agent else "",
        "AGENCY_CODE_TYPE": CODE_TYPE if agent else "",
    }


def _sections(facts: dict[str, Any], section: dict[str, Any], method: str, address: Any) -> list[dict[str, str]]:
    return [
        {
            "TENDER_PROJECT_CODE": facts["code"],
            "BID_SECTION_CODE": section["code"],
            "BID_SECTION_NAME": section["name"],
            "BID_TENDER_MODE": method,
            "REGION_CODE": facts["region"],
            "CONTRACT_RECKON_PRICE": _yuan(section["estimate_fen"]),
            "PRICE_UNIT": UNIT,
        }
    ]


def _notices(facts: dict[str, Any], section: dict[str, Any], method: str, address: Any) -> list[dict[str, str]]:
    return [
        {
            "TENDER_PROJECT_CODE": facts["code"],
            "BID_SECTION_CODES": section["code"],
            "NOTICE_CODE": one["number"],
            "NOTICE_NAME": one["title"],
            "NOTICE_SEND_TIME": _time(one["published_at"]),
            "NOTICE_NATURE": "更正公告" if one["kind"] == "correction" or one["replaces"] else "正常公告",
            "URL": address(one["number"]),
        }
        for one in section["notices"]
    ]


def _bidders(facts: dict[str, Any], section: dict[str, Any], method: str, address: Any) -> list[dict[str, str]]:
    return [_bidder(section, bid) for bid in section["bids"] or []]


def _bidder(section: dict[str, Any], bid: dict[str, Any]) -> dict[str, str]:
    return {
        "BID_SECTION_CODE": section["code"],
        "BIDDER_NAME": joint_name(bid["name"], bid["consortium"], NAME),
        "BIDDER_ORG_CODE": bid["identifier"],
        "BIDDER_CODE_TYPE": CODE_TYPE,
        "BID_PRICE": _yuan(bid["price_fen"]),
        "PRICE_UNIT": UNIT,
    }


def _candidates(facts: dict[str, Any], section: dict[str, Any], method: str, address: Any) -> list[dict[str, str]]:
    bids = {bid["number"]: bid for bid in section["bids"] or []}
    return [
        {**_bidder(section, bids[number]), **({} if section["unranked"] else {"RANK": str(rank)})}
        for rank, number in enumerate(section["candidates"], 1)
        if number in bids
    ]


def _results(facts: dict[str, Any], section: dict[str, Any], method: str, address: Any) -> list[dict[str, str]]:
    award = section["award"]
    if award is None:
        return []
    return [
        {
            "BID_SECTION_CODE": section["code"],
            "WIN_BIDDER_NAME": joint_name(award["name"], award["consortium"], NAME),
            "WIN_BIDDER_CODE": award["identifier"],
            "BIDDER_CODE_TYPE": CODE_TYPE,
            "BID_AMOUNT": _yuan(award["price_fen"]),
            "PRICE_UNIT": UNIT,
            "NOTICE_SEND_TIME": _time(award["at"]),
        }
    ]


def _clarifications(facts: dict[str, Any], section: dict[str, Any], method: str, address: Any) -> list[dict[str, str]]:
    return [
        {
            "BID_SECTION_CODE": section["code"],
            "CLARIFY_NUMBER": str(one["number"]),
            "CLARIFY_CONTENT": one["text"],
            "CLARIFY_TIME": _time(one["published_at"]),
            "BID_DEADLINE": _time(one["deadline_at"]),
        }
        for one in section["clarifications"]
    ]


def _openings(facts: dict[str, Any], section: dict[str, Any], method: str, address: Any) -> list[dict[str, str]]:
    if section["bids"] is None or section["closed_at"] is None:
        return []
    count = str(len(section["bids"])) if section["bids"] else ""
    told = {"BID_SECTION_CODE": section["code"], "BID_OPEN_TIME": _time(section["closed_at"]), "BIDDER_COUNT": count}
    return [told]


def _contracts(facts: dict[str, Any], section: dict[str, Any], method: str, address: Any) -> list[dict[str, str]]:
    held, award = section["contract"], section["award"]
    if held is None:
        return []
    winner = {} if award is None else {
        "WIN_BIDDER_NAME": joint_name(award["name"], award["consortium"], NAME),
        "WIN_BIDDER_CODE": award["identifier"],
        "BIDDER_CODE_TYPE": CODE_TYPE,
    }  # fmt: skip
    return [
        {
            "BID_SECTION_CODE": section["code"],
            "CONTRACT_CODE": str(held["number"]),
            **winner,
            "CONTRACT_PRICE": _yuan(held["price_fen"]),
            "PRICE_UNIT": UNIT,
            "CONTRACT_TERM": str(held["duration_days"]) if held["duration_days"] else "",
            "CONTRACT_SIGN_TIME": _time(held["concluded_at"]),
        }
    ]


def _contract_changes(
    facts: dict[str, Any], section: dict[str, Any], method: str, address: Any
) -> list[dict[str, str]]:
    held = section["contract"]
    if held is None:
        return []
    common = {"BID_SECTION_CODE": section["code"], "CONTRACT_CODE": str(held["number"]), "PRICE_UNIT": UNIT}
    made = [
        {**common, "CHANGE_KIND": "变更", "CHANGE_CONTENT": one["text"], "CHANGE_AMOUNT": _yuan(one["amount_fen"]),
         "NOTICE_CODE": one["notice"]}
        for one in held["changes"]
    ]  # fmt: skip
    if held["ended"] is not None:
        ended = held["ended"]
        said = {"CHANGE_KIND": "终止", "CHANGE_CONTENT": ended["reason"], "NOTICE_CODE": ended["notice"]}
        made.append({**common, **said})
    return made


ABNORMITIES = {"failure": "失败或终止", "suspension": "暂停", "order": "责令暂停", "opening_suspension": "开标中止"}
"""Kinds of notices that tell of what did not go as announced."""


def _of_notices(kinds: Mapping[str, str], field: str = "") -> Callable[..., list[dict[str, str]]]:
    """A maker of one record for each notice of these kinds; `field` says which kind it was."""

    def made(facts: dict[str, Any], section: dict[str, Any], method: str, address: Any) -> list[dict[str, str]]:
        return [
            {
                "BID_SECTION_CODE": section["code"],
                **({field: kinds[one["kind"]]} if field else {}),
                "NOTICE_CODE": one["number"],
                "NOTICE_NAME": one["title"],
                "NOTICE_SEND_TIME": _time(one["published_at"]),
                "URL": address(one["number"]),
            }
            for one in section["notices"]
            if one["kind"] in kinds
        ]

    return made


_BY_SECTION: dict[str, Callable[[dict[str, Any], dict[str, Any], str, Any], list[dict[str, str]]]] = {
    "bid_section": _sections,
    "notice": _notices,
    "bidder": _bidders,
    "candidate": _candidates,
    "win_result": _results,
    "clarification": _clarifications,
    "opening": _openings,
    "contract": _contracts,
    "contract_change": _contract_changes,
    "abnormity": _of_notices(ABNORMITIES, "ABNORMITY_KIND"),
    "complaint": _of_notices({"complaint_decision": ""}),
}
