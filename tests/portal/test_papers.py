"""The demo's documents: readable by the programs that will read them, honest where honest, rigged where rigged."""

from __future__ import annotations

import hashlib
import itertools
import json
import re
import unicodedata
import zipfile
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import docx
import openpyxl
import pypdfium2
import pytest

from portal.cli.demo.papers import (
    AGENT,
    CRITERIA,
    DEFAULT_DATES,
    PRICE_RULE,
    TENDERER,
    Papers,
    price_scores,
    write_papers,
)
from portal.cli.demo.papers import bidders as all_bidders
from portal.cli.demo.papers.copying import Copyist
from portal.cli.demo.papers.criteria import MAXIMUM_PRICE_FEN
from portal.cli.demo.papers.parties import unified_social_credit_code
from portal.cli.demo.papers.pricing import chinese_amount
from portal.cli.demo.papers.sheet import HEADER, SHEET
from tests.papers import written

HONEST = ("changhe", "jiangnan", "hengji", "tianheng")
RIGGED = ("dongqi", "beichen")
RUN = 30


@pytest.fixture(scope="module")
def papers(tmp_path_factory: pytest.TempPathFactory) -> Papers:
    """The papers of the default seed and dates."""
    return written(tmp_path_factory)


LATER = replace(DEFAULT_DATES, **{name: at + timedelta(days=90) for name, at in vars(DEFAULT_DATES).items()})


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Papers:
    """The papers of another seed, ninety days later."""
    return written(tmp_path_factory, "elsewhere", seed=7, dates=LATER)


def text_of(path: Path) -> str:
    """What a reader sees: paragraphs and cells of a docx, the text layer of a PDF."""
    if path.suffix == ".docx":
        document = docx.Document(str(path))
        cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
        return "\n".join([paragraph.text for paragraph in document.paragraphs] + cells)
    pages = pypdfium2.PdfDocument(path)
    return "\n".join(page.get_textpage().get_text_range() for page in pages)


def folded(text: str) -> str:
    """The text without spaces, punctuation and width differences: what copying leaves alike."""
    return re.sub(r"[\W_]", "", unicodedata.normalize("NFKC", text))


def chinese(text: str) -> int:
    return len(re.findall(r"[\u4e00-\u9fff]", text))


def rows_of(path: Path) -> list[tuple[object, ...]]:
    sheet = openpyxl.load_workbook(path, data_only=True)[SHEET]
    return [tuple(row) for row in sheet.iter_rows(values_only=True)]


def items_of(path: Path) -> dict[str, tuple[Decimal, Decimal, Decimal, str]]:
    """code → quantity, unit price, amount, name + feature of every item row."""
    return {
        str(row[1]): (Decimal(str(row[5])), Decimal(str(row[6])), Decimal(str(row[7])), f"{row[2]}{row[3]}")
        for row in rows_of(path)[1:]
        if row[1]
    }


def part(path: Path, name: str) -> str:
    with zipfile.ZipFile(path) as package:
        return package.read(name).decode()


def rsids(path: Path) -> set[str]:
    return set(re.findall(r'<w:rsid w:val="(\w+)"', part(path, "word/settings.xml")))


def technical(papers: Papers, key: str) -> Path:
    return papers.bids[key].files["technical"][0]


def facts(papers: Papers, kind: str) -> list[dict[str, object]]:
    return [fact for fact in json.loads(papers.planted.read_text("utf-8"))["facts"] if fact["kind"] == kind]


def test_every_document_opens_and_speaks_chinese(papers: Papers) -> None:
    """Seen red: with the heading styles deleted from the template python-docx could not open the file."""
    least = {"招标文件.docx": 12_000, "招标文件.pdf": 12_000, "技术标.docx": 5_000, "技术标.pdf": 5_000}
    documents = sorted([*papers.folder.rglob("*.docx"), *papers.folder.rglob("*.pdf")])
    assert len(documents) == 2 + 6 * 3
    for path in documents:
        assert chinese(text_of(path)) >= least.get(path.name, 250), path
    for key in papers.bids:
        assert len(folded(text_of(technical(papers, key)))) >= 6_000, key


