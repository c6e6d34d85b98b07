"""A tenderee publishes its bill as data: imported on a page, named in the notice by hash, the same for everybody."""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Callable
from typing import Any

import pytest

from accounts.rules import Role
from bidding import queries, rules, services
from bidding.rules.boq import blank_workbook, read_bill, read_stated, tender_bill, write_workbook, write_xml
from core.act import Platform
from core.board import notices
from core.errors import Invalid
from tests.bidding import two_persons
from tests.bidding.boq.bills import filled, tender, workbook
from tests.bidding.stage import Stage, refused
from tests.conftest import Browser

Login = Callable[..., Browser]


@pytest.fixture
def draft(platform: Platform) -> Stage:
    """A draft that meets the law."""
    stage = Stage(platform)
    stage.draft()
    return stage


def upload(browser: Browser, stage: Stage, data: bytes, name: str = "清单.xlsx") -> Any:
    return browser.post(
        f"/tender/sections/{stage.code}/boq",
        data={"file": (io.BytesIO(data), name)},
        content_type="multipart/form-data",
    )


def publish(stage: Stage) -> Any:
    return two_persons.publish(stage.platform, stage.code).content


@pytest.mark.parametrize(("write", "name"), [(write_workbook, "清单.xlsx"), (write_xml, "清单.xml")])
def test_a_bill_is_imported_shown_and_published_by_its_hash(
    draft: Stage, login: Login, client: Browser, write: Callable[..., bytes], name: str
) -> None:
    """The page, the notice, its attachments, the requirements and the public files agree on one hash."""
    browser = login(Role.TENDEREE)
    assert upload(browser, draft, write(tender(section="OTHER-1")), name).status_code == 303
    page = browser.get(f"/tender/sections/{draft.code}/boq").get_data(as_text=True)
    assert "现在的清单" in page and "增值税" in page
    content = publish(draft)
    answer = client.get(f"/sections/{draft.code}/preparation.json").json
    assert answer is not None
    named = answer["boq"]
    assert content["boq_sha256"] == named["sha256"]
    data = client.get(f"/objects/{named['sha256']}").data
    bill = read_bill(data)
    assert hashlib.sha256(data).hexdigest() == bill.sha256 == named["sha256"]
    assert (bill.section, bill.title, bill.lines) == (draft.code, "清单", tender().lines)
    template = client.get(f"/objects/{named['template_sha256']}").data
    again, findings = tender_bill(read_stated(template), section=draft.code)
    assert findings == [] and again == bill
    assert client.get(f"/sections/{draft.code}/boq.xml").data == write_xml(bill)
    with draft.platform.reading() as session:
        (notice,) = notices(session, subject=draft.section().subject)
    assert {"boq.json", "工程量清单模板.xlsx"} <= {item["name"] for item in notice.attachments}


def test_own_prices_of_the_tenderee_are_not_published(draft: Stage, login: Login, client: Browser) -> None:
    """Uploaded with unit prices, published without. Seen red: with the price kept in the line."""
    upload(login(Role.TENDEREE), draft, write_workbook(filled(tender())))
    publish(draft)
    with draft.platform.reading() as session:
        held = [item.sha256 for item in queries.documents(session, draft.section())]
    stored = b"".join(draft.platform.store.read(sha256) for sha256 in held)
    assert b"20.64" not in stored and b"2064" not in stored
    for sha256 in held:
        stated = read_stated(draft.platform.store.read(sha256))
        assert all(line.price is None for line in stated.lines if line.pricing == "unit")


def test_every_error_of_an_upload_is_listed_by_row(draft: Stage, login: Login) -> None:
    def change(sheet: Any) -> None:
        sheet["B5"] = "123"
        sheet["F4"] = 0

    browser = login(Role.TENDEREE)
    answer = upload(browser, draft, workbook(change, tender()))
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert "第 5 行" in page and "12 位" in page and "第 4 行" in page and "工程量应大于 0" in page
    assert "清单有 2 处错误" in page
    with draft.platform.reading() as session:
        assert queries.bill_document(session, draft.section()) is None
    assert upload(browser, draft, b"").status_code == 422


def test_an_upload_that_swells_does_not_reach_the_site(draft: Stage, login: Login) -> None:
    """Read in a process apart. Seen red: with a reader that raises."""
    from tests.bidding.boq.test_hostile import ZOO

    answer = upload(login(Role.TENDEREE), draft, ZOO["a million rows"][0]())
    assert answer.status_code == 422
    assert "解压后过大" in answer.get_data(as_text=True)


