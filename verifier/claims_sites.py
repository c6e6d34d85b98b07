"""Sites of a remote evaluation, from the ledger (scoring.md §8)."""

from typing import Any

from .canonical import need
from .verdict import Case


def _named(sites: list[dict[str, Any]]) -> None:
    need(len(sites) > 1, "场地少于两处", "fewer than two sites")
    for key in ("code", "name"):
        need(len({site[key] for site in sites}) == len(sites), "场地重复", f"two sites with one {key}")
    for site in sites:
        need(site["place"] and site["witness"], "场地缺地点或见证人", "a site without place or witness")
    need(not sites[0]["partner"], "主场属于合作平台", "the host site is a partner's")


def check_sites(case: Case) -> None:
    """Every entry about sites, in the order of the log, against what stood before it."""
    committee = f"committee:{case.section}"
    marks = [(e["index"], kind) for kind in ("committee.seat", "committee.seat_blind", "committee.reseat")
             for e in case.told(kind, committee)]  # fmt: skip
    scored = {sheet["member"] for sheet in case.archive.json("evaluation.json")["sheets"]}
    sites: dict[str, dict[str, Any]] = {}
    host, at = "", dict[str, str]()
    for entry in sorted(case.entries, key=lambda one: int(one["index"])):
        facts: dict[str, Any] = entry.get("facts") or {}
        label = str(entry.get("subject")).rpartition(":")[2]
        match entry.get("kind"):
            case "committee.sites":
                before = max((mark for mark in marks if mark[0] < entry["index"]), default=(0, "committee.reseat"))
                need(before[1] == "committee.reseat", "就座之后才设场地", "sites named after the seating")
                _named(facts["sites"])
                sites, host = {site["code"]: site for site in facts["sites"]}, facts["sites"][0]["code"]
            case "member.place":
                need(facts["site"] in sites, f"{label} 的场地不存在", f"{label}: no such site")
                at[label] = facts["site"]
            case "committee.witness":
                here, away = set(facts["present"]), set(facts["absent"])
                need(facts["site"] in sites, "见证的场地不存在", "a witness of no site")
                need(facts["witness"] == sites[facts["site"]]["witness"], "见证人不符", "another witness")
                need(not here & away, "既到又缺", "present and absent at once")
                need(
                    {at.get(one) for one in here | away} <= {facts["site"]}, "见证了别处的席位", "seats of another site"
                )
            case "committee.cut_off":
                gone = facts["seats"]
                need(gone and facts["site"] in sites and facts["site"] != host, "中断的场地不对", "not a guest site")
                need({at.get(one) for one in gone} == {facts["site"]}, "中断了别处的席位", "cut off: other seats")
                for one in gone:
                    left = case.told("member.avoid", f"member:{case.section}:{one}")
                    held = any(leave["index"] > entry["index"] for leave in left) and one not in scored
                    need(held, f"{one} 中断后仍然计入", f"{one}: cut off and still counted")
    need(not sites or scored <= set(at), "有席位没有场地", "a seat without a site")
