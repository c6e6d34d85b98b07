"""The committee room: scoring, locking, result and report."""

from __future__ import annotations

import io
import json
from decimal import Decimal
from fractions import Fraction

import pypdfium2
import pytest

from accounts.rules import Role
from core.act import SYSTEM
from core.errors import Conflict, Forbidden, Invalid, Missing
from core.ledger.log import audit
from experts import queries, services
from experts.models import Sheet
from tests.experts.story import SCORES, Story


def test_from_request_to_delivered_report(story: Story) -> None:
    """The whole evaluation; the ledger stays whole. Sabotage: any service that forgets to advance: red."""
    story.to_delivered()
    with story.platform.reading() as session:
        committee = story.committee(session)
        assert (committee.state, committee.section.state) == ("delivered", "evaluated")
        assert list(audit(session, story.platform.signer.verifier)) == []
        pdf = story.platform.store.read(committee.report_sha256)
    document = pypdfium2.PdfDocument(io.BytesIO(pdf))
    text = "".join(page.get_textpage().get_text_bounded() for page in document)
    held = bytes(document.get_attachment(0).get_data())
    document.close()
    assert "第1中标候选人：宏远市政建设有限公司" in text.replace(" ", "")
    assert json.loads(held)["type"] == "sunbid-result/v1"


def recompute(result: dict[str, object]) -> list[tuple[int, str, str]]:
    """docs/spec/scoring.md read by a stranger: nothing of our rules is used here."""
    method = result["method"]
    rejected = {b["number"] for b in result["conformity"]["bids"] if b["rejected"]}
    prices = {b["number"]: b["price_fen"] for b in result["bids"] if b["number"] not in rejected}
    rule = method["price"]
    ordered = sorted(prices.items(), key=lambda pair: (pair[1], pair[0]))
    if len(ordered) >= max(3, rule["trim_from"]):
        ordered = ordered[1:-1]
    base = Fraction(sum(price for _, price in ordered), len(ordered)) * Fraction(result["coefficients"]["k"])
    group = {c["code"]: c["group"] for c in method["criteria"]}
    rows = []
    for number, price in prices.items():
        deviation = (price - base) / base * 100
        lost = deviation * Fraction(rule["above"]) if deviation > 0 else -deviation * Fraction(rule["below"])
        sheets = [s["items"] for s in result["sheets"] if s["number"] == number]
        technical = sum(Fraction(v) for s in sheets for c, v in s.items() if group[c] == "technical") / len(sheets)
        other = sum(Fraction(v) for s in sheets for c, v in s.items() if group[c] == "qualification") / len(sheets)
        total = technical + other + max(Fraction(0), Fraction(rule["points"]) - lost)
        cents = int(total * 100 + Fraction(1, 2))
        rows.append((-cents, price, -technical, result["tie"]["order"].index(
            next(b["submission"] for b in result["bids"] if b["number"] == number)), number))  # fmt: skip
    return [(place, str(row[4]), f"{-row[0] // 100}.{-row[0] % 100:02d}") for place, row in enumerate(sorted(rows), 1)]


def test_a_stranger_recomputes_the_ranking_from_the_result(story: Story) -> None:
    """docs/spec/scoring.md. Sabotage: any change of arithmetic in services._result or rules: red."""
    story.to_locked({4: "R2"})
    with story.platform.reading() as session:
        result = story.committee(session).result
    assert recompute(result) == [(r["rank"], str(r["number"]), r["total"]) for r in result["ranking"]]
    assert [r["number"] for r in result["ranking"]] == [1, 2, 3, 5]
    assert result["candidates"] == [1, 2, 3]
    # Four bids are left: fewer than trim_from, so nothing is dropped.
    assert (result["price"]["dropped_low"], result["price"]["used"]) == (None, [1, 2, 3, 5])
    assert Fraction(result["price"]["base_fen"]) == Fraction(92000000 + 93500000 + 94000000 + 95000000, 4) * Fraction(
        "0.97"
    )


