"""The claim about the course: moves that join, deadlines moved in time, a closing after them, the law as frozen."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta, timezone
from typing import Any

from .canonical import canonical, decimal, digest, instant, need, same, sha256, whole
from .claims_ledger import LAG, Said
from .notes import open_head
from .verdict import Case, Findings

BEIJING = timezone(timedelta(hours=8))
HALL = ["closed", "names_published", "decrypt_open", "decrypt_paused", "trustee_fallback", "decrypt_closed",
        "coefficients_drawn", "prices_read", "record_confirm", "objection"]  # fmt: skip
OPENED = ["opened_by_bidder", "opened_by_trustees", "opened_from_backup"]
LIVES: dict[str, tuple[str, dict[str, tuple[list[str], str | None]]]] = {
    "section": ("draft", {
        "publish": (["draft"], "submission_open"), "suspend": (["submission_open"], "suspended"),
        "resume": (["suspended"], "submission_open"), "close": (["submission_open"], "closed"),
        "mark_opened": (["closed"], "opened"), "call_final": (["opened"], "final_called"),
        "begin_evaluation": (["opened"], "evaluating"), "deliver_report": (["evaluating"], "evaluated"),
        "publish_candidates": (["evaluated"], "candidates_published"),
        "award": (["candidates_published", "evaluated"], "awarded"), "archive": (["awarded"], "archived"),
        "set_aside": (["awarded"], "candidates_published"), "set_aside_result": (["awarded"], "evaluated"),
        "reopen_evaluation": (["evaluated", "candidates_published", "awarded"], "evaluating"),
    }),
    "opening": ("closed", {
        "publish_names": (["closed"], "names_published"), "open_decryption": (["names_published"], "decrypt_open"),
        "pause": (["decrypt_open"], "decrypt_paused"), "resume": (["decrypt_paused"], "decrypt_open"),
        "fall_back": (["decrypt_open"], "trustee_fallback"),
        "close_decryption": (["decrypt_open", "trustee_fallback"], "decrypt_closed"),
        "draw_coefficients": (["decrypt_closed"], "coefficients_drawn"),
        "read_prices": (["coefficients_drawn"], "prices_read"), "ask_confirmation": (["prices_read"], "record_confirm"),
        "object": (["record_confirm"], "objection"), "reply": (["objection"], "record_confirm"),
        "sign_record": (["record_confirm"], "record_signed"), "hand_over": (["record_signed"], "handed_over"),
        "convene_second": (["handed_over"], "names_published"), "suspend": (HALL, "suspended"),
        "reconvene": (["suspended"], None),
    }),
    "bid": ("sealed", {
        "open_by_bidder": (["sealed"], "opened_by_bidder"), "open_by_trustees": (["sealed"], "opened_by_trustees"),
        "open_from_backup": (["sealed"], "opened_from_backup"), "deem_revoked": (["sealed"], "deemed_revoked"),
        "deem_withdrawn": (["sealed"], "deemed_withdrawn"), "overturn": (["deemed_revoked"], "deemed_withdrawn"),
        "refuse": (["sealed"], "refused"), "mark_corrupted": (["sealed"], "corrupted"),
        "admit_second": (OPENED, "sealed"), "return_second": (OPENED, "returned"), "restore": (["returned"], "sealed"),
        "reject": (OPENED, "rejected"),
    }),
    "committee": ("requested", {
        "announce_draw": (["requested"], "draw_announced"), "draw": (["draw_announced"], "drawn"),
        "select": (["requested"], "drawn"), "seat": (["drawn"], "seated"), "seat_blind": (["drawn"], "blind"),
        "lock_blind": (["blind"], "seated"), "begin_scoring": (["seated"], "scoring"),
        "conclude_first": (["scoring"], "first_concluded"), "lock": (["scoring", "first_concluded"], "locked"),
        "report": (["locked"], "reported"), "deliver": (["reported"], "delivered"),
        "reseat": (["blind", "seated", "scoring"], "drawn"),
        "roll_back_review": (["scoring", "first_concluded", "delivered"], "seated"),
        "roll_back_scoring": (["locked", "delivered"], "scoring"),
    }),
    "sheet": ("draft", {"lock": (["draft"], "locked"), "reopen": (["locked"], "draft"),
                        "void": (["draft", "locked"], "void")}),
    "draw": ("announced", {"freeze": (["announced"], "frozen"), "conclude": (["frozen"], "concluded"),
                           "void": (["announced", "frozen"], "void")}),
    "publicity": ("running", {
        "suspend": (["running"], "suspended"), "resume": (["suspended"], "running"), "end": (["running"], "ended"),
        "award": (["ended"], "awarded"), "lapse": (["awarded"], "ended"),
        "revoke": (["running", "suspended", "ended", "awarded"], "revoked"), "renew": (["revoked"], "running"),
    }),
}  # fmt: skip
"""Of each thing: where its life starts, and each move's sources and end (none: back to where it stood)."""
HASHED_FROM = "2027-01-01"
"""From this day on a publication must tell the hash of its law; before 0.8 none was told, nor an order's instant."""
CALLS = ("notice.tender", "notice.correction", "notice.clarification", "notice.final_offers")


