"""Host site and guest sites: seats bound to them, shown, witnessed, and one that is cut off (R-341)."""

from __future__ import annotations

import copy
import hashlib
import inspect
import json
from collections.abc import Callable
from typing import Any

import pytest
import rfc8785

from accounts.rules import Role
from awards.rules.verdict.opinions import check_opinions as our_opinions
from awards.rules.verdict.sites import check_sites as ours
from core.errors import Conflict, Forbidden, Invalid, Missing, Refusal
from core.ledger.log import entries_of
from experts import queries
from experts.rules.sites import check_sites, site_for
from experts.services import sites
from tests.experts.story import Story
from verifier.canonical import Wrong
from verifier.claims_opinions import check_opinions as their_opinions
from verifier.claims_sites import check_sites as theirs

ROWS = [
    {"name": "滨江主场", "region": "330100", "place": "市民中心三楼", "witness": "周衡"},
    {"name": "嘉兴副场", "region": "330400", "place": "嘉兴中心二楼", "witness": "沈岚"},
]


@pytest.mark.parametrize(
    ("change", "code", "field"),
    [
        (lambda rows: rows.pop(), "sites.few", "name-2"),
        (lambda rows: rows[1].update(witness=" "), "form.required", "witness-2"),
        (lambda rows: rows[1].update(name="滨江主场"), "sites.same", "name-2"),
        (lambda rows: rows[1].update(partner="zz"), "sites.partner", "partner-2"),
        (lambda rows: rows[0].update(partner="jx"), "sites.partner", "partner-1"),
        (lambda rows: rows.extend([{**rows[0], "name": f"副场{n}"} for n in range(5)]), "sites.many", "name-1"),
    ],
)
def test_sites_that_cannot_be_are_refused(change: Callable[[Any], object], code: str, field: str) -> None:
    """The field and the rule are named, and a partner's experts go to their own site.

    Seen red: with one site allowed.
    """
    rows = [dict(row) for row in ROWS]
    change(rows)
    with pytest.raises(Invalid) as refusal:
        check_sites(rows, ["jx"])
    assert (refusal.value.code, refusal.value.field) == (code, field)
    held = check_sites([ROWS[0], {**ROWS[1], "partner": "jx"}], ["jx"])
    assert (site_for(held, "jx"), site_for(held, ""), site_for(held, "sh")) == ("S2", "S1", "S1")


def test_seats_are_bound_witnessed_and_replaced_where_a_site_is_cut_off(
    story: Story, enter: Callable[..., Any]
) -> None:
    """The whole way on services and pages: moved before sign-in only, witnessed in time, cut off with its own seats.

    Both verifiers hold it to the ledger. Seen red: without the state in `move_seat`, without the seats in
    `witness_site`, with a place that is not told, and with seats that were cut off counting, in either verifier.
    """
    story.to_drawn()
    officer, supervisor = story.actor(Role.OFFICER), story.actor(Role.SUPERVISOR)
    with pytest.raises(Forbidden), story.platform.act(supervisor) as act:
        sites.set_sites(act, story.committee(act.session), ROWS)
    page = enter(officer)
    address = f"/tender/{story.code}/committee/sites"
    data = {f"{name}-{n}": row[name] for n, row in enumerate(ROWS, 1) for name in row}
    wrong = page.post(address, data={**data, "witness-2": ""})
    assert wrong.status_code == 422 and "嘉兴中心二楼" in wrong.text
    assert page.post(address, data=data).status_code == 303
    for label in ("M3", "M4"):
        assert page.post(f"{address}/move", data={"label": label, "site": "S2"}).status_code == 303
    with pytest.raises(Missing, match=r"sites\.unknown"), story.platform.act(officer) as act:
        sites.move_seat(act, story.seat_of(act, "M1"), "S9")
    assert {one.label: one.site for one in story.members()} == {
        "M1": "S1", "M2": "S1", "R1": "S1", "M3": "S2", "M4": "S2"
    }  # fmt: skip
    with story.platform.reading() as session:
        third = next(one for one in story.members() if one.label == "M3")
    invited = enter(story.person_actor(third)).get(f"/expert/invitations/{third.id}").text
    assert "嘉兴副场 嘉兴中心二楼" in invited and "周衡" not in invited
    story.arrive()
    with pytest.raises(Conflict, match=r"member\.state"), story.platform.act(officer) as act:
        sites.move_seat(act, story.seat_of(act, "M3"), "S1")
    with pytest.raises(Invalid, match=r"sites\.seat"), story.platform.act(officer) as act:
        sites.witness_site(act, story.committee(act.session), "S2", present=["M1"], note="")
    sent = {"witnessed": "S2", "present": ["M3"], "note": "M4 在路上"}
    assert page.post(f"{address}/witness", data=sent).status_code == 303
    shown = page.get(address).text
    assert (
        "到场 1 席，缺 1 席" in shown
        and "沈岚" in shown
        and "嘉兴副场" in page.get(address.removesuffix("/sites")).text
    )
    with pytest.raises(Forbidden), story.platform.act(officer) as act:
        sites.cut_off_site(act, story.committee(act.session), "S2", "网络中断两小时未恢复")
    lost = {"lost": "S2", "reason": "网络中断两小时未恢复"}
    assert enter(supervisor).post(f"{address}/cut-off", data=lost).status_code == 303
    states = {one.label: one.state for one in story.members()}
    assert set(states) == {"M1", "M2", "R1", "M5", "M6"} and states["M1"] == "signed_in"
    with story.platform.reading() as session:
        committee = story.committee(session)
        kinds = [entry.kind for entry in entries_of(session, committee.subject)]
        assert {"committee.sites", "committee.witness", "committee.cut_off"} <= set(kinds)
        assert [len(one["seats"]) for one in queries.seats_by_site(session, committee)] == [5, 0]
    both_hold_to_the_ledger(story)
    for code, refusal in (("S2", r"sites\.empty"), ("S1", r"sites\.host")):
        with pytest.raises(Conflict, match=refusal), story.platform.act(supervisor) as act:
            sites.cut_off_site(act, story.committee(act.session), code, "网络中断两小时未恢复")