class TestScoring:
    def test_out_of_range_unknown_and_foreign_scores_are_refused(self, story: Story) -> None:
        """R-454, R-404, R-343. Sabotage: each guard removed in turn: red."""
        story.to_scoring()
        with story.as_member("M1") as act:
            sheet = queries.own_sheet(act.session, story.seat_of(act, "M1"), 1)
            for value in ("20.01", "-1", "NaN"):
                with pytest.raises(Invalid, match=r"score\.out_of_range"):
                    services.save_scores(act, sheet, {"T1": Decimal(value)})
            with pytest.raises(Invalid, match=r"score\.criterion"):
                services.save_scores(act, sheet, {"P": Decimal(1)})
            foreign = queries.own_sheet(act.session, story.seat_of(act, "M2"), 1)
            with pytest.raises(Missing):
                services.save_scores(act, foreign, {"T1": Decimal(1)})
            with pytest.raises(Missing):
                services.lock_sheet(act, foreign)

    def test_saving_again_overwrites_and_keeps_the_rest(self, story: Story) -> None:
        """Sabotage: delete before save: red."""
        story.to_scoring()
        with story.as_member("M1") as act:
            member = story.seat_of(act, "M1")
            sheet = queries.own_sheet(act.session, member, 1)
            services.save_scores(act, sheet, {"T1": Decimal("16"), "T2": Decimal("9")}, {"T1": "措施具体"})
            services.save_scores(act, sheet, {"T1": Decimal("16.5")})
            items = queries.own_items(act.session, member)[sheet.id]
            assert {c: (i.value, i.note) for c, i in items.items()} == {
                "T1": (Decimal("16.50"), "措施具体"), "T2": (Decimal("9.00"), ""),
            }  # fmt: skip
            assert queries.own_progress(act.session, member)[0] == (1, 2, 4, "draft")

    def test_a_sheet_locks_complete_and_explained_and_then_for_good(self, story: Story) -> None:
        """Sabotage: lock without the checks, or save after lock: red."""
        story.to_scoring()
        with story.as_member("M1") as act:
            sheet = queries.own_sheet(act.session, story.seat_of(act, "M1"), 1)
            with pytest.raises(Invalid) as refusal:
                services.lock_sheet(act, sheet)
            assert refusal.value.facts["criteria"] == "T1, T2, Q1, Q2"
            full = {"T1": Decimal(20), "T2": Decimal(0), "Q1": Decimal(10), "Q2": Decimal(0)}
            services.save_scores(act, sheet, full, {"T1": "方案优秀"})
            with pytest.raises(Invalid) as refusal:
                services.lock_sheet(act, sheet)
            assert (refusal.value.code, refusal.value.facts["criterion"]) == ("score.note", "T2")
            services.save_scores(act, sheet, {"T2": Decimal(0)}, {"T2": "未编制安全措施"})
            services.lock_sheet(act, sheet)
            with pytest.raises(Conflict, match=r"sheet\.state"):
                services.save_scores(act, sheet, {"T1": Decimal(1)})

    def test_nothing_is_scored_after_the_committees_lock(self, story: Story) -> None:
        """Sabotage: no state check in save_scores: red."""
        story.to_locked()
        with story.platform.act(SYSTEM) as act:
            act.session.execute(Sheet.__table__.update().values(state="draft"))
        with pytest.raises(Conflict, match=r"committee\.state"), story.as_member("M1") as act:
            sheet = queries.own_sheet(act.session, story.seat_of(act, "M1"), 1)
            services.save_scores(act, sheet, {"T1": Decimal(1)})

    def test_objective_scores_must_agree_before_the_lock(self, story: Story) -> None:
        """R-344: named without values, corrected on those criteria only. Sabotage: no mismatch check: red."""
        story.to_scoring()
        story.score(change={("M2", 3, "Q1"): "8"})
        with pytest.raises(Conflict) as refusal:
            story.lock()
        assert (refusal.value.code, refusal.value.facts["cells"]) == ("scoring.objective", "3: Q1")
        with pytest.raises(Conflict, match=r"sheet\.no_mismatch"), story.as_member("M2") as act:
            services.reopen_sheet(act, queries.own_sheet(act.session, story.seat_of(act, "M2"), 1))
        with story.as_member("M2") as act:
            sheet = queries.own_sheet(act.session, story.seat_of(act, "M2"), 3)
            services.reopen_sheet(act, sheet)
            with pytest.raises(Invalid, match=r"score\.reopened_only"):
                services.save_scores(act, sheet, {"T1": Decimal("19")})
            services.save_scores(act, sheet, {"Q1": Decimal("6")})
            services.lock_sheet(act, sheet)
        assert story.lock()["candidates"] == [1, 2, 4]

    def test_no_mismatch_is_told_before_everyone_has_locked(self, story: Story) -> None:
        """R-343: it would tell something of others' scores. Sabotage: compare the locked ones at once: red."""
        story.to_scoring()
        story.score("M1", "M2", change={("M2", 3, "Q1"): "8"})
        with story.as_member("M1") as act:
            assert queries.mismatches(act.session, story.committee(act.session)) == {}
            assert queries.own_outliers(act.session, story.seat_of(act, "M1")) == []
            with pytest.raises(Conflict, match=r"sheet\.no_mismatch"):
                services.reopen_sheet(act, queries.own_sheet(act.session, story.seat_of(act, "M1"), 3))
        with pytest.raises(Conflict) as refusal:
            story.lock()
        assert (refusal.value.code, refusal.value.facts["sheets"]) == ("scoring.unfinished", 15)

    def test_the_outlier_alone_is_told_and_may_explain(self, story: Story) -> None:
        """R-344. Sabotage: own_outliers of everybody: red."""
        story.to_scoring()
        story.score(change={("M3", 1, "T1"): "1", ("M3", 1, "T2"): "1"})
        with story.as_member("M3") as act:
            member = story.seat_of(act, "M3")
            assert queries.own_outliers(act.session, member) == [1]
            services.explain_outlier(act, queries.own_sheet(act.session, member, 1), "施工方案与现场条件不符")
        with story.as_member("M1") as act:
            assert queries.own_outliers(act.session, story.seat_of(act, "M1")) == []
            with pytest.raises(Conflict, match=r"sheet\.no_outlier"):
                services.explain_outlier(act, queries.own_sheet(act.session, story.seat_of(act, "M1"), 1), "x")
        assert story.lock()["outliers"] == [{"number": 1, "member": "M3"}]

    def test_nobody_reads_the_result_before_the_lock(self, story: Story) -> None:
        """R-343. Sabotage: locked_result without the state: red."""
        story.to_scoring()
        story.score()
        with story.platform.reading() as session:
            with pytest.raises(Conflict, match=r"result\.not_locked"):
                queries.all_scores(session, story.committee(session))
            with pytest.raises(Conflict, match=r"result\.not_locked"):
                queries.locked_result(story.committee(session))
        story.lock()
        with story.platform.reading() as session:
            assert len(queries.all_scores(session, story.committee(session))) == 25


