"""Checks of a remote evaluation's sites (R-341)."""

from __future__ import annotations

from typing import Any

from awards.rules.verdict.told import Told, need


def check_sites(told: Told) -> None:
    """Each entry about sites holds as the sites and the seats stood when it was written.

    Sites: two at least, named once, the host first and no partner's; named while the committee is not seated. A seat is
    placed at a site there was. A witness of a site speaks of the seats placed there, each present or absent. A guest
    site that is cut off loses seats placed there, all of which have left and none of which counts. Where there are
    sites, every seat that scored has a place.
    """
    code = told.project["section"]["code"]
    committee, prefix = f"committee:{code}", f"member:{code}:"
    seated = [place for kind in ("seat", "seat_blind") for place in told.places(f"committee.{kind}", committee)]
    freed = told.places("committee.reseat", committee)
    sites: list[dict[str, Any]] = []
    placed: dict[str, str] = {}
    counted = {sheet["member"] for sheet in told.evaluation["sheets"]}
    for entry in sorted(told.ledger["entries"], key=lambda one: int(one["index"])):
        kind, subject, facts = entry["kind"], str(entry["subject"]), entry["facts"]
        if kind == "member.place" and subject.startswith(prefix):
            label = subject.removeprefix(prefix)
            need(any(one["code"] == facts["site"] for one in sites), "archive.sites", what=f"place {label}")
            placed[label] = facts["site"]
        if subject != committee or kind not in ("committee.sites", "committee.witness", "committee.cut_off"):
            continue
        if kind == "committee.sites":
            sites = facts["sites"]
            names = [one["name"] for one in sites], [one["code"] for one in sites]
            held = len(sites) >= 2 and all(len(set(one)) == len(one) for one in names) and not sites[0]["partner"]
            held = held and all(one["place"] and one["witness"] for one in sites)
            sits = [place for place in seated if place < entry["index"]]
            held = held and (not sits or any(max(sits) < place < entry["index"] for place in freed))
            need(held, "archive.sites", what="sites")
            continue
        site = next((one for one in sites if one["code"] == facts["site"]), None)
        need(site is not None, "archive.sites", what=kind)
        if kind == "committee.witness":
            said = [*facts["present"], *facts["absent"]]
            held = len(set(said)) == len(said) and all(placed.get(label) == facts["site"] for label in said)
            need(held and facts["witness"] == (site or {})["witness"], "archive.sites", what="witness")
        else:
            held = bool(facts["seats"]) and facts["site"] != sites[0]["code"]
            held = held and all(placed.get(label) == facts["site"] for label in facts["seats"])
            for label in facts["seats"]:
                left = [place for place in told.places("member.avoid", prefix + label) if place > entry["index"]]
                held = held and bool(left) and label not in counted
            need(held, "archive.sites", what="cut_off")
    need(not sites or counted <= placed.keys(), "archive.sites", what="seats")
