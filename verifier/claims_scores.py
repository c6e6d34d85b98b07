"""The claim about scores: every price score, mean, total and rank, re-computed in exact fractions."""

from fractions import Fraction
from typing import Any

from .bases import Bids, base_of
from .canonical import Wrong, decimal, exactly, need, same, unhex, whole
from .claims_clarifications import REVIEWS, clarified, standing
from .claims_draws import in_order
from .claims_ledger import Said
from .claims_opinions import check_opinions
from .verdict import Case, Findings

GROUPS = ("technical", "qualification")
REASONS = ("total", "price", "technical", "draw")
Means = dict[int, dict[str, Fraction]]


def cents(value: Fraction) -> int:
    """Hundredths, rounded half up."""
    return (200 * value.numerator + value.denominator) // (2 * value.denominator)


def published(value: Fraction) -> str:
    """The published spelling: two decimals, rounded once."""
    return f"{cents(value) // 100}.{cents(value) % 100:02d}"


def computed_points(criterion: dict[str, Any], schedule: dict[str, Any]) -> str:
    """The published score of a criterion computed from the schedule (scoring.md section 2)."""
    told, offered = criterion["computed"], schedule[criterion["computed"]["of"]]
    points = decimal(criterion["points"])
    if offered <= told["full"]:
        return published(points)
    if offered >= told["none"]:
        return published(Fraction(0))
    return published(points * (told["none"] - offered) / (told["none"] - told["full"]))


def price_scores(
    method: dict[str, Any],
    prices: dict[int, int],
    k: object,
    off: dict[int, Fraction] | None = None,
    most: int = 0,
    *,
    more: dict[int, Fraction] | None = None,
    result: dict[str, Any] | None = None,
    means: Means | None = None,
) -> dict[str, Any]:
    """Base, scores, deviations and which bids the base was made of (scoring.md section 3).

    `off`: shares deducted; `more`: shares added to a bid's own score; `most`: the maximum price; `result` has the draw.
    """
    points = decimal(method["points"])
    order = sorted(prices, key=lambda n: (prices[n], n))
    if method["formula"] == "lowest-first/v1":
        compared = {n: prices[n] - prices[n] * (off or {}).get(n, Fraction(0)) for n in order}
        base = Fraction(min(compared.values()))
        return {"base": base, "scores": {n: points * base / compared[n] for n in order}, "compared": compared}
    bids = Bids(prices, most, k, result, means)
    base, used, dropped = base_of(method, bids)
    deviations = {n: (prices[n] - base) / base * 100 for n in order}
    above, below = decimal(method["above"]), decimal(method["below"])
    scores = {n: max(Fraction(0), points - above * d if d > 0 else points + below * d) for n, d in deviations.items()}
    for n, share in (more or {}).items():
        scores[n] += scores[n] * share
    told = {"deviations": deviations, "used": used, "dropped": dropped, "drawn": bids.drawn}
    return {"base": base, "scores": scores, **told}


def _conformity(
    result: dict[str, Any], prices: dict[int, int], further: dict[int, set[str]], *, sealed: bool, anonymous: bool
) -> set[int]:
    """Who is rejected; while prices are `sealed` (two sittings) the control price is none of the clauses.

    Where an envelope is `anonymous` the marks in it are one.
    """
    conformity, control = result["conformity"], whole(result["control_price_fen"])
    members = conformity["members"]
    meant = sorted({*(clause["code"] for clause in result["method"]["review"]), "control_price"})
    if sealed:
        meant.remove("control_price")
    if anonymous:
        meant = sorted([*meant, "identifying_marks"])
    further = {} if sealed else further
    meant_of = {n: {*meant, *further.get(n, ())} for n in prices}
    rejected = _decided(conformity, members, meant_of)
    for n in meant_of:
        held = sealed or prices[n] <= control or n in rejected
        need(held, f"{n} 号超限价未否决", f"bid {n}: above the control price, not rejected")
    return rejected


def _decided(review: dict[str, Any], members: list[str], meant: dict[int, set[str]]) -> set[int]:
    """Who is rejected by majority, each bid on exactly the clauses meant for it."""
    need(members and len(set(members)) == len(members), "评审成员不对", "conformity: bad members")
    rejected = set()
    held = sorted(bid["number"] for bid in review["bids"]) == sorted(meant)
    need(held, "初步评审漏家", "conformity: not every bid")
    for bid in review["bids"]:
        n, fails = bid["number"], []
        clauses = sorted(c["clause"] for c in bid["clauses"])
        need(clauses == sorted(meant[n]), f"{n} 号条款不全", f"bid {n}: not every clause")
        for c in bid["clauses"]:
            votes = sum(whole(c[vote]) for vote in ("pass", "fail", "doubt"))
            need(votes == len(members), f"{n} 号 {c['clause']} 票数不符", f"bid {n} {c['clause']}: not every member")
            failed = 2 * c["fail"] > len(members)
            held = (c["decision"] == "fail") == failed
            need(held, f"{n} 号 {c['clause']} 结论不符", f"bid {n} {c['clause']}: wrong decision")
            fails += [c["clause"]] if failed else []
        need(bid["rejected"] is bool(fails), f"{n} 号否决不符", f"bid {n}: rejected is not what follows")
        rejected |= {n} if fails else set()
    return rejected


