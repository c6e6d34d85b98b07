"""Each indicator of text, files, pictures, machines and people, in and out: the trace is found, the innocent is not."""

from __future__ import annotations

import math
import random
from datetime import timedelta
from pathlib import Path

import pytest

from collusion.indicators import (
    device_authoring,
    device_lock,
    files_created_gap,
    files_creator,
    files_kso_icv,
    files_last_modified_by,
    files_pdf_identifier,
    files_rsids,
    images_identical,
    people_bond_account,
    people_contacts,
    text_rare_passages,
    text_shared_errors,
)
from collusion.rules import catalogue
from collusion.rules.background import ArchivedBid, learn
from collusion.rules.base_rates import COMMON_NAMES, NULL_DEVICES, RATES
from collusion.rules.case import Case
from collusion.rules.documents import Document, Marks, Picture
from collusion.rules.evidence import Explanation
from tests.collusion.cases import NOON, case, drawn, found, text
from tests.collusion.test_passages import OWN

PAIR = ("a", "b")
DOCS = Path(__file__).parents[2] / "docs" / "indicators"
HEADINGS = (
    "## What it means",
    "## Legal basis",
    "## Data",
    "## Method",
    "## Null model and false alarms",
    "## Exclusions and innocent explanations",
    "## What would clear it",
    "## Example",
)


def marked(**marks: object) -> Marks:
    """Make marks."""
    return Marks(**marks)  # type: ignore[arg-type]


def test_every_indicator_states_its_case_and_has_its_page() -> None:
    """Seen red: with a heading removed from one page, and with a rate name misspelt."""
    indicators = catalogue.indicators()
    assert len(indicators) == 30
    for indicator in indicators:
        assert indicator.clauses and indicator.exclusions and indicator.rates
        assert all(name in RATES for name in indicator.rates)
        page = (DOCS / f"{indicator.identifier}.md").read_text("utf-8")
        positions = [page.splitlines().index(heading) for heading in HEADINGS]
        assert positions == sorted(positions)
        for name in indicator.rates:
            assert f"`{name}`" in page, (indicator.identifier, name)
    pages = {path.stem for path in DOCS.glob("*.md")}
    assert pages == {indicator.identifier for indicator in indicators}


def test_every_rate_is_dated_sourced_and_used() -> None:
    """Seen red: with an unused row added to the table."""
    used = {name for indicator in catalogue.indicators() for name in indicator.rates}
    assert used == set(RATES)
    assert all(rate.source and rate.meaning and 0 < rate.value < 1 for rate in RATES.values())
    assert "python-docx".replace("-", "") in COMMON_NAMES
    assert "000000000000" in NULL_DEVICES


# text.rare_passages


def test_rare_passages_found() -> None:
    """Seen red: with LEAST_LETTERS above the passage."""
    body = OWN * 1
    evidence = found(text_rare_passages.INDICATOR, case({"a": [text("x", body)], "b": [text("y", body)], "c": []}))
    assert set(evidence) == {PAIR}
    first = evidence[PAIR].findings[0]
    assert first.a.place.paragraph == 1 and first.a.equal


def test_rare_passages_weigh_more_with_an_archive() -> None:
    """A cold start must widen the error. Seen red: with the warm rate used in both."""
    long = "".join(f"第{n}段{OWN}" for n in range(12))
    bids = {"a": [text("x", *long.split("段"))], "b": [text("y", *long.split("段"))]}
    cold = found(text_rare_passages.INDICATOR, case(bids))[PAIR]
    past = learn([ArchivedBid(f"t{n}", f"z{n}", (text("q", f"别的项目第{n}份文字"),)) for n in range(12)])
    warm = found(text_rare_passages.INDICATOR, case(bids, background=past))[PAIR]
    assert warm.llr > cold.llr + 1
    assert any("冷启动" in str(sentence) for sentence in cold.tested)


# text.shared_errors


def test_a_shared_slip_and_a_foreign_project_are_found() -> None:
    """Seen red: with the PROJECT pattern's place test turned round, and with wrong_words returning nothing."""
    one = text("x", "坑外设观查井四口。", "为保证白鹭湖净水厂改扩建工程顺利通水，逐段验收。")
    two = text("y", "并设观查井六口。", "参照白鹭湖净水厂改扩建工程的做法执行。")
    evidence = found(text_shared_errors.INDICATOR, case({"a": [one], "b": [two]}))[PAIR]
    remarks = " ".join(str(finding.remark) for finding in evidence.findings)
    assert "观查井" in remarks and "白鹭湖净水厂改扩建工程" in remarks
    sighting = next(f.a for f in evidence.findings if "观查井" in f.a.value)
    assert sighting.value[slice(*sighting.equal[0])] == "观查井"
    assert evidence.llr > 3