def test_docx_pdf_xlsx_and_json_all_occur_among_the_envelopes(papers: Papers) -> None:
    suffixes = Counter(path.suffix for bid in papers.bids.values() for files in bid.files.values() for path in files)
    assert set(suffixes) == {".docx", ".pdf", ".xlsx", ".json"}
    assert {technical(papers, key).suffix for key in ("changhe", "hengji")} == {".pdf"}
    for bid in papers.bids.values():
        assert set(bid.files) == {"qualification", "technical", "price", "schedule"}
        assert all(path.is_file() for files in bid.files.values() for path in files)


def test_the_tender_document_says_the_same_in_docx_and_pdf(papers: Papers) -> None:
    """Seen red: with one paragraph left out of the PDF."""
    printed = folded(
        re.sub(r"第 \d+ 页 共 \d+ 页|滨江新区第三水厂扩建工程施工一标段招标文件", "", text_of(papers.tender_pdf))
    )
    for paragraph in docx.Document(str(papers.tender_docx)).paragraphs:
        if paragraph.style is not None and paragraph.style.name.startswith("toc"):
            continue
        assert folded(paragraph.text).replace("滨江新区第三水厂扩建工程施工一标段招标文件", "") in printed, (
            paragraph.text
        )


def test_the_tender_document_states_the_terms_the_law_asks_for(papers: Papers) -> None:
    """Seen red: with the sentence on consortia taken out."""
    text = text_of(papers.tender_docx)
    for term in (
        "186,500,000.00",
        "壹亿捌仟陆佰伍拾万元整",
        "180,000,000.00",
        "800,000.00",
        "540 日历天",
        "接受联合体投标，联合体成员不超过两家",
        "HZ-GC-2026-0417-01",
        TENDERER.name,
        AGENT.name,
        "2026年05月21日09时30分",
        "拒收",
    ):
        assert term in text, term
    for criterion in CRITERIA:
        assert criterion.name in text and criterion.standard in text, criterion.code


def test_criteria_add_up_to_one_hundred() -> None:
    """Seen red: with nine points for T1."""
    groups = {
        group: sum(one.points for one in CRITERIA if one.group == group) for group in ("technical", "credit", "price")
    }
    assert groups == {"technical": 40, "credit": 10, "price": 50}
    assert PRICE_RULE.points == groups["price"]


def test_other_dates_appear_in_the_document_and_in_the_files(elsewhere: Papers) -> None:
    """Seen red: with DEFAULT_DATES used for the traces whatever dates were given."""
    assert "2026年08月19日09时30分" in text_of(elsewhere.tender_docx)
    for path in elsewhere.folder.rglob("*.docx"):
        created = docx.Document(str(path)).core_properties.created
        assert created is not None
        assert LATER.deadline_at - timedelta(days=45) < created.replace(tzinfo=UTC) < LATER.deadline_at, path


def test_dates_without_a_zone_or_out_of_order_are_refused() -> None:
    """Seen red: with either check removed."""
    with pytest.raises(ValueError, match="timezone"):
        replace(DEFAULT_DATES, deadline_at=datetime(2026, 5, 21, 9, 30))  # noqa: DTZ001
    for name in ("documents_until_at", "questions_until_at", "clarification_until_at"):
        for instant in (DEFAULT_DATES.notice_at, DEFAULT_DATES.deadline_at):
            with pytest.raises(ValueError, match="out of order"):
                replace(DEFAULT_DATES, **{name: instant})


