"""Help: every role, every page of its navigation, every link leads somewhere the role may go, both languages."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from flask import Flask

from accounts.access import access_of
from accounts.rules import Role
from portal.queries import NAVIGATION
from portal.words.guide import STAGES, TASKS, TROUBLES
from tests.conftest import Browser


def test_every_role_is_helped_to_every_page_of_its_navigation(app: Flask) -> None:
    """A new page is not forgotten, and no link leads to a closed door. Seen red: with one task taken out."""
    wrong = []
    for role, tasks in TASKS.items():
        pages = {task.page for task in tasks}
        for task in tasks:
            access = access_of(app.view_functions[task.page])
            assert access is not None and task.stage in STAGES
            if access.kind == "roles" and role not in access.roles:
                wrong.append((role, task.page))
        for endpoint, _, roles in NAVIGATION:
            if roles is not None and role in roles and len(roles) < len(Role) and endpoint not in pages:
                wrong.append((role, endpoint))
    assert wrong == []
    assert {str(role) for role in Role} - {"agent"} <= set(TASKS)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_page_speaks_and_each_trouble_has_its_anchor(client: Browser, language: str) -> None:
    """Seen red: with a sentence missing from the translation."""
    for role in ("bidder", "public"):
        page = client.get(f"/help?role={role}&lang={language}").text
        main = page[page.index("<main") : page.index("</main>")]
        assert all(f'id="{one.anchor}"' in main for one in TROUBLES)
        assert main.count("<svg") >= 2 and "/glossary#" in main
        if language == "en":
            words = re.sub(
                r'<[^>]*>|href="[^"]*"', " ", re.sub(r"<svg.*?</svg>|<details.*?</details>", "", main, flags=re.S)
            )
            assert not re.search("[\u4e00-\u9fff]", words), re.findall("[\u4e00-\u9fff]+", words)
    glossary = client.get("/glossary").text
    assert 'id="投标保证金"' in glossary
    assert "使用帮助" in client.get("/help?role=nobody&lang=zh").text


def test_no_link_leads_a_reader_to_a_closed_door(login: Callable[..., Browser]) -> None:
    """Whoever reads another role's help sees its words, and links only where they may go. Seen red: with every link."""
    browser = login(Role.TENDEREE)
    for role in ("bidder", "tenderee"):
        page = browser.get(f"/help?role={role}&lang=zh").text
        main = page[page.index("<main") : page.index("</main>")]
        for address in set(re.findall(r'href="(/[^"#?]*)"', main)):
            assert browser.get(address).status_code != 403, (role, address)