def _price_decided(result: dict[str, Any], scored: list[int], further: dict[int, set[str]], read: set[int]) -> set[int]:
    """Who is rejected for the price of a second sitting: exactly the bids whose price was read are decided on."""
    held = exactly(result["price_review"], ("members", "bids"))
    labels = [member["label"] for member in result["members"]]
    need(same(held["members"], labels), "报价评审成员不对", "price_review: other members")
    return _decided(held, labels, {n: set(further.get(n, ())) for n in scored if n in read})


def _sheets(case: Case, result: dict[str, Any], numbers: dict[int, str], out: Findings) -> Means:
    criteria = {c["code"]: c for c in result["method"]["criteria"]}
    schedules = {bid["number"]: bid.get("schedule") or {} for bid in case.opened()}
    labels = [member["label"] for member in result["members"]]
    seen = dict[tuple[int, str], dict[str, str]]()
    sums: dict[int, dict[str, list[Fraction]]] = {n: {group: [] for group in GROUPS} for n in numbers}
    for sheet in result["sheets"]:
        n, label, items = sheet["number"], sheet["member"], sheet["items"]
        with out.at(f"evaluation.json sheet {label}/{n}"):
            need(n in numbers and label in labels and (n, label) not in seen, "多余的评分表", "a sheet too many")
            seen[n, label] = items
            parts = dict.fromkeys(GROUPS, Fraction(0))
            for code, value in exactly(items, criteria).items():
                points, most = decimal(value), decimal(criteria[code]["points"])
                held = 0 <= points <= most and (points * 100).denominator == 1
                need(held, f"{code} 分值不允许", f"{code}: not an allowed score")
                levels = [decimal(level) for level in criteria[code].get("levels", [])]
                need(not levels or points in levels, f"{code} 不是所列分档", f"{code}: none of the levels")
                if "computed" in criteria[code]:
                    follows = computed_points(criteria[code], schedules[n])
                    need(published(points) == follows, f"{code} 与工期不符", f"{code} does not follow from the bid")
                if criteria[code]["group"] == "policy":
                    held = points in (0, 1) and criteria[code]["objective"]
                    need(held, f"{code} 不是是否", f"{code}: neither yes nor no")
                else:
                    parts[criteria[code]["group"]] += points
            for group, value in (*parts.items(), ("total", sum(parts.values()))):
                need(sheet[group] == published(Fraction(value)), f"{group} 合计不符", f"{group} is not the sum")
            for group in GROUPS:
                sums[n][group].append(parts[group])
            locks = case.told("sheet.lock", f"sheet:{case.section}:{label}:{numbers[n][:12]}")
            need(locks, "日志中没有此评分表", "no told sheet.lock")
            told = {code: item[0] for code, item in locks[-1]["facts"]["items"].items()}
            need(same(told, items), "与锁定的评分表不同", "not the sheet that was locked")
    need(len(seen) == len(numbers) * len(labels), "评分表不全", "a sheet is missing")
    for code in (code for code, c in criteria.items() if c["objective"]):
        for n in numbers:
            agree = len({decimal(seen[n, label][code]) for label in labels}) == 1
            need(agree, f"{n} 号 {code} 客观分不一致", f"bid {n} {code}: members differ on an objective criterion")
    count = len(labels)
    return {n: {group: sum(sums[n][group], Fraction(0)) / count for group in GROUPS} for n in numbers}


def _entitled(result: dict[str, Any], prices: dict[int, int], kind: str) -> dict[int, Fraction]:
    """What each bid is entitled to: of every policy all of its sheets say 1 to, added up."""
    found: dict[int, Fraction] = {}
    for criterion in result["method"]["criteria"]:
        if criterion["group"] == "policy" and kind in criterion:
            for n in {s["number"] for s in result["sheets"] if decimal(s["items"][criterion["code"]]) == 1} & set(
                prices
            ):
                found[n] = found.get(n, Fraction(0)) + decimal(criterion[kind]) / 100
    return found


