"""The claim about draws: commitments, reveals, seed, order, coefficient and the walk over the experts."""

from collections import Counter
from typing import Any

from .canonical import Wrong, decimal, digest, exactly, need, same, sha256, unhex, whole
from .claims_ledger import Said
from .claims_partners import check_partners
from .claims_seats import check_sitting, in_turn, left_by, seats_to_draw
from .claims_sites import check_sites
from .verdict import Case, Findings


def ticket(seed: bytes, label: str, value: str) -> bytes:
    """The ticket of a candidate."""
    return sha256(seed + label.encode() + b"\n" + value.encode())


def in_order(seed: bytes, label: str, candidates: list[str]) -> list[str]:
    """Candidates by ascending ticket, then text."""
    return sorted(candidates, key=lambda value: (ticket(seed, label, value), value))


def grid(price: dict[str, Any]) -> list[str]:
    """The coefficients a method allows: low, low + step … high, with as many decimals as the longest of the three."""
    texts = [*price["k_range"], price["step"]]
    low, high, step = (decimal(text) for text in texts)
    need(step > 0 and (high - low) / step <= 100000, "系数步长不对", "bad step")
    places = max(len(text.partition(".")[2]) for text in texts)
    count = int((high - low) / step) + 1
    whole_parts = [int((low + i * step) * 10**places) for i in range(count)]
    if not places:
        return [str(value) for value in whole_parts]
    return [f"{value // 10**places}.{value % 10**places:0{places}d}" for value in whole_parts]


class Seats:
    """Seats by speciality, filled by augmenting paths: who holds a seat may move to another of theirs."""

    def __init__(self, wanted: list[dict[str, Any]], held: dict[str, list[str]]) -> None:
        self.units = [row["speciality"] for row in wanted for _ in range(whole(row["count"], 0, 100))]
        self.held = held
        self.holder: dict[int, str] = {}

    def seat(self, candidate: str, tried: set[int] | None = None) -> bool:
        """Seat the candidate if all seated so far can keep a seat."""
        tried = set() if tried is None else tried
        for unit, speciality in enumerate(self.units):
            if speciality in self.held.get(candidate, []) and unit not in tried:
                tried.add(unit)
                if unit not in self.holder or self.seat(self.holder[unit], tried):
                    self.holder[unit] = candidate
                    return True
        return False


def check_walk(order: list[str], steps: list[Any], seats: list[Any], held: dict[str, list[str]]) -> None:
    """The steps follow from walking down the order; skip reasons that have arisen meanwhile are taken as stated."""
    need([step["candidate"] for step in steps] == order, "步骤与次序不是同一批", "the steps do not follow the order")
    matching, taken = Seats(seats, held), Counter[str]()
    wanted = set(matching.units)
    for place, step in enumerate(steps, 1):
        exactly(step, ("candidate", "detail", "outcome", "place"))
        name, outcome, detail = step["candidate"], step["outcome"], step["detail"]
        need(whole(step["place"]) == place, f"第 {place} 步位次不对", f"step {place}: wrong place")
        able = bool(wanted & set(held.get(name, [])))
        if outcome == "skipped" and detail and detail != "speciality":
            continue
        meant = "skipped" if not able else "seated" if matching.seat(name) else "standby"
        need(outcome == meant, f"第 {place} 步应为 {meant}", f"step {place} should be {meant}")
        if meant == "seated":
            need(detail in held[name], f"第 {place} 步专业不符", f"step {place}: not a speciality of theirs")
            taken[detail] += 1
        elif meant == "skipped":
            need(detail == "speciality", f"第 {place} 步缺理由", f"step {place}: reason missing")
    room = Counter(matching.units)
    need(taken <= room, "某专业超席", "more seated than a speciality has seats")