def _day(at: datetime) -> date:
    return at.astimezone(BEIJING).date()


def _law(case: Case) -> dict[str, dict[str, Any]]:
    return {rule["key"]: rule for rule in case.archive.json("project.json")["law"]["rules"]}


def moves(case: Case) -> int:
    """Every told move joins the one before it on the same thing; how many there are."""
    where: dict[tuple[object, ...], object] = {}
    for entry in case.entries:
        facts = entry.get("facts")
        if not isinstance(facts, dict) or "from" not in facts or "to" not in facts:
            continue
        noun, _, verb = str(entry["kind"]).partition(".")
        if noun == "warning":
            continue
        apart = facts.get("refund") if noun == "refund" else None
        if noun in ("document_objection", "publication"):
            apart = facts.get("number")
        subject = str(entry["subject"])
        if noun == "opening":  # later sittings are told on opening:<code>:2 and so on
            subject = ":".join(subject.split(":")[:2])
        thing = (subject, noun, apart)
        name = f"#{entry['index']} {entry['kind']}"
        if noun in LIVES:
            start, table = LIVES[noun]
            need(verb in table, f"{name} 不是可有的一步", f"{name} is no move of its life")
            sources, end = table[verb]
            held = facts["from"] in sources and (end is None or facts["to"] == end)
            need(held, f"{name} 不是可有的一步", f"{name} is no move of its life")
            where.setdefault(thing, start)
        need(where.get(thing, facts["from"]) == facts["from"], f"{name} 不接前一步", f"{name} does not join the last")
        where[thing] = facts["to"]
    return sum(1 for e in case.entries if isinstance(e.get("facts"), dict) and {"from", "to"} <= set(e["facts"]))