def _price(result: dict[str, Any], prices: dict[int, int], means: Means) -> dict[int, Fraction]:
    off, more = (_entitled(result, prices, kind) for kind in ("deduct", "add"))
    said, method, most = result["price"], result["method"], whole(result["control_price_fen"])
    computed = price_scores(method["price"], prices, said["k"], off, most, more=more, result=result, means=means)
    policies = [criterion for criterion in method["criteria"] if criterion["group"] == "policy"]
    kind = "deduct" if "compared" in computed else "add"
    held = all(kind in one and len({"deduct", "add"} & set(one)) == 1 for one in policies)
    need(held, "此公式没有这种政策", "no such policy goes with this formula")
    need(said["base_fen"] == str(computed["base"]), "基准价不符", "price: base_fen differs")
    need(same(said.get("drawn", {}), computed.get("drawn", {})), "抽取的参数不符", "price: other values were drawn")
    need(sorted(row["number"] for row in said["scores"]) == sorted(prices), "价格分漏家", "price: not every scored bid")
    for row in said["scores"]:
        n, exact = row["number"], computed["scores"][row["number"]]
        need(row["exact"] == str(exact), f"{n} 号价格分不符", f"price: the exact score of bid {n} differs")
        need(row["score"] == published(exact), f"{n} 号价格分取位不符", f"price: the rounded score of bid {n} differs")
        if policies and kind == "deduct":
            held = row["evaluated_fen"] == str(computed["compared"][n])
            need(held, f"{n} 号评审价格不符", f"price: the evaluated price of bid {n} differs")
        elif policies:
            held = row["added_percent"] == str(more.get(n, Fraction(0)) * 100)
            need(held, f"{n} 号加分不符", f"price: what is added to bid {n} differs")
        if "deviations" in computed:
            held = row["deviation_percent"] == str(computed["deviations"][n])
            need(held, f"{n} 号偏差率不符", f"price: the deviation of bid {n} differs")
    if "used" in computed:
        need(sorted(said["used"]) == sorted(computed["used"]), "计入均值的投标不符", "price: other bids were used")
        held = same([said["dropped_high"], said["dropped_low"]], computed["dropped"])
        need(held, "去掉的最高最低不符", "price: other bids were dropped")
    return dict(computed["scores"])


def _draws(case: Case, result: dict[str, Any]) -> None:
    rows = {row["label"]: row for row in case.archive.rows("draws.json")}
    coefficient = rows.get(f"coefficients:{case.section}")
    if result["method"]["price"]["formula"] != "lowest-first/v1":
        need(coefficient, "没有系数抽取", "there is no coefficient draw")
    k = coefficient["outcome"]["k"] if coefficient else None
    drawn = result["coefficients"]
    held = coefficient is None or same([drawn["seed"], drawn["label"]], [coefficient["seed"], coefficient["label"]])
    need(held, "系数的种子不是抽取的", "coefficients: another seed or label than the draw's")
    held = same(result["price"]["k"], k) and same(result["coefficients"]["k"], k)
    need(held, "系数不是抽得的", "k is not the drawn one")
    tie = exactly(result["tie"], ("label", "seed", "order"))
    experts = [row for label, row in rows.items() if label.startswith(f"experts:{case.section}")]
    source = coefficient or (experts[-1] if experts else None)
    if source is None:
        raise Wrong("没有种子", "there is no draw with a seed")
    held = tie["seed"] == source["seed"] and tie["label"] == f"tie:{case.section}"
    need(held, "并列种子不符", "tie: another seed or label")


def _rank(result: dict[str, Any], digests: dict[int, str], prices: dict[int, int],
          means: Means, scores: dict[int, Fraction]) -> list[int]:  # fmt: skip
    tie = result["tie"]
    order = in_order(unhex(tie["seed"], 32), tie["label"], list(digests.values()))
    need(tie["order"] == order, "并列次序不符", "tie: the order differs")
    total = {n: means[n]["technical"] + means[n]["qualification"] + scores[n] for n in digests}
    keys = {n: (-cents(total[n]), prices[n], -means[n]["technical"], order.index(digests[n])) for n in digests}
    ranked = sorted(digests, key=lambda n: keys[n])
    need(same([row["number"] for row in result["ranking"]], ranked), "名次不符", "ranking is not what follows")
    above: tuple[Any, ...] | None = None
    for place, row in enumerate(result["ranking"], 1):
        n = row["number"]
        exact = {group: means[n][group] for group in GROUPS} | {"price": scores[n], "total": total[n]}
        for name, value in exact.items():
            need(row[name] == published(value), f"{n} 号 {name} 不符", f"bid {n}: published {name} differs")
            held = row["exact"].get(name, str(value)) == str(value)
            need(held, f"{n} 号精确 {name} 不符", f"bid {n}: exact {name} differs")
        parted = "first"
        if above:
            parted = next(why for why, a, b in zip(REASONS, above, keys[n], strict=True) if a != b)
        above = keys[n]
        held = whole(row["rank"]) == place and row["decided_by"] == parted
        need(held, f"{n} 号定序依据不符", f"bid {n}: rank or decided_by differs")
    first = sorted(ranked[:3]) if "selection" in result["method"] else ranked[:3]
    need(same(result["candidates"], first), "候选人不符", "candidates is not what follows")
    return ranked