def _ledger(case: Case, draw: dict[str, Any]) -> None:
    subject = f"draw:{draw['label']}"
    announced, concluded = (case.only(f"draw.{verb}", subject)["facts"] for verb in ("announce", "conclude"))
    held = same(announced, {"parties": draw["parties"], "parameters": draw["parameters"]})
    need(held, "与公布的抽取不同", "not the draw that was announced")
    found = {"seed": draw["seed"], "outcome": draw["outcome"], "k": draw["outcome"].get("k")}
    held = all(same(concluded[name], value) for name, value in found.items() if name in concluded)
    need(held, "结果与日志不同", "another outcome is told")
    freeze = case.only("draw.freeze", subject)
    need(freeze["facts"]["list_digest"] == draw["list_digest"], "冻结名单不符", "draw.freeze has another list_digest")
    for kind, value, texts in (("draw.commit", "commitment", "commitments"), ("draw.reveal", "nonce", "reveals")):
        told, meant = case.told(kind, subject), draw[texts]
        facts = [{"party": party, value: text} for party, text in sorted(meant.items())]
        here = sorted((entry["facts"] for entry in told), key=lambda fact: str(fact["party"]))
        need(same(here, facts), f"{kind} 与日志不符", f"{kind} is not as told")
        before = kind == "draw.commit"
        held = all((entry["index"] < freeze["index"]) == before for entry in told)
        need(held, f"{kind} 与冻结先后不对", f"{kind} on the wrong side of draw.freeze")


def check_draw(case: Case, draw: dict[str, Any]) -> None:
    """One draw, re-computed from its nonces, and as the ledger told it."""
    label, candidates, parties = draw["label"], draw["candidates"], draw["parties"]
    need(isinstance(label, str), "标签不对", "bad label")
    strings = isinstance(candidates, list) and candidates and all(isinstance(text, str) for text in candidates)
    need(strings and len(set(candidates)) == len(candidates), "候选不对", "bad candidates")
    need(parties and len(set(parties)) == len(parties), "没有参与方", "no parties")
    held = sorted(parties) == sorted(draw["reveals"]) == sorted(draw["commitments"])
    need(held, "参与方与揭示者不同", "parties are not the revealers")
    nonces = []
    for party, text in draw["reveals"].items():
        nonce = unhex(text, 32)
        held = sha256(nonce).hex() == draw["commitments"][party]
        need(held, f"{party} 的承诺打不开", f"{party} does not open the commitment")
        nonces.append(nonce)
    nonces += [unhex(text, 32) for text in draw["extra"]]
    need(digest(sorted(candidates)) == draw["list_digest"], "名单摘要不符", "list_digest differs")
    seed = sha256(b"sunbid-draw/v1\n" + label.encode() + b"\n" + b"".join(sorted(nonces)))
    need(seed.hex() == draw["seed"], "种子不符", "the seed differs")
    order, outcome = in_order(seed, label, candidates), draw["outcome"]
    if label == f"coefficients:{case.section}":
        need(sorted(parties) == ["officer", "supervisor"], "参与方不对", "the parties are not officer and supervisor")
        price = case.archive.json("project.json")["section"]["method"]["price"]
        need(sorted(candidates) == sorted(grid(price)), "候选不是办法所定", "the candidates are not the method's grid")
        late = {n for e in case.entries if e.get("kind") == "opening.restore" for n in e["facts"]["numbers"]}
        bids = [bid["envelopes"]["schedule"]["nonce"] for bid in case.opened() if bid["number"] not in late]
        need(sorted(draw["extra"]) == sorted(bids), "附加随机数不是各投标的", "extra is not the opened bids' nonces")
        steps = [{"value": value, "ticket": ticket(seed, label, value).hex()} for value in order]
        need(same(outcome, {"k": order[0], "steps": steps}), "系数不符", "the outcome is not what follows")
        shown = case.archive.json("opening.json")["coefficients"]
        meant = {
            "k": order[0],
            "seed": draw["seed"],
            "label": label,
            "steps": steps,
            "list_digest": draw["list_digest"],
        }
        meant["parties"] = [{"party": party, "commitment": draw["commitments"][party], "nonce": draw["reveals"][party]}
                            for party in sorted(parties)]  # fmt: skip
        held = same({name: shown[name] for name in meant}, meant) and sorted(shown["candidates"]) == sorted(candidates)
        counted = [bid for bid in case.opened() if bid["number"] not in late]
        nonces_of = [
            [bid["number"], bid["submission_digest"], bid["envelopes"]["schedule"]["nonce"]] for bid in counted
        ]
        names = ("number", "submission_digest", "nonce")
        held = held and same([[one[name] for name in names] for one in shown["bid_nonces"]], nonces_of)
        need(held, "opening.json 的系数不符", "opening.json has another coefficient")
    elif label == f"experts:{case.section}" or label.startswith(f"experts:{case.section}:"):
        need(sorted(parties) == ["officer", "supervisor", "tenderee"], "参与方不对", "the parties are not the three")
        need(not draw["extra"], "不应有附加随机数", "no extra nonces belong here")
        need(outcome["order"] == order, "次序不符", "the order differs")
        committee = f"committee:{case.section}"
        need(same(draw["seats"], seats_to_draw(case)), "席位与日志不同", "the seats are not the ledger's")
        lists = [e["facts"] for e in case.told("committee.candidates", committee) if e["facts"]["label"] == label]
        held = same([facts["specialities"] for facts in lists], [draw["specialities"]])
        need(held, "专业与日志不同", "the specialities are not the ledger's")
    else:
        raise Wrong("标签不识", "unknown label")
    _ledger(case, draw)