class Told:
    """As much of an archive as both verifiers read of sites and opinions."""

    def __init__(self, code: str, entries: list[dict[str, Any]], evaluation: dict[str, Any], method: Any) -> None:
        self.project = {"section": {"code": code, "method": method}}
        self.section, self.ledger, self.entries, self.evaluation = code, {"entries": entries}, entries, evaluation
        self.archive = self
        self.opined: list[dict[str, Any]] = []
        self.bids: list[dict[str, Any]] = []

    @property
    def members(self) -> list[str]:
        return ["opinions.json"] if self.opined else []

    def json(self, path: str) -> Any:
        return {"evaluation.json": self.evaluation, "project.json": self.project}[path]

    def rows(self, path: str) -> Any:
        return {"opinions.json": self.opined, "bids.json": self.bids}[path]

    def told(self, kind: str, subject: str) -> list[dict[str, Any]]:
        return [one for one in self.entries if (one["kind"], one["subject"]) == (kind, subject)]

    def places(self, kind: str, subject: str) -> list[int]:
        return [one["index"] for one in self.told(kind, subject)]


def verdicts(told: Any, ours: Callable[[Any], object], theirs: Callable[[Any], object]) -> tuple[bool, bool]:
    """Whether it holds for the platform's verifier and for the independent one."""
    held = []
    for check in (ours, theirs):
        try:
            check(told)
            held.append(True)
        except (Refusal, Wrong, KeyError, ValueError):
            held.append(False)
    return held[0], held[1]


def both_hold_to_the_ledger(story: Story) -> None:
    """What happened holds; every change of it is found by both."""
    with story.platform.reading() as session:
        committee = story.committee(session)
        subjects = [committee.subject, *(one.subject for one in queries.members(session, committee))]
        entries = [
            {"index": one.leaf_index, "kind": one.kind, "subject": one.subject, "facts": one.facts}
            for subject in subjects for one in entries_of(session, subject)
        ]  # fmt: skip
    entries = json.loads(json.dumps(sorted(entries, key=lambda one: int(one["index"]))))
    counted: dict[str, Any] = {"sheets": [{"member": label} for label in ("M1", "M2", "R1", "M5", "M6")]}

    def found(change: Callable[[Any, Any], object]) -> tuple[bool, bool]:
        touched, result = copy.deepcopy(entries), copy.deepcopy(counted)
        change(lambda kind: next(one for one in touched if one["kind"] == kind), result)
        told = Told(story.code, touched, result, {})
        return verdicts(told, ours, theirs)

    assert found(lambda entry, result: None) == (True, True)
    for change in (
        lambda entry, result: entry("committee.sites")["facts"]["sites"].pop(),
        lambda entry, result: entry("committee.sites")["facts"]["sites"][1].update(code="S1"),
        lambda entry, result: entry("committee.sites")["facts"]["sites"][1].update(witness=""),
        lambda entry, result: entry("committee.sites").update(index=10**6),
        lambda entry, result: entry("member.place")["facts"].update(site="S9"),
        lambda entry, result: entry("committee.witness")["facts"].update(present=["M1"]),
        lambda entry, result: entry("committee.witness")["facts"].update(witness="某人"),
        lambda entry, result: entry("committee.witness")["facts"]["absent"].append("M3"),
        lambda entry, result: entry("committee.cut_off")["facts"].update(site="S1"),
        lambda entry, result: entry("committee.cut_off")["facts"].update(seats=["M1"]),
        lambda entry, result: result["sheets"].append({"member": "M3"}),
        lambda entry, result: result["sheets"].append({"member": "M9"}),
        lambda entry, result: entry("member.avoid").update(kind="member.sign"),
    ):
        assert found(change) == (False, False), inspect.getsource(change)