def test_slips_of_the_tender_and_honest_references_are_not_errors() -> None:
    """Seen red: without the tender check; without REFERENCES; with 管低 in the table, 管低于 was a slip."""
    tender = [text("t", "坑外须设观查井。")]
    one = text("x", "设观查井四口。", "类似业绩：白鹭湖净水厂改扩建工程，合同价一亿元。", "支管低于主管。")
    two = text("y", "设观查井五口。", "我公司曾完成白鹭湖净水厂改扩建工程，验收合格。", "支管低于主管。")
    assert found(text_shared_errors.INDICATOR, case({"a": [one], "b": [two]}, tender=tender)) == {}


def test_slips_only_one_side_made_speak_against_a_common_pen() -> None:
    """Seen red: without the counter-weight."""
    shared = "设观查井四口。"
    plain = found(text_shared_errors.INDICATOR, case({"a": [text("x", shared)], "b": [text("y", shared)]}))[PAIR]
    own = case({"a": [text("x", shared, "过虑后布署模扳。")], "b": [text("y", shared, "阀们按装。")]})
    assert found(text_shared_errors.INDICATOR, own)[PAIR].llr < plain.llr - 0.8


def test_a_rare_miswriting_needs_a_right_twin_in_the_tender() -> None:
    """Seen red: with RIGHT_TIMES at 0 every unusual word was a slip."""
    tender = [text("t", *["冲洗消毒后并网接驳。"] * 4)]
    one, two = text("x", "并网接博前复核。"), text("y", "夜间并网接博。")
    evidence = found(text_shared_errors.INDICATOR, case({"a": [one], "b": [two]}, tender=tender))[PAIR]
    assert "接驳" in str(evidence.findings[0].remark)
    assert found(text_shared_errors.INDICATOR, case({"a": [one], "b": [two]})) == {}


# files.*


def test_the_same_last_saver_weighs_by_rarity() -> None:
    """Equality alone is never evidence. Seen red: with the common-name rule off, Administrator weighed as much."""
    rare = case({bidder: [text(bidder, marks=marked(last_modified_by="苗春生"))] for bidder in "ab"})
    common = case({bidder: [text(bidder, marks=marked(last_modified_by="Administrator"))] for bidder in "ab"})
    strong = found(files_last_modified_by.INDICATOR, rare)[PAIR]
    weak = found(files_last_modified_by.INDICATOR, common)[PAIR]
    assert strong.llr == pytest.approx(math.log((0.4 + 0.6 * 0.019) / 0.019))
    assert weak.llr < 1.4 < strong.llr


def test_the_archive_makes_a_frequent_saver_ordinary() -> None:
    """Seen red: with `seen` always 0."""
    past = learn(
        ArchivedBid(f"t{n}", f"z{n}", (text("q", marks=marked(last_modified_by="图文社" if n % 2 else f"人{n}")),))
        for n in range(60)
    )
    bids = {bidder: [text(bidder, marks=marked(last_modified_by="图文社"))] for bidder in "ab"}
    assert found(files_last_modified_by.INDICATOR, case(bids, background=past))[PAIR].llr < 0.6


def test_a_saver_the_tender_carries_is_explained() -> None:
    """Seen red: without the tender's marks."""
    bids = {bidder: [text(bidder, marks=marked(last_modified_by="招标代理小王"))] for bidder in "ab"}
    tender = [text("t", marks=marked(last_modified_by="招标代理小王"))]
    evidence = found(files_last_modified_by.INDICATOR, case(bids, tender=tender))[PAIR]
    assert evidence.explained_by is Explanation.TENDER and evidence.llr == 0


def test_a_default_author_weighs_next_to_nothing() -> None:
    """Half of all real files share one. Seen red: with the plain creator rate for every name."""
    bids = {bidder: [text(bidder, marks=marked(creator="Administrator"))] for bidder in "ab"}
    assert found(files_creator.INDICATOR, case(bids))[PAIR].llr < 0.4
    bids = {bidder: [text(bidder, marks=marked(creator="薛丹"))] for bidder in "ab"}
    assert found(files_creator.INDICATOR, case(bids))[PAIR].llr > 1.4