def test_bills_follow_the_template_and_add_up(papers: Papers) -> None:
    """Seen red: with one control price a fen higher."""
    control = items_of(papers.control_bill)
    assert len(control) >= 60
    assert sum(amount for _, _, amount, _ in control.values()) * 100 == MAXIMUM_PRICE_FEN
    for path in [papers.control_bill, *(bid.files["price"][0] for bid in papers.bids.values())]:
        rows = rows_of(path)
        assert rows[0] == HEADER
        items = items_of(path)
        assert [(code, one[0], one[3]) for code, one in items.items()] == [(c, o[0], o[3]) for c, o in control.items()]
        for quantity, price, amount, _ in items.values():
            assert (quantity * price).quantize(Decimal("0.01"), ROUND_HALF_UP) == amount
        assert Decimal(str(rows[-1][7])) == sum(amount for _, _, amount, _ in items.values())
    assert all(re.fullmatch(r"\d{9}|\d{12}", code) for code in control)
    assert len({row[2] for row in rows_of(papers.control_bill) if row[0] and not row[1]}) == 6


def test_schedule_letter_and_bill_name_one_price(papers: Papers) -> None:
    """Seen red: with one yuan more in the letter."""
    for key, bid in papers.bids.items():
        schedule = json.loads(bid.schedule.read_text("utf-8"))
        assert set(schedule) == {"type", "price_fen", "duration_days", "quality", "manager", "manager_certificate"}
        total = sum(amount for _, _, amount, _ in items_of(bid.files["price"][0]).values())
        assert schedule["price_fen"] == total * 100 == bid.price_fen < MAXIMUM_PRICE_FEN, key
        assert 160_000_000_00 < bid.price_fen < 184_000_000_00
        letter = folded(text_of(bid.files["price"][1]))
        assert folded(f"{total:,.2f}") in letter
        assert folded(chinese_amount(total)) in letter
        assert schedule["manager"] == bid.bidder.manager.name
        assert schedule["manager"] in letter


def test_provisional_items_cost_the_same_everywhere_and_honest_prices_do_not(papers: Papers) -> None:
    """Seen red: with the item noise set to zero the honest ratios stood still within a chapter."""
    control = items_of(papers.control_bill)
    provisional = {code for code, one in control.items() if "暂估" in one[3]}
    assert len(provisional) >= 4
    prices = {key: items_of(bid.files["price"][0]) for key, bid in papers.bids.items()}
    for key in prices:
        assert {code for code in control if prices[key][code][1] == control[code][1]} == provisional, key
    for a, b in itertools.combinations(HONEST, 2):
        free = [code for code in control if code not in provisional]
        ratios = Counter((prices[a][code][1] / prices[b][code][1]).quantize(Decimal("0.0001")) for code in free)
        assert ratios.most_common(1)[0][1] <= 3
        assert sum(prices[a][code][1] == prices[b][code][1] for code in free) == 0


def test_the_ladder_holds_on_every_item_that_is_not_provisional(papers: Papers) -> None:
    """Seen red: with the ratio 1.0151."""
    base, copy = (items_of(papers.bids[key].files["price"][0]) for key in RIGGED)
    kept = [code for code in base if base[code][1] == copy[code][1]]
    for code in base:
        if code not in kept:
            assert copy[code][1] == (base[code][1] * Decimal("1.0150")).quantize(Decimal("0.01"), ROUND_HALF_UP)
    assert all("暂估" in base[code][3] for code in kept)
    (ladder,) = facts(papers, "price_ladder")
    assert ladder["what"] == {"ratio": "1.0150", "items": len(base) - len(kept), "of": len(base)}


def test_the_best_price_is_an_honest_one_whatever_coefficient_is_drawn(papers: Papers) -> None:
    """Seen red: with dongqi's total lowered to 165 million."""
    inside = [key for key in papers.bids if key != "tianheng"]
    for coefficient in PRICE_RULE.coefficients:
        scores = dict(
            zip(inside, price_scores([papers.bids[key].price_fen for key in inside], coefficient), strict=True)
        )
        best = max(scores, key=lambda key: scores[key])
        assert best in HONEST
        assert all(scores[best] - scores[key] > 2 for key in RIGGED), scores


def test_price_scores_follow_the_worked_example_of_the_rules() -> None:
    """RULES F-10's example, base price and deviations, with this tender's 50 points and slopes 1.0 and 0.5."""
    prices = [920_000_000, 935_000_000, 940_000_000, 948_000_000, 950_000_000, 960_000_000, 990_000_000]
    expected = ["49.80", "48.17", "47.63", "46.75", "46.54", "45.45", "42.18"]
    assert price_scores(prices, Decimal("0.97")) == [Decimal(score) for score in expected]