def check_walks(case: Case, rows: list[dict[str, Any]]) -> None:
    """First and supplementary draws: a later one walks all candidates so far again, without those who have left."""
    before: list[str] = []
    held: dict[str, list[str]] = {}
    for row in in_turn(case, rows):
        standing = row["outcome"].get("standing", [])
        names = [step["candidate"] for step in standing]
        need(names == before, "补抽未列此前的候选", "a supplementary draw leaves out earlier candidates")
        at = case.only("draw.conclude", f"draw:{row['label']}")["index"]
        gone = {s["candidate"]: s["detail"] for s in standing if s["detail"] in ("declined", "avoided", "absent")}
        need(gone == left_by(case, at, before), "离席者与日志不符", "those who left are not the ledger's")
        need(not set(held) & set(row["specialities"]), "候选重复", "a candidate is drawn twice")
        before = before + row["outcome"]["order"]
        held = held | row["specialities"]
        check_walk(before, [*standing, *row["outcome"]["steps"]], row["seats"], held)


def draws(case: Case, out: Findings) -> Said:
    """Every draw follows from its nonces; where a coefficient was drawn, its draw is here."""
    rows = case.archive.rows("draws.json")
    for row in rows:
        with out.at(f"draws.json {row.get('label')}"):
            check_draw(case, row)
    with out.at("draws.json"):
        labels = [row.get("label") for row in rows]
        need(len(set(map(str, labels))) == len(labels), "标签重复", "two draws have one label")
        drawn = case.archive.json("opening.json")["coefficients"]["k"] is not None
        held = (f"coefficients:{case.section}" in labels) == drawn
        concluded = [str(e["subject"]) for e in case.entries if e.get("kind") == "draw.conclude"]
        need(
            sorted(concluded) == sorted(f"draw:{x}" for x in labels),
            "与日志所载抽取不同",
            "not the draws the ledger tells",
        )
        drawn_at_all = (f"experts:{case.section}" in labels) == bool(seats_to_draw(case))
        need(drawn_at_all, "专家抽取缺失或多余", "the experts' draw is missing or additional")
        check_walks(case, rows)
        check_partners(case, in_turn(case, rows))
        check_sitting(case, rows)
        check_sites(case)
        need(held, "系数抽取缺失或多余", "the coefficient draw is missing or additional")
    return f"{len(rows)} 次，种子、次序与结果可重算", f"{len(rows)} draws: seed, order and outcome follow"