def test_only_its_own_people_see_a_draft_bill(draft: Stage, login: Login, client: Browser) -> None:
    upload(login(Role.TENDEREE), draft, write_workbook(tender()))
    for path in ("boq", "boq-template.xlsx"):
        address = f"/tender/sections/{draft.code}/{path}"
        assert login(Role.TENDEREE).get(address).status_code == 200
        assert login(Role.TENDEREE, person="b").get(address).status_code == 404
        assert login(Role.BIDDER).get(address).status_code == 403
    for path in ("boq.xml", "preparation.json"):
        assert client.get(f"/sections/{draft.code}/{path}").status_code == 404


def test_after_publication_only_a_clarification_changes_the_bill(draft: Stage, login: Login, client: Browser) -> None:
    """The next version has its own hash, the old one stays."""
    browser = login(Role.TENDEREE)
    upload(browser, draft, write_workbook(tender()))
    publish(draft)
    first = client.get(f"/sections/{draft.code}/preparation.json").json
    assert first is not None
    assert browser.get(f"/tender/sections/{draft.code}/boq").status_code == 409
    assert upload(browser, draft, write_workbook(tender())).status_code == 409
    answer = browser.post(
        f"/tender/sections/{draft.code}/clarifications",
        data={"text": "清单第 1 项数量更正", "affects": "yes", "slot": "bill",
              "file": (io.BytesIO(workbook(lambda sheet: sheet.__setitem__("F4", 1300), tender())), "更正清单.xlsx")},
        content_type="multipart/form-data",
    )  # fmt: skip
    assert answer.status_code == 303
    two_persons.pass_on(draft.platform, draft.code, 2)
    second = client.get(f"/sections/{draft.code}/preparation.json").json
    assert second is not None and second["boq"]["sha256"] != first["boq"]["sha256"]
    bill = read_bill(client.get(f"/objects/{second['boq']['sha256']}").data)
    assert str(bill.lines[0].quantity) == "1300"
    assert client.get(f"/objects/{first['boq']['sha256']}").status_code == 200


def test_a_bill_needs_a_place_for_the_answer(draft: Stage) -> None:
    """A section that asks for no priced bill cannot publish one. Seen red: without check_boq_slot."""
    with draft.act(Role.TENDEREE) as act:
        section = queries.own_section(act.session, draft.code, act.actor)
        services.set_bill(act, section, tender(draft.code))
        slots = [slot | {"slot": "sheet"} if slot["slot"] == "boq" else slot for slot in rules.DEFAULT_SLOTS]
        services.update_section(act, section, slots=slots)
        with refused(Invalid, "slots.boq"):
            services.set_bill(act, section, tender(draft.code))
    with refused(Invalid, "slots.boq"):
        publish(draft)


def test_requirements_say_what_the_section_asks(stage: Stage, client: Browser) -> None:
    answer = client.get(f"/sections/{stage.code}/preparation.json").json
    assert answer is not None
    assert answer["type"] == "sunbid-preparation/v1" and answer["boq"] is None
    assert (answer["control_price_fen"], answer["duration_days"]) == (3_980_000_00 * 10, 360)
    assert [item["code"] for item in answer["criteria"]] == ["T1", "T2", "Q1"]
    assert [task["task"] for task in answer["tasks"]] == [
        "consortium", "qualification", "technical", "price", "bond", "authorisation",
    ]  # fmt: skip
    assert client.get("/sections/NONE-1/preparation.json").status_code == 404
    assert client.get(f"/sections/{stage.code}/boq.xml").status_code == 404
    chinese = client.get("/preparation/sentences.json?lang=zh").json
    english = client.get("/preparation/sentences.json?lang=en").json
    assert chinese is not None and english is not None
    assert re.search("[一-鿿]", chinese["boq.amount"]) and not re.search("[一-鿿]", english["boq.amount"])


def test_the_blank_layout_is_itself_a_bill(login: Login) -> None:
    answer = login(Role.AGENT).get("/tender/boq-blank.xlsx")
    assert answer.headers["Content-Disposition"].isascii(), "a Chinese name of a file travels as filename*"
    assert answer.data == blank_workbook()
    bill, findings = tender_bill(read_stated(answer.data), section="X-1")
    assert findings == [] and bill is not None
    assert {line.pricing for line in bill.lines} == {"unit", "fixed", "rate", "fixed_rate"}