def test_opinions_that_count_or_were_not_provided_for_are_found() -> None:
    """Both verifiers: provided for by the notice, one for each bid, answered within the review, no part of the result.

    The text in the file is the one told: another word, page, clause, a file of another bid, one too many or too few.
    Seen red: ours without the notice, theirs without the clauses of the review; both without the digest of the text.
    """
    clauses = [{"clause": "R1", "decision": "pass"}]
    result: dict[str, Any] = {"conformity": {"bids": [{"number": n, "clauses": clauses} for n in (1, 2)]}}
    entries: list[dict[str, Any]] = [
        {"index": 1, "kind": "bid.opine", "subject": "bid:a",
         "facts": {"number": 1, "opinions_sha256": "a" * 64, "program_sha256": "b" * 64}},
        {"index": 2, "kind": "opinion.answer", "subject": "member:X:M1",
         "facts": {"number": 1, "answers": {"R1": True}}},
        {"index": 3, "kind": "committee.begin_scoring", "subject": "committee:X", "facts": {}},
    ]  # fmt: skip

    def found(
        change: Callable[[Any, Any, Any], object], texts: Callable[[Any, Any], object] | None = None
    ) -> tuple[bool, bool]:
        held, told, method = copy.deepcopy((entries, result, {"reference_opinions": True}))
        seen = Told("X", held, told, method)
        if texts is not None:
            held[0]["facts"] |= {"opinions_sha256": hashlib.sha256(rfc8785.dumps(said)).hexdigest(), "filed": True}
            seen.bids = [
                {"number": n, "envelopes": {"technical": {"files": [{"sha256": str(n) * 64}]}}} for n in (1, 2)
            ]
            row = {"number": 1, "content": said, "program_sha256": "b" * 64, "made_at": "2026-10-08T01:00:00Z"}
            seen.opined = [copy.deepcopy(row)]
            texts(seen.opined, held)
        change(held, told, method)
        return verdicts(seen, our_opinions, their_opinions)

    def again(opined: Any, held: Any) -> None:
        held[0]["facts"]["opinions_sha256"] = hashlib.sha256(rfc8785.dumps(opined[0]["content"])).hexdigest()

    def other(**changed: Any) -> Callable[[Any, Any], None]:
        def change(opined: Any, held: Any) -> None:
            opined[0]["content"]["opinions"][0].update(changed)
            again(opined, held)

        return change

    one = {"clause": "R1", "verdict": "found", "file": "a.pdf", "page": 3, "quotation": "二级", "sha256": "1" * 64}
    said = {"type": "sunbid-reference-opinions/v1", "opinions": [one], "completeness": [], "prices": []}
    assert found(lambda held, told, method: None) == (True, True)
    assert found(lambda held, told, method: None, lambda opined, held: None) == (True, True)
    for wrong in (
        lambda opined, held: opined.clear(),
        lambda opined, held: opined[0]["content"]["opinions"][0].update(quotation="三级"),
        lambda opined, held: opined[0].update(program_sha256="c" * 64),
        lambda opined, held: opined.append(opined[0]),
        lambda opined, held: opined.append({**opined[0], "number": 2}),
        other(clause="R9"),
        other(verdict="passed"),
        other(page=None),
        other(sha256="2" * 64),
    ):
        assert found(lambda held, told, method: None, wrong) == (False, False), inspect.getsource(wrong)
    for change in (
        lambda held, told, method: method.clear(),
        lambda held, told, method: held.append({**held[0], "index": 9}),
        lambda held, told, method: held[0]["facts"].update(number=7),
        lambda held, told, method: held.append({**held[0], "facts": {**held[0]["facts"], "number": 7}}),
        lambda held, told, method: held[0]["facts"].update(opinions_sha256=""),
        lambda held, told, method: held[1]["facts"].update(number=2),
        lambda held, told, method: held[1]["facts"].update(answers={"price": True}),
        lambda held, told, method: held[1].update(index=4),
        lambda held, told, method: told.update(opinions=[]),
    ):
        assert found(change) == (False, False), inspect.getsource(change)
