"""A process as an OCDS 1.1.5 release with the bids and lots extensions (R-906): pure, from published facts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

VERSION = "1.1"
EXTENSIONS = (
    "https://raw.githubusercontent.com/open-contracting-extensions/ocds_bid_extension/v1.1.5/extension.json",
    "https://raw.githubusercontent.com/open-contracting-extensions/ocds_lots_extension/v1.1.5/extension.json",
)
SCHEME = "CN-USCC"
METHODS = {
    "open": "open", "invited": "selective", "negotiation": "limited", "consultation": "limited", "inquiry": "limited",
    "simple": "open",
}  # fmt: skip
CATEGORIES = {"works": "works", "goods": "goods", "services": "services", "design": "services"}
DOCUMENTS = {
    "tender": "tenderNotice", "award": "awardNotice", "correction": "clarifications", "candidates": "evaluationReports",
    "opening_record": "openingRecord",
}  # fmt: skip
CONTRACT_DOCUMENTS = {
    "contract": "contractNotice", "contract_change": "contractAnnexe", "contract_end": "cancellationDetails",
}  # fmt: skip
DONE, FAILED = frozenset({"awarded", "archived"}), "failed"
REFUSED = frozenset({"deemed_revoked", "refused", "rejected", "corrupted"})


def release(facts: dict[str, Any], *, prefix: str, method: str, address: Callable[[str], str]) -> dict[str, Any]:
    """The newest release of a process. `method`: the procedure's Chinese name; `address` makes a notice's URL.

    Amounts are yuan. Bids are there only where the facts have them, which is after the names are public.
    """
    sections = facts["sections"]
    awards = [award for one in sections for award in _awards(one)]
    contracts = [_contract(one, address) for one in sections if one["contract"] and one["award"]]
    told = {
        "ocid": f"{prefix}-{facts['code']}",
        "id": f"{prefix}-{facts['code']}-{facts['leaf']}",
        "date": facts["at"],
        "tag": [
            "tender",
            *(["award"] if any(one["award"] for one in sections) else []),
            *(["contract"] if contracts else []),
            *(["contractTermination"] if any(one["status"] == "terminated" for one in contracts) else []),
        ],
        "initiationType": "tender",
        "language": "zh",
        "parties": _parties(facts),
        "buyer": _reference(facts["tenderee"]),
        "planning": {
            "budget": {
                "project": facts["name"],
                "description": facts["funding"],
                "amount": _value(sum(one["estimate_fen"] for one in sections)),
            },
        },
        "tender": _tender(facts, method, address),
        "relatedProcesses": [
            {"id": code, "relationship": ["unsuccessfulProcess"], "scheme": "ocid", "identifier": f"{prefix}-{code}"}
            for code in filter(None, [facts.get("predecessor")])
        ],
    }
    bids = _bids(sections)
    if bids is not None:
        told["bids"] = bids
    if awards:
        told["awards"] = awards
    if contracts:
        told["contracts"] = contracts
    return _object(told)


def package(
    releases: list[dict[str, Any]], *, uri: str, publisher: str, published_at: str, licence: str
) -> dict[str, Any]:
    """Releases as a package."""
    return _object(
        {
            "uri": uri,
            "version": VERSION,
            "extensions": list(EXTENSIONS),
            "publishedDate": published_at,
            "publisher": {"name": publisher},
            "license": licence,
            "releases": releases,
        }
    )


def _tender(facts: dict[str, Any], method: str, address: Callable[[str], str]) -> dict[str, Any]:
    sections = facts["sections"]
    states = {one["state"] for one in sections}
    open_states = states - DONE - {FAILED}
    status = "active" if open_states else "complete" if states & DONE else "unsuccessful"
    known = [one["bids"] for one in sections if one["bids"] is not None]
    tenderers = {one["identifier"]: one for bids in known for bid in bids for one in _together(bid)}
    return {
        "id": facts["code"],
        "title": facts["name"],
        "description": facts["description"],
        "status": status,
        "procuringEntity": _reference(facts["agent"] or facts["tenderee"]),
        "value": _value(sum(one["control_price_fen"] for one in sections)),
        "procurementMethod": METHODS[facts["procedure"]],
        "procurementMethodDetails": method,
        "mainProcurementCategory": CATEGORIES[facts["category"]],
        "submissionMethod": ["electronicSubmission"],
        "tenderPeriod": {
            "startDate": min(one["published_at"] for one in sections),
            "endDate": max(one["deadline_at"] for one in sections),
        },
        "numberOfTenderers": len(tenderers) if known else None,
        "tenderers": [_reference(bid) for bid in tenderers.values()] if known else None,
        "documents": [
            _document(one, section["code"], address)
            for section in sections
            for one in section["notices"]
            if one["kind"] not in CONTRACT_DOCUMENTS
        ],
        "amendments": [
            {
                "id": f"{section['code']}-{one['number']}", "date": one["published_at"], "description": one["text"],
            }
            for section in sections
            for one in section["clarifications"]
        ],
        "lots": [_lot(one) for one in sections],
    }  # fmt: skip


def _lot(section: dict[str, Any]) -> dict[str, Any]:
    state = section["state"]
    return {
        "id": section["code"],
        "title": section["name"],
        "status": "complete" if state in DONE else "unsuccessful" if state == FAILED else "active",
        "value": _value(section["control_price_fen"]),
        "tenderPeriod": {"startDate": section["published_at"], "endDate": section["deadline_at"]},
    }


def _document(notice: dict[str, Any], lot: str, address: Callable[[str], str]) -> dict[str, Any]:
    return {
        "id": notice["number"],
        "documentType": {**DOCUMENTS, **CONTRACT_DOCUMENTS}.get(notice["kind"]),
        "title": notice["title"],
        "url": address(notice["number"]),
        "datePublished": notice["published_at"],
        "format": "text/html",
        "language": "zh",
        "relatedLots": [lot],
    }


def _bids(sections: list[dict[str, Any]]) -> dict[str, Any] | None:
    details, statistics = [], []
    for section in sections:
        if section["bids"] is None:
            continue
        lot = section["code"]
        statistics.append(
            {"id": f"bids-{lot}", "measure": "bids", "value": len(section["bids"]), "relatedLot": lot}
        )  # fmt: skip
        for bid in section["bids"]:
            state = bid["state"]
            details.append(
                {
                    "id": f"{lot}-{bid['number']}",
                    "date": bid["received_at"],
                    "status": "withdrawn" if state == "deemed_withdrawn" else "disqualified" if state in REFUSED
                    else "pending" if state == "sealed" else "valid",
                    "tenderers": [_reference(one) for one in _together(bid)],
                    "value": _value(bid["price_fen"]),
                    "relatedLots": [lot],
                }
            )  # fmt: skip
    return {"statistics": statistics, "details": details} if statistics else None


def _awards(section: dict[str, Any]) -> list[dict[str, Any]]:
    lot, award = section["code"], section["award"]
    bids = {bid["number"]: bid for bid in section["bids"] or []}
    made = [
        {
            "id": f"{lot}-{one['number']}-cancelled", "status": "cancelled", "date": one["at"],
            "suppliers": [_reference(unit) for unit in _together(one)], "relatedLots": [lot],
            "relatedBid": f"{lot}-{one['number']}",
        }
        for one in section["set_aside"]
    ]  # fmt: skip
    if award is not None:
        made.append(
            {
                "id": f"{lot}-{award['number']}", "title": f"{section['name']}", "status": "active",
                "date": award["at"], "value": _value(award["price_fen"]),
                "suppliers": [_reference(one) for one in _together(award)],
                "relatedLots": [lot], "relatedBid": f"{lot}-{award['number']}",
                "documents": [{"id": award["notice"], "documentType": "awardNotice"}],
            }
        )  # fmt: skip
        return made
    gone = {one["number"] for one in section["set_aside"]}
    for rank, number in enumerate(section["candidates"], 1):
        if number in bids and number not in gone:
            bid = bids[number]
            made.append(
                {
                    "id": f"{lot}-{number}", "status": "pending",
                    "title": "中标候选人（不排序）" if section["unranked"] else f"中标候选人第 {rank} 名",
                    "value": _value(bid["price_fen"]), "suppliers": [_reference(one) for one in _together(bid)],
                    "relatedLots": [lot], "relatedBid": f"{lot}-{number}",
                }
            )  # fmt: skip
    return made


def _contract(section: dict[str, Any], address: Callable[[str], str]) -> dict[str, Any]:
    """The contract under its award: its value with every published change, terminated once its early end is told."""
    lot, held = section["code"], section["contract"]
    return {
        "id": f"{lot}-C{held['number']}",
        "awardID": f"{lot}-{section['award']['number']}",
        "title": section["name"],
        "status": "terminated" if held["ended"] else "active",
        "period": {"durationInDays": held["duration_days"]},
        "value": _value(held["price_fen"] + sum(one["amount_fen"] for one in held["changes"])),
        "dateSigned": held["concluded_at"],
        "documents": [_document(one, lot, address) for one in section["notices"] if one["kind"] in CONTRACT_DOCUMENTS],
        "amendments": [{"id": one["notice"], "date": one["at"], "description": one["text"]} for one in held["changes"]],
    }


def _parties(facts: dict[str, Any]) -> list[dict[str, Any]]:
    held: dict[str, dict[str, Any]] = {}

    def add(unit: dict[str, Any] | None, *roles: str) -> None:
        if unit is None:
            return
        party = held.setdefault(
            _identity(unit),
            {
                "id": _identity(unit), "name": unit["name"], "roles": [],
                "identifier": {"scheme": SCHEME, "id": unit["identifier"], "legalName": unit["name"]},
            },
        )  # fmt: skip
        party["roles"] += [role for role in roles if role not in party["roles"]]

    add(facts["tenderee"], "buyer", *([] if facts["agent"] else ["procuringEntity"]))
    add(facts["agent"], "procuringEntity")
    for section in facts["sections"]:
        bids = {bid["number"]: bid for bid in section["bids"] or []}
        candidates = [bids.get(number) for number in section["candidates"]] if section["award"] is None else []
        for bid in bids.values():
            for one in _together(bid):
                add(one, "tenderer")
        for supplier in filter(None, [*section["set_aside"], section["award"], *candidates]):
            for one in _together(supplier):
                add(one, "supplier")
    return list(held.values())


def _together(bid: dict[str, Any]) -> list[dict[str, Any]]:
    """Everyone who bids in it, the lead first: the bidder alone, or every member of its consortium."""
    return [{"name": one["name"], "identifier": one["uscc"]} for one in bid["consortium"]] or [bid]


def _identity(unit: dict[str, Any]) -> str:
    return f"{SCHEME}-{unit['identifier']}"


def _reference(unit: dict[str, Any]) -> dict[str, str]:
    return {"id": _identity(unit), "name": unit["name"]}


def _value(fen: int | None) -> dict[str, Any] | None:
    """An amount in yuan: whole where it is whole, else with its fen (below 10¹⁴ fen a float writes them exactly)."""
    if not fen:
        return None
    return {"amount": fen // 100 if fen % 100 == 0 else fen / 100, "currency": "CNY"}


def _object(value: dict[str, Any]) -> dict[str, Any]:
    kept: dict[str, Any] = _kept(value)
    return kept


def _kept(value: Any) -> Any:
    """The value without what is empty: OCDS wants no empty text, list or object."""
    if isinstance(value, dict):
        return {name: kept for name, held in value.items() if (kept := _kept(held)) not in (None, "", [], {})}
    return [_kept(one) for one in value] if isinstance(value, list) else value