class Clock:
    """The deadline as the ledger moves it."""

    def __init__(self, case: Case) -> None:
        rows = case.archive.rows("policies.json")
        self.policies = {row["version"]: instant(row["content"]["deadline"], strict=False) for row in rows}
        self.law = _law(case)
        self.deadline = datetime.min.replace(tzinfo=BEIJING)
        self.still = self.over = self.told = False
        self.undated = 0

    def ordered(self, entry: dict[str, Any]) -> datetime:
        """The instant at which an order was given, at most a minute before it was written; and before the deadline.

        Where an older platform's order tells none, the earliest at which it can have been given.
        """
        written, facts = instant(entry["at"]), entry["facts"]
        need(not self.told or "ordered_at" in facts, "命令没有时刻", "an order tells no instant of its own")
        at = instant(facts["ordered_at"]) if "ordered_at" in facts else written - LAG
        need(at <= written <= at + LAG, "命令的时刻与入账不符", "an order was written long after it was given")
        need(not self.over and (self.still or at < self.deadline), "截止之后才变更", "ordered after the deadline")
        if "ordered_at" not in facts and not self.still and written >= self.deadline:
            self.undated += 1
        return at

    def days(self, key: str, since: datetime, until: datetime) -> None:
        """At least the law's days lie between."""
        least = _day(since) + timedelta(days=whole(int(decimal(self.law[key]["value"]))))
        need(_day(until) >= least, "留给投标人的时间不足", f"{key}: less time than the law gives")

    def take(self, entry: dict[str, Any]) -> None:
        """What an entry on the section does to the deadline."""
        facts = entry["facts"]
        match entry["kind"]:
            case "section.publish":
                self.deadline, self.told = instant(facts["deadline"]), "law_sha256" in facts
                need(
                    self.policies.get(1) == self.deadline, "第一版密封规则的截止时间不同", "policy 1: another deadline"
                )
                level = self.law.get("deadline_level", {}).get("value")
                if "first_round" not in facts and "issue_to_deadline_min" in self.law and level != "warn":
                    self.days("issue_to_deadline_min", instant(entry["at"]) - LAG, self.deadline)
            case "policy.publish" if facts["version"] != 1:
                held = not self.over and self.policies.get(facts["version"]) == self.deadline
                need(held, "密封规则的截止时间未经公布", "a policy's deadline was not ordered before it")
            case "clarification.publish" | "extension.publish":
                at, new = self.ordered(entry), instant(facts["new_deadline_at"])
                held = instant(facts["old_deadline_at"]) == self.deadline <= new
                need(held, "截止时间前后不接", "the deadline moved does not join")
                if facts.get("affects_preparation") and not self.still and "clarify_before_deadline" in self.law:
                    self.days("clarify_before_deadline", at, new)
                self.deadline = new
            case "section.suspend":
                self.ordered(entry)
                held = not self.still and instant(facts["deadline"]) == self.deadline
                need(held, "暂停时的截止时间不符", "suspended with another deadline")
                self.still = True
            case "section.resume":
                held = self.still and instant(facts["deadline"]) >= self.deadline
                need(held, "恢复后的截止时间不符", "resumed with an earlier deadline")
                self.deadline, self.still = instant(facts["deadline"]), False
            case "section.close":
                held = not self.still and instant(facts["deadline"]) == self.deadline
                need(held, "截标时的截止时间不符", "closed with another deadline")
                need(instant(entry["at"]) >= self.deadline, "早于截止时间截标", "closed before the deadline")
                self.over = True


def _closing(case: Case, clock: Clock) -> None:
    code, (size, _) = case.section, open_head(case.ledger()["closing"], case.platform())
    policy = case.archive.rows("policies.json")[-1]
    close, convene = case.only("section.close", f"section:{code}"), case.only("opening.convene", f"opening:{code}")
    cover = case.only("opening.cover", f"opening:{code}")
    facts = convene["facts"]
    held = facts["policy_digest"] == policy["digest"] and instant(facts["deadline"]) == clock.deadline
    held = held and clock.policies[policy["version"]] == clock.deadline
    need(held, "召集开标所据的密封规则不符", "convened under another policy or deadline")
    held = close["index"] < convene["index"] == size - 1 and size <= cover["index"]
    held = held and same(case.archive.json("opening.json")["closing_size"], size)
    need(held, "截标日志头不是召集时所签", "the closing head was not signed with the convening")
    here = sorted(whole(row["leaf_index"]) for row in case.archive.rows("submissions.json"))
    told = [entry["index"] for entry in case.entries if entry["kind"] == "commitment"]
    need(here == told, "承诺与递交不是同一批", "a commitment told is of no submission")
    need(all(index < close["index"] for index in here), "截标之后的承诺", "committed after the closing")
    steps = ["publish_names", "open_decryption", "close_decryption", "sign_record", "hand_over"]
    found = [case.told(f"opening.{step}", f"opening:{code}") for step in steps]
    places = [cover["index"], *(entries[0]["index"] for entries in found if entries)]
    held = all(found) and places == sorted(set(places))
    need(held, "开标的步骤不全或次序不对", "the steps of the opening are missing or out of order")


def _terms(case: Case, clock: Clock) -> None:
    project, policy = case.archive.json("project.json"), case.archive.rows("policies.json")[-1]
    section = project["section"]
    calls = [e for e in case.entries if e.get("kind") in CALLS and e.get("subject") == f"section:{case.section}"]
    need(calls, "没有招标公告", "there is no call")
    content = calls[-1]["facts"]["content"]
    meant = {
        "project_code": project["code"], "section_code": section["code"], "section_name": section["name"],
        "policy_sha256": policy["digest"], "policy_version": policy["version"],
    }  # fmt: skip
    if calls[-1]["kind"] != "notice.final_offers":
        meant |= {
            "project_name": project["name"], "regime": project["regime"], "procedure": project["procedure"],
            "tenderee": project["tenderee"]["name"], "tenderee_identifier": project["tenderee"]["identifier"],
            "agent_identifier": (project["agent"] or {}).get("identifier"),
            "method_sha256": digest(section["method"]), "estimate_fen": section["estimate_fen"],
            "control_price_fen": section["control_price_fen"], "bond_fen": section["bond_fen"],
        }  # fmt: skip
    odd = [name for name, value in meant.items() if not same(content[name], value)]
    need(not odd, f"与最新公告不同：{'、'.join(odd)}", f"not what the newest call says: {', '.join(odd)}")
    held = instant(content["deadline_at"]) == instant(section["deadline_at"]) == clock.deadline
    need(held, "公告的截止时间不同", "the call says another deadline")