def is_valid_uscc(code: str) -> bool:
    """GB 32100 and GB 11714 written out again, by the equations rather than by the generator's loop (R-010, R-011)."""
    alphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"
    if len(code) != 18 or any(symbol not in alphabet for symbol in code):
        return False
    whole = sum(alphabet.index(symbol) * pow(3, place, 31) for place, symbol in enumerate(code[:17]))
    inner = sum(int(symbol, 36) * weight for symbol, weight in zip(code[8:16], (3, 7, 9, 10, 5, 8, 4, 2), strict=True))
    check = 10 if code[16] == "X" else int(code[16])
    return (whole + alphabet.index(code[17])) % 31 == 0 and (inner + check) % 11 == 0


def test_credit_codes_are_valid_and_distinct() -> None:
    """Seen red: without the final mod 31 and with one weight changed."""
    assert unified_social_credit_code("350100", "M000100Y") == "91350100M000100Y43"
    assert is_valid_uscc("91350100M000100Y43")
    assert not is_valid_uscc("91350100M000100Y44")
    codes = [party.uscc for party in (TENDERER, AGENT, *all_bidders())]
    assert all(map(is_valid_uscc, codes))
    assert len(set(codes)) == 8


def test_objective_points_follow_from_the_contracts_claimed() -> None:
    """Seen red: with the contracts counted from one."""
    points = {bidder.key: tuple(bidder.objective_points.values()) for bidder in all_bidders()}
    assert points == {
        "changhe": (6, 4),
        "jiangnan": (4, 4),
        "hengji": (6, 2),
        "dongqi": (4, 2),
        "beichen": (2, 2),
        "tianheng": (2, 2),
    }


def test_people_phones_and_accounts_belong_to_one_bidder_each() -> None:
    """Seen red: with one phone number given to both of the rigged pair."""
    seen: Counter[str] = Counter()
    for bidder in all_bidders():
        assert re.fullmatch(r"1380000\d{4}", bidder.mobile)
        assert re.fullmatch(r"0100-6000\d{4}", bidder.telephone)
        own = {bidder.mobile, bidder.telephone, bidder.email, bidder.account, bidder.address, bidder.contact}
        seen.update(own | {bidder.legal_representative} | {person.name for person in bidder.team})
        seen.update({person.certificate for person in bidder.team})
    assert [value for value, count in seen.items() if count > 1] == []


def grams(text: str, length: int = RUN) -> set[str]:
    return {text[place : place + length] for place in range(len(text) - length + 1)}


def without(text: str, tender: set[str], length: int) -> str:
    """The text with every stretch that the tender document also holds cut out and a bar left in its place."""
    covered = [False] * len(text)
    for place in range(len(text) - length + 1):
        if text[place : place + length] in tender:
            covered[place : place + length] = [True] * length
    return "".join("|" if taken else letter for letter, taken in zip(text, covered, strict=True))


@pytest.fixture(scope="module")
def own_runs(papers: Papers) -> dict[str, set[str]]:
    """Each bidder's runs of 30 characters outside the tender document's own words, over all its prose."""
    quoted = 15
    tender = grams(folded(text_of(papers.tender_docx)), quoted)
    runs: dict[str, set[str]] = {}
    for key, bid in papers.bids.items():
        texts = [folded(text_of(path)) for path in (technical(papers, key), bid.files["qualification"][0])]
        runs[key] = {run for text in texts for run in grams(without(text, tender, quoted)) if "|" not in run}
    return runs


def test_honest_bids_share_no_passage_but_the_tenders_own(papers: Papers, own_runs: dict[str, set[str]]) -> None:
    """Seen red: with one sentence of changhe's pasted into tianheng's text."""
    for a, b in itertools.combinations(papers.bids, 2):
        if {a, b} != set(RIGGED):
            assert own_runs[a] & own_runs[b] == set(), (a, b)
    tender = grams(folded(text_of(papers.tender_docx)))
    for key in HONEST:
        assert grams(folded(text_of(technical(papers, key)))) & tender, "each quotes the tender somewhere"