def test_rare_revision_identifiers_count_and_template_ones_do_not() -> None:
    """Seen red: with TEMPLATE_RSIDS empty; with the tender's rsids not subtracted."""
    rare = frozenset({"1A57FE28", "1C769C6B", "2B48BB5D"})
    template = frozenset({"00B47730", "00CB0664"})
    given = frozenset({"00D05EED"})

    def section(a: frozenset[str], b: frozenset[str]) -> Case:
        bids = {"a": [text("x", marks=marked(rsids=a))], "b": [text("y", marks=marked(rsids=b))]}
        return case(bids, tender=[text("t", marks=marked(rsids=given))])

    strong = found(files_rsids.INDICATOR, section(rare | template | {"00111111"}, rare | template | given))[PAIR]
    assert strong.llr > 2 and strong.explained_by is None
    innocent = found(files_rsids.INDICATOR, section(template | given, template | given))[PAIR]
    assert innocent.llr == 0 and innocent.explained_by is not None
    assert found(files_rsids.INDICATOR, section(rare, template)) == {}


def test_one_chance_number_between_long_histories_is_weak() -> None:
    """3,000 revisions each meet by accident. Seen red: with the accident term left out."""
    rng = random.Random(3)
    a = frozenset(f"{rng.getrandbits(24):08X}" for _ in range(3000))
    b = frozenset(f"{rng.getrandbits(24):08X}" for _ in range(3000)) - a
    shared = frozenset({"00ABCDEF"})
    bids = {"a": [text("x", marks=marked(rsids=a | shared))], "b": [text("y", marks=marked(rsids=b | shared))]}
    assert found(files_rsids.INDICATOR, case(bids))[PAIR].llr < 0.8


def test_births_close_together_count_a_little_template_births_do_not() -> None:
    """Seen red: without TEMPLATE_INSTANTS; with the same second weighed as a one-minute gap."""

    def section(gap: timedelta) -> Case:
        return case(
            {
                "a": [text("x", marks=marked(created_at=NOON))],
                "b": [text("y", marks=marked(created_at=NOON + gap))],
            }
        )

    near = found(files_created_gap.INDICATOR, section(timedelta(minutes=3)))[PAIR]
    assert 1 < near.llr < 3
    assert found(files_created_gap.INDICATOR, section(timedelta(seconds=0)))[PAIR].llr < 0.6
    assert found(files_created_gap.INDICATOR, section(timedelta(days=2))) == {}
    birth = NOON.fromisoformat("2013-12-23T23:15:00+00:00")
    same = case({bidder: [text(bidder, marks=marked(created_at=birth))] for bidder in "ab"})
    assert found(files_created_gap.INDICATOR, same) == {}


# images.identical