class TestReport:
    def test_members_sign_in_order_the_leader_last(self, story: Story) -> None:
        """R-500. Sabotage: any order: red."""
        story.to_locked()
        sha256 = story.report()
        with pytest.raises(Conflict) as refusal, story.as_member("M1") as act:
            services.sign_report(act, story.seat_of(act, "M1"), report_sha256=sha256)
        assert (refusal.value.code, refusal.value.facts) == ("report.order", {"label": "M2"})
        with pytest.raises(Conflict, match=r"report\.other"), story.as_member("M2") as act:
            services.sign_report(act, story.seat_of(act, "M2"), report_sha256="0" * 64)
        with pytest.raises(Conflict) as unsigned:
            story.deliver()
        assert unsigned.value.facts["labels"] == ["M2", "M3", "M4", "R1", "M1"]

    def test_dissent_is_kept_and_does_not_stop_the_report(self, story: Story) -> None:
        """R-345. Sabotage: dissent dropped: red."""
        story.to_locked()
        story.report()
        story.sign({"M3": "3 号技术标评分偏高"})
        story.deliver()
        with story.platform.reading() as session:
            members = queries.signers(session, story.committee(session))
            assert [m.dissent for m in members] == [None, "3 号技术标评分偏高", None, None, None]

    def test_silence_is_recorded_by_the_supervisor_only(self, story: Story) -> None:
        """R-345: refusing without reasons counts as agreed. Sabotage: anybody may record it: red."""
        story.to_locked()
        story.report()
        with pytest.raises(Forbidden), story.platform.act(story.actor(Role.AGENT)) as act:
            services.record_silence(act, story.seat_of(act, "M2"))
        with story.platform.act(story.actor(Role.SUPERVISOR)) as act:
            services.record_silence(act, story.seat_of(act, "M2"))
        assert {m.label: m.state for m in story.members()}["M2"] == "signed"

    def test_the_same_result_gives_the_same_report(self, story: Story) -> None:
        """Sabotage: print the wall clock: red."""
        story.to_locked()
        first = story.report()
        with story.platform.act(SYSTEM) as act:
            act.session.execute(type(story.committee(act.session)).__table__.update().values(state="locked"))
        story.clock.advance(days=3)
        assert story.report() == first


def test_scores_span_the_range_used_here() -> None:
    """The story's own table is sound. Sabotage: a value above its points: red."""
    assert {code: max(map(Decimal, values)) for code, values in SCORES.items()} == {
        "T1": Decimal(18), "T2": Decimal("13.5"), "Q1": Decimal(10), "Q2": Decimal(5),
    }  # fmt: skip