def test_the_rigged_pair_shares_a_third_of_its_passages(papers: Papers, own_runs: dict[str, set[str]]) -> None:
    """Seen red: with the copied passages taken out of beichen's text."""
    assert len(own_runs["dongqi"] & own_runs["beichen"]) > 300
    passages = facts(papers, "passage")
    paragraphs = docx.Document(str(technical(papers, "beichen"))).paragraphs
    prose = [p for p in paragraphs if p.style is not None and p.style.name == "Normal" and chinese(p.text) > 30]
    assert 0.30 <= len(passages) / len(prose) <= 0.40
    used = {name.split("=")[0] for fact in passages for name in str(fact["operator"]).split("+")}
    assert used == {"synonyms", "reorder", "number", "homoglyph", "zero-width", "verbatim"}


def test_planted_facts_are_where_the_receipts_say(papers: Papers) -> None:
    """Seen red: with paragraph numbers counted from one, and with the shared save identifiers left out of beichen's."""
    for kind in ("passage", "typo", "leftover_project"):
        for fact in facts(papers, kind):
            assert {place["bidder"] for place in fact["where"]} == set(RIGGED)  # type: ignore[attr-defined]
            for place in fact["where"]:  # type: ignore[attr-defined]
                paragraph = docx.Document(str(papers.folder / place["file"])).paragraphs[place["paragraph"]]
                assert paragraph.text == place["text"]
    (typo,) = facts(papers, "typo")
    assert all(typo["what"]["wrong"] in place["text"] for place in typo["where"])  # type: ignore[index,attr-defined]
    (leftover,) = facts(papers, "leftover_project")
    assert all(leftover["what"] in place["text"] for place in leftover["where"])  # type: ignore[attr-defined]
    files = {key: technical(papers, key) for key in RIGGED}
    cores = [docx.Document(str(path)).core_properties for path in files.values()]
    (saver,) = facts(papers, "last_modified_by")
    assert {core.last_modified_by for core in cores} == {saver["what"]}
    assert len({core.author for core in cores}) == 2
    (born,) = facts(papers, "created_same_day")
    assert [core.created.date().isoformat() for core in cores if core.created] == [str(d)[:10] for d in born["what"]]  # type: ignore[attr-defined]
    (shared,) = facts(papers, "rsids")
    assert set(shared["what"]) == rsids(files["dongqi"]) & rsids(files["beichen"])  # type: ignore[call-overload]
    (image,) = facts(papers, "image")
    for place in image["where"]:  # type: ignore[attr-defined]
        with zipfile.ZipFile(papers.folder / place["file"]) as package:
            assert hashlib.sha256(package.read(place["part"])).hexdigest() == image["what"]


def test_the_typo_and_the_wrong_project_stand_nowhere_else(papers: Papers) -> None:
    """Seen red: with the misspelt word in tianheng's text."""
    (typo,), (leftover,) = facts(papers, "typo"), facts(papers, "leftover_project")
    others = [papers.tender_docx, *(technical(papers, key) for key in HONEST)]
    for path in others:
        text = text_of(path)
        assert typo["what"]["wrong"] not in text  # type: ignore[index]
        assert leftover["what"] not in text


def test_honest_files_carry_traces_of_their_own(papers: Papers) -> None:
    """Seen red: with python-docx's own nine save identifiers left in the settings, and its author and thumbnail."""
    files = list(papers.folder.rglob("*.docx"))
    for path in files:
        assert "python-docx" not in part(path, "docProps/core.xml")
        assert "thumbnail" not in " ".join(zipfile.ZipFile(path).namelist())
    for a, b in itertools.combinations(files, 2):
        rigged = {a, b} == {technical(papers, key) for key in RIGGED}
        assert bool(rsids(a) & rsids(b)) is rigged, (a, b)
    icvs = [m[0] for path in files for m in re.findall(r'name="(ICV)"', part(path, "[Content_Types].xml"))]
    assert icvs == []
    marks = Counter(
        re.findall(r"<vt:lpwstr>([0-9A-F]{32}\w*)<", part(path, "docProps/custom.xml"))[0]
        for path in files
        if "docProps/custom.xml" in zipfile.ZipFile(path).namelist()
    )
    assert len(marks) >= 6
    assert set(marks.values()) == {1}


