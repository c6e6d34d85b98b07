"""One tender of each procedure in each regime through HTTP: entered, refused while unlawful, published, read back."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from accounts.rules import Role
from bidding import queries
from core.act import Platform
from core.board import notices
from core.clock import BEIJING
from core.seal import new_identity, recipient_of
from tests import factories
from tests.conftest import Browser

Login = Callable[..., Browser]


@dataclass(frozen=True)
class Case:
    """One kind of project as its tenderee enters it, and what its notice must say afterwards."""

    regime: str
    category: str
    procedure: str
    yuan: int
    title: str
    days: int
    least: str
    ground: str = ""
    invitation: str = "public"
    is_mandatory: bool = True
    lowest: bool = False
    formula: str = "lowest-first/v1"
    needs_approval: bool = False
    double: bool = False
    rounds: int = 1
    read: str = "public"
    media: str = "中国政府采购网"

    def __str__(self) -> str:
        return f"{self.regime}-{self.procedure}-{self.category}"


CASES = (
    Case("T", "works", "open", 40_000_000, "招标公告", 21, "少于 20 日", formula="mean-deviation/v1", double=True),
    Case(
        "T", "works", "invited", 40_000_000, "投标邀请书", 21, "少于 20 日", "t8_1", "list", needs_approval=True,
        formula="mean-deviation/v1",
    ),
    Case("T", "works", "simple", 3_900_000, "采购公告", 6, "", is_mandatory=False, lowest=True),
    Case("G", "goods", "open", 5_000_000, "招标公告", 21, "少于 20 日"),
    Case("G", "goods", "invited", 1_500_000, "投标邀请书", 21, "少于 20 日", "g29_1", "draw"),
    Case(
        "G", "goods", "negotiation", 1_800_000, "竞争性谈判公告", 6, "3 个工作日", "g30_2", lowest=True, rounds=2,
        read="none",
    ),
    Case("G", "services", "consultation", 1_900_000, "竞争性磋商公告", 11, "少于 10 日", "c3_1", rounds=2, read="none"),
    Case("G", "goods", "inquiry", 900_000, "询价公告", 6, "3 个工作日", "g32", "list", lowest=True, read="none"),
    Case("G", "services", "simple", 900_000, "采购公告", 6, "", lowest=True),
)  # fmt: skip


def save(browser: Browser, path: str, form: dict[str, Any]) -> None:
    """Post a form that must be accepted."""
    answer = browser.post(path, data=form)
    assert answer.status_code == 303, answer.get_data(as_text=True)[-4000:]


def declared(browser: Browser, code: str) -> dict[str, str]:
    """A reason for everything that was found in the draft."""
    answer = browser.get(f"/tender/sections/{code}/submit", headers={"Accept": "application/json"})
    return {f"reason-{one['key']}": "经办人已核对，确需如此" for one in answer.json["concerns"]}


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_tender_of_each_procedure_is_entered_checked_and_published(
    platform: Platform, login: Login, case: Case
) -> None:
    """Every step of the wizard, a deadline the law refuses with its article, then the notice with frozen rules.

    Seen red: with the tender's periods for every procedure, and with the rules frozen without their procedure.
    """
    tenderee = login(Role.TENDEREE)
    form = {"name": "设备和工程采购", "regime": case.regime, "category": case.category, "funding": "财政资金"}
    form |= {"description": "项目概况", "region": "330100"} | ({"is_mandatory": "yes"} if case.is_mandatory else {})
    save(tenderee, "/tender/new", form)
    save(tenderee, "/tender/projects/ZB2026-00001/sections/new", {"name": "一包"})
    code = "ZB2026-00001-01"
    edit = f"/tender/sections/{code}/edit"
    section = {
        "name": "一包",
        "scope": "供货",
        "scale": "一批",
        "address": "滨江路 1 号",
        "contact": "周敏",
    }
    section |= {"objection_contact": "本平台异议栏目", "duration_days": "60"}
    save(tenderee, f"{edit}/section", section | {"estimate_fen": str(case.yuan), "control_price_fen": str(case.yuan)})
    now = platform.clock.now().astimezone(BEIJING)

    def periods(days: int) -> dict[str, str]:
        deadline = (now + timedelta(days=days)).replace(hour=9, minute=30)
        second = deadline + timedelta(days=3)
        return {
            "procedure": case.procedure,
            "ground": case.ground,
            "invitation": case.invitation,
            "documents_until_at": (now + timedelta(days=min(days, 7))).strftime("%Y-%m-%dT%H:00"),
            "deadline_at": deadline.strftime("%Y-%m-%dT%H:%M"),
            "second_opening_at": second.strftime("%Y-%m-%dT%H:%M") if case.double else "",
            "validity_days": "90",
            "decrypt_minutes": "30",
            "obtaining": "公告之日起在本平台免费下载",
            "submission": "通过本平台递交加密文件",
            "media": case.media,
        }

    save(tenderee, f"{edit}/procedure", periods(1))
    credit = "截止当日查询信用中国和中国政府采购网，截图留存，列入名单的拒绝其参加"
    save(
        tenderee,
        f"{edit}/qualification",
        {"qualification": "具有独立承担民事责任的能力", "consortium": "no", "credit_rule": credit},
    )
    envelopes = {"layout": "double" if case.double else "single", "with_technical": "yes", "with_price": "yes"}
    save(tenderee, f"{edit}/envelopes", envelopes)
    review = "★ 响应文件签章齐全\n报价不超过最高限价"
    if case.lowest:
        save(tenderee, f"{edit}/method", {"evaluation": "lowest", "review": review})
    else:
        price = "30" if case.category == "services" else "40"
        method: dict[str, Any] = {"formula": case.formula, "price_points": price, "review": review, "trim_from": "5"}
        method |= {"k_low": "0.95", "k_high": "0.98", "k_step": "0.01", "above": "1", "below": "0.5"}
        method |= {"criterion_name": ["方案", "售后"], "criterion_group": ["technical", "technical"]}
        method |= {"criterion_points": [str(90 - int(price)), "10"], "criterion_text": ["按文件评分", "按文件评分"]}
        save(tenderee, f"{edit}/method", method)
    save(tenderee, f"{edit}/bond", {"bond_fen": str(case.yuan // 100)})
    slots = ("tender", "boq", *(["approval"] if case.needs_approval else []))
    for slot in slots:
        data = {"slot": slot, "file": (io.BytesIO(f"%PDF {slot}".encode()), f"{slot}.pdf")}
        save(tenderee, f"/tender/sections/{code}/documents", data)
    if case.invitation != "public":
        lines = "\n".join(f"{factories.uscc(8000 + number)} 第{number}号公司" for number in range(6))
        save(tenderee, f"/tender/sections/{code}/invitees", {"invitees": lines})
    if case.invitation == "draw":
        draw = {"go": "draw", "count": "3", "words": "今天上午随意写下的字"}
        save(tenderee, f"/tender/sections/{code}/invitees", draw)
    for role in (Role.TENDEREE, Role.OFFICER, Role.SUPERVISOR):
        save(login(role), f"/sections/{code}/trustees", {"recipient": recipient_of(new_identity())})

    refused = tenderee.post(f"/tender/sections/{code}/submit", data=declared(tenderee, code))
    if case.least:
        assert refused.status_code == 422
        assert case.least in refused.text
        save(tenderee, f"{edit}/procedure", periods(case.days))
        preview = tenderee.get(f"/tender/sections/{code}/preview").text
        assert "阻止发布 0" in preview, preview[preview.find("法定检查") :][:3000]
        save(tenderee, f"/tender/sections/{code}/submit", declared(tenderee, code))
    else:
        # What is below the thresholds has local rules that only warn.
        assert refused.status_code == 303
    colleague = login(Role.TENDEREE, person="a2")
    digest = re.search(r'name="digest" value="([0-9a-f]{64})"', colleague.get(f"/tender/sections/{code}/publish").text)
    assert digest is not None
    save(colleague, f"/tender/sections/{code}/publish", {"confirmation": code, "digest": digest[1]})

    with platform.reading() as session:
        found = queries.section(session, code)
        law = queries.law_of(found)
        (notice,) = notices(session, subject=found.subject)
        assert notice.title.endswith(f"（一包）{case.title}")
        assert (notice.content["procedure"], notice.content["ground"]) == (case.procedure, case.ground or None)
        assert law.given["procedure"] == [case.procedure]
        assert (law.days("rounds"), law.text("prices_read")) == (case.rounds, case.read)
        assert law.days("min_bidders_open") == 3
        opened = [one["opens"] for one in found.envelopes]
        assert opened == (["first"] * 2 + ["second"] * 2 if case.double else ["first"] * 4)
        written = str(notice.content)
    assert "号公司" not in written
    page = login(Role.BIDDER).get(f"/sections/{code}")
    assert page.status_code == 200 and "号公司" not in page.text