def scores(case: Case, out: Findings) -> Said:
    """The result follows from the sheets, the prices, the method and the draw, and is the one that was locked."""
    section, result = case.archive.json("project.json")["section"], case.archive.json("evaluation.json")
    ranked: list[int] = []
    with out.at("committee.lock"):
        lock = standing(case, "committee.lock", "committee.roll_back_scoring", "committee.roll_back_review")
        need(same(lock["facts"].get("result"), result), "锁定的结果不是此份", "the last told lock has another result")
    with out.at("committee.begin_scoring"):
        begun = standing(case, *REVIEWS)["facts"]
        need(same(begun["conformity"], result["conformity"]), "初步评审与日志不同", "conformity is not the ledger's")
        first = case.told(REVIEWS[0], f"committee:{case.section}")[0]
        places = [entry["index"] for entry in case.entries if entry.get("kind") == "sheet.lock"]
        held = all(first["index"] < place < lock["index"] for place in places)
        need(held, "评分表不在评审之后、结果之前锁定", "a sheet was locked before the review or after the result")
        asked = case.only("committee.request", f"committee:{case.section}")["facts"]["shape"]["size"]
        held = asked == len({member["label"] for member in result["members"]}) == len(result["members"])
        need(held, "评委人数不是所请", "not as many members as were asked for")
    with out.at("evaluation.json"):
        held = result["type"] == "sunbid-result/v1" and result["section"] == case.section
        need(held, "格式或标段不符", "another type or section")
        need(same(result["method"], section["method"]), "评标办法不是公布的", "method is not project.json's")
        held = same(result["control_price_fen"], section["control_price_fen"])
        need(held, "限价不是公布的", "control_price_fen is not project.json's")
        known = {bid["number"]: bid for bid in case.archive.rows("bids.json")}
        opened = {bid["number"] for bid in case.opened() if bid["state"] != "rejected"}
        bids = {whole(bid["number"]): bid for bid in result["bids"]}
        need(len(bids) == len(result["bids"]), "投标重复", "a bid stands twice")
        need(opened <= set(bids), "漏评", f"not reviewed: bids {sorted(opened - set(bids))}")
        for n, bid in bids.items():
            with out.at(f"evaluation.json bid {n}"):
                here = known[n]
                meant = {name: here[name] for name in ("number", "name", "identifier", "price_fen")}
                stated = {name: value for name, value in bid.items() if name != "consortium"}
                held = same(stated, meant | {"submission": here["submission_digest"]})
                need(held, "与 bids.json 不符", "name, price or submission is not that of bids.json")
                need(same(bid.get("consortium", []), case.consortia[n]), "联合体成员与公布的不同", "another consortium")
        sealed, most = bool(case.later), whole(result["control_price_fen"])
        told = {n: 0 if sealed and bid["price_fen"] is None else whole(bid["price_fen"], 1) for n, bid in bids.items()}
        corrected, further = clarified(case, result, out)
        told |= corrected
        rejected = _conformity(result, told, further, sealed=sealed, anonymous=bool(case.anonymous))
        scored = {n: bid["submission"] for n, bid in bids.items() if n not in rejected}
        out_of = (
            _price_decided(result, list(scored), further, opened & {n for n in told if told[n]}) if sealed else set()
        )
        digests = {
            n: digest
            for n, digest in scored.items()
            if not sealed or (n in opened and told[n] <= most and n not in out_of)
        }
        if sealed:
            unpriced = [n for n in scored if n not in digests]
            need(same(result["unpriced"], unpriced), "未计分的投标不符", "unpriced is not what follows")
        prices = {n: told[n] for n in digests}
        _draws(case, result)
        check_opinions(case)
        means = _sheets(case, result, scored, out)
        ranked = _rank(result, digests, prices, means, _price(result, prices, means))
    sheets, count = len(result["sheets"]), len(ranked)
    return f"{sheets} 张评分表，{count} 家得分与名次可重算", f"{sheets} sheets; scores and ranks of {count} bids follow"