def test_two_honest_bidders_share_an_innocent_author(papers: Papers) -> None:
    """Seen red: with a creator of its own for hengji."""
    names = {
        key: docx.Document(str(bid.files["qualification"][0])).core_properties.author
        for key, bid in papers.bids.items()
    }
    assert [key for key, name in names.items() if name == "Administrator"] == ["jiangnan", "hengji"]


def test_pictures_are_shared_by_the_rigged_pair_alone(papers: Papers) -> None:
    """Seen red: with the section drawn in each bidder's own colours."""
    pictures: dict[str, set[str]] = {}
    for key in papers.bids:
        path = technical(papers, key)
        if path.suffix == ".docx":
            with zipfile.ZipFile(path) as package:
                media = [name for name in package.namelist() if name.startswith("word/media/")]
                assert media, key
                pictures[key] = {hashlib.sha256(package.read(name)).hexdigest() for name in media}
    for a, b in itertools.combinations(pictures, 2):
        assert len(pictures[a] & pictures[b]) == ({a, b} == set(RIGGED)), (a, b)


@pytest.mark.slow
def test_the_same_seed_and_dates_give_the_same_bytes(papers: Papers, tmp_path: Path) -> None:
    """Seen red: with openpyxl's own time stamps left in the workbooks."""
    again = write_papers(tmp_path / "again")
    first = {path.relative_to(papers.folder): path for path in papers.folder.rglob("*") if path.is_file()}
    second = {path.relative_to(again.folder): path for path in again.folder.rglob("*") if path.is_file()}
    assert set(first) == set(second)
    assert [str(name) for name in first if first[name].read_bytes() != second[name].read_bytes()] == []


def test_another_seed_moves_prices_and_identifiers_but_no_prose_and_no_total(papers: Papers, elsewhere: Papers) -> None:
    """Seen red: with the seed left out of the noise of the prices, and with no balancing item to meet the totals."""
    for key, bid in elsewhere.bids.items():
        assert items_of(bid.files["price"][0]) != items_of(papers.bids[key].files["price"][0])
        if key != "beichen":
            assert bid.price_fen == papers.bids[key].price_fen
    bodies = [folded(text_of(technical(one, "jiangnan"))).partition("目录")[2] for one in (papers, elsewhere)]
    assert bodies[0] == bodies[1]
    shared = [rsids(technical(one, "dongqi")) & rsids(technical(one, "beichen")) for one in (papers, elsewhere)]
    assert len(shared[0]) == len(shared[1]) > 0
    assert shared[0].isdisjoint(shared[1])


def test_an_edit_that_changes_nothing_is_refused() -> None:
    """An idle edit would leave a receipt for something never planted. Seen red: without the check."""
    copyist = Copyist({"a": "井距十二米。"})
    with pytest.raises(ValueError, match="changes nothing"):
        copyist("a", ["number=五>六"])
    assert copyist("a", ["number=十二>十三"]) == "井距十三米。"
    assert copyist.receipts[0].source == "井距十二米。"


@pytest.mark.parametrize(
    ("yuan", "words"),
    [
        ("160215880.00", "壹亿陆仟零贰拾壹万伍仟捌佰捌拾元整"),
        ("168902350.66", "壹亿陆仟捌佰玖拾万贰仟叁佰伍拾元陆角陆分"),
        ("100000001.05", "壹亿零壹元零伍分"),
        ("10010000.50", "壹仟零壹万元伍角整"),
        ("0.00", "零元整"),
    ],
)
def test_amounts_in_words(yuan: str, words: str) -> None:
    assert chinese_amount(Decimal(yuan)) == words