def _cited(value: object) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        if all(name in value for name in ("rule", "key", "value", "source")):
            yield value
        for inner in value.values():
            yield from _cited(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _cited(inner)


def _frozen(case: Case) -> None:
    law, published = case.archive.json("project.json")["law"], case.only("section.publish", f"section:{case.section}")
    facts, rules = published["facts"], _law(case)
    if "law" in facts:
        need(facts["law"] == law["on"], "法规的适用日不同", "the law is of another day")
    if "law_sha256" in facts or str(published["at"])[:10] >= HASHED_FROM:
        held = facts.get("law_sha256") == sha256(canonical(law)).hex()
        need(held, "法规不是发布时所固定的", "the law is not the one frozen at publication")
    for entry in case.entries:
        if entry["index"] > published["index"]:
            for cited in _cited(entry.get("facts")):
                rule = rules.get(str(cited["key"]))
                held = rule is None or (cited["value"] == rule["value"] and cited["rule"] == rule["id"])
                where = f"#{entry['index']} {cited['key']}"
                need(held, f"{where} 所引法规不同", f"{where}: another law was cited")


def lived(case: Case, out: Findings) -> Said:
    """One round's course: moves, deadlines, closing, terms, law."""
    count, clock = 0, Clock(case)
    with out.at("moves"):
        count = moves(case)
    with out.at("deadlines"):
        for entry in case.entries:
            if entry.get("subject") == f"section:{case.section}":
                with out.at(f"#{entry['index']} {entry['kind']}"):
                    clock.take(entry)
        need(clock.over, "没有截标", "never closed")
    with out.at("closing"):
        _closing(case, clock)
    with out.at("notices.json"):
        _terms(case, clock)
    with out.at("project.json law"):
        _frozen(case)
    zh, en = ("", "") if clock.told else unchecked(clock.undated)
    said = f"{count} moves join; deadlines moved only before they came{en}"
    return f"{count} 步前后相接，截止时间只在到来之前变更{zh}", said


def unchecked(undated: int) -> Said:
    """What cannot be checked of a round published before 0.8."""
    zh = f"。由 0.8 版之前的平台发布：法规只按此后的引用核对；{undated} 项命令在截止后一分钟之内入账"
    en = f"; published before 0.8: its law is checked only by what cited it since, and whether {undated} orders written"
    cannot = " within a minute after the deadline were given before it cannot be checked"
    return f"{zh}，是否在截止之前下达无从核对", en + cannot


def course(case: Case, out: Findings) -> Said:
    """The whole life of the section, to the sealing of its file."""
    said = lived(case, out)
    code = case.section
    with out.at("section.archive"):
        end = case.only("section.archive", f"section:{code}")
        built, at = instant(case.archive.json("manifest.json")["built_at"]), instant(end["at"])
        need(built <= at <= built + LAG, "归档时刻与日志不同", "built_at is not when the section was archived")
        need(instant(case.entries[-1]["at"]) <= built + LAG, "归档之后仍有条目", "entries later than built_at")
        steps = [("committee.begin_scoring", "committee"), ("committee.lock", "committee"),
                 ("committee.report", "committee"), ("committee.deliver", "committee"),
                 ("section.deliver_report", "section"), ("publicity.award", "publicity")]  # fmt: skip
        handed = case.told("opening.hand_over", f"opening:{code}")
        found = [handed[:1], *(case.told(kind, f"{noun}:{code}")[-1:] for kind, noun in steps), [end]]
        places = [entry["index"] for entries in found for entry in entries]
        held = all(found) and places == sorted(set(places))
        need(held, "各阶段不全或次序不对", "stages are missing or out of order")
    return said