def test_a_shared_drawing_is_found_also_when_scaled() -> None:
    """Seen red: with perceptual matching off; with the SAME_SHAPE rule off, the differently shaped one matched."""
    one = drawn(1)
    assert one.perceptual is not None
    scaled = Picture("f" * 64, one.width // 2, one.height // 2, one.perceptual ^ 0b1011)
    other_shape = Picture("e" * 64, one.width, one.height // 2, one.perceptual)
    bids = {
        "a": [text("x", pictures=[one])],
        "b": [text("y", pictures=[scaled])],
        "c": [text("z", pictures=[other_shape])],
    }
    evidence = found(images_identical.INDICATOR, case(bids))
    assert set(evidence) == {PAIR}
    assert evidence[PAIR].llr > 2.5


def test_the_tenders_pictures_icons_and_known_brochures_are_not_evidence() -> None:
    """Seen red: without each of the three exclusions."""
    given, brochure = drawn(1), drawn(2)
    icon = Picture("1" * 64, 32, 32, 7)
    bids = {bidder: [text(bidder, pictures=[given, brochure, icon])] for bidder in "ab"}
    past = learn([ArchivedBid("t9", "z9", (text("q", pictures=[brochure]),))])
    evidence = found(images_identical.INDICATOR, case(bids, tender=[text("t", pictures=[given])], background=past))[
        PAIR
    ]
    assert evidence.llr == 0
    assert {finding.explained_by for finding in evidence.findings} == {Explanation.TENDER, Explanation.BACKGROUND}


# device.authoring


def test_one_machine_needs_adapter_and_disk() -> None:
    """Seen red: with `or` in place of `and`; with NULL_DEVICES empty."""
    same = {"a": ("a4bb6d001122", "s4evnx0r1"), "b": ("a4bb6d001122", "s4evnx0r1")}
    assert found(device_authoring.INDICATOR, case({"a": [], "b": []}, devices=same))[PAIR].llr > 4
    half = {"a": ("a4bb6d001122", "s4evnx0r1"), "b": ("a4bb6d001122", "other")}
    assert found(device_authoring.INDICATOR, case({"a": [], "b": []}, devices=half)) == {}
    virtual = {"a": ("005056c00001", "s4evnx0r1"), "b": ("005056c00001", "s4evnx0r1")}
    assert found(device_authoring.INDICATOR, case({"a": [], "b": []}, devices=virtual)) == {}


# people.contacts


def test_a_shared_telephone_is_found_and_masked() -> None:
    """Seen red: with the raw value shown, the whole number stood on the card."""
    bids = {
        "a": [text("x", "项目联系人：周衡，电话 139 0000 4721。")],
        "b": [text("y", "授权代表手机：13900004721")],
        "c": [text("z", "联系电话：13900004722")],
    }
    evidence = found(people_contacts.INDICATOR, case(bids))
    assert set(evidence) == {PAIR}
    assert evidence[PAIR].llr > 4
    assert "139 0000 4721" not in evidence[PAIR].findings[0].a.value


def test_numbers_of_third_parties_and_of_the_tender_are_explained() -> None:
    """Seen red: with OTHERS matching nothing, the reference of a common client was evidence."""
    bids = {
        "a": [text("x", "业绩证明人（建设单位）电话：13900001111。", "招标人咨询 027-88880000")],
        "b": [text("y", "建设单位联系电话：13900001111。", "咨询电话 027-88880000")],
    }
    tender = [text("t", "联系电话：027-88880000")]
    evidence = found(people_contacts.INDICATOR, case(bids, tender=tender))[PAIR]
    assert evidence.llr == 0
    assert {finding.explained_by for finding in evidence.findings} == {Explanation.TENDER, Explanation.REGISTRY}


def test_identity_numbers_need_a_valid_check_digit_and_names_alone_nothing() -> None:
    """Seen red: without the check digit, serial numbers of equal length matched."""
    valid, wrong = "11010519491231002X", "110105194912310021"
    for number, expected in ((valid, {PAIR}), (wrong, set())):
        bids = {b: [text(b, f"项目经理：周衡，身份证号：{number}。")] for b in "ab"}
        assert set(found(people_contacts.INDICATOR, case(bids))) == expected


def record(name: str, kind: str, **data: object) -> Document:
    """A record of the platform that lies with a bid."""
    return Document(name, "json", name, data={"type": kind, **data})


EQUAL_MARKS = {
    "files.pdf_identifier": (
        files_pdf_identifier.INDICATOR,
        lambda bidder, value: Document(f"{bidder}.pdf", "pdf", bidder, marks=Marks(pdf_identifiers=(value, bidder))),
        "00" * 16,
    ),
    "files.kso_icv": (
        files_kso_icv.INDICATOR,
        lambda bidder, value: text(f"{bidder}.docx", "正文", marks=Marks(properties=(("ICV", value),))),
        "",
    ),
    "device.lock": (
        device_lock.INDICATOR,
        lambda bidder, value: record("device.json", "sunbid-device/v1", locks=[value]),
        "0000-0000",
    ),
    "people.bond_account": (
        people_bond_account.INDICATOR,
        lambda bidder, value: record("bond.json", "sunbid-bond/v1", payer_account=value),
        "0000",
    ),
}


@pytest.mark.parametrize("identifier", sorted(EQUAL_MARKS))
def test_a_rare_mark_in_two_bids_counts_and_an_innocent_one_does_not(identifier: str) -> None:
    """In, then the tender's own, a common one, a blank one. Seen red: with each mark's reader giving nothing, with the
    archive's kind misspelt, and with blank values kept."""
    indicator, made, blank = EQUAL_MARKS[identifier]
    bids = {"a": [made("a", "4407-9921")], "b": [made("b", "4407-9921")], "c": [made("c", "5512-0007")]}
    trace = found(indicator, case(bids))
    assert set(trace) == {PAIR} and trace[PAIR].llr > 3
    explained = found(indicator, case(bids, tender=[made("t", "4407-9921")]))[PAIR]
    assert explained.explained_by is Explanation.TENDER and explained.llr == 0
    past = learn([ArchivedBid(f"t{n}", f"z{n}", (made(f"z{n}", "4407-9921"),)) for n in range(9)])
    assert found(indicator, case(bids, background=past))[PAIR].llr < trace[PAIR].llr - 2
    nothing = case({"a": [made("a", blank)], "b": [made("b", blank)]})
    assert not indicator.evaluate(nothing) and indicator.lacking(nothing) is not None
    assert indicator.lacking(case(bids)) is None


def test_many_honest_bids_share_none_of_these_marks() -> None:
    """Forty bids with marks of their own. Seen red: with the mark's kind compared instead of its value."""
    rng = random.Random(9)
    for indicator, made, _ in EQUAL_MARKS.values():
        bids = {f"b{n:02d}": [made(f"b{n:02d}", f"{rng.getrandbits(64):016x}")] for n in range(40)}
        assert indicator.evaluate(case(bids)) == []
